import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'
import { build } from 'esbuild'
import { compile, type JSONSchema } from 'json-schema-to-typescript'
import { format, resolveConfig } from 'prettier'

const root = new URL('../', import.meta.url)
const headerOf = (schema: string): string =>
  `// Made from schemas/${schema}.schema.json by \`npm run types\`. Do not edit.\n`

/** Paths from the top of the checkout with the text each generated file must have. */
export async function generate(): Promise<{ readonly [path: string]: string }> {
  const text = (name: string): string => readFileSync(new URL(`schemas/${name}.schema.json`, root), 'utf8')
  const [playbook, drill] = [text('playbook'), text('drill')]
  return {
    'src/playbook/schema.gen.ts': await types('playbook', 'Playbook', JSON.parse(playbook) as JSONSchema),
    'src/playbook/validate.gen.js': await validator('playbook', JSON.parse(playbook) as object),
    'src/playbook/validate.gen.d.ts': `${headerOf('playbook')}${declarations}`,
    'src/playbook/drill.gen.ts': await types('drill', 'DrillFile', JSON.parse(drill) as JSONSchema),
    'src/playbook/validateDrill.gen.js': await validator('drill', JSON.parse(drill) as object),
    'src/playbook/validateDrill.gen.d.ts': `${headerOf('drill')}${drillDeclarations}`,
  }
}

const drillDeclarations = `import type { DrillFile } from './drill.gen.ts'
import type { SchemaProblem } from './validate.gen.js'

declare const validate: {
  (data: unknown): data is DrillFile
  errors?: readonly SchemaProblem[] | null
}
export default validate
`

const declarations = `import type { Playbook } from './schema.gen.ts'

/** One problem, as ajv words it. */
export interface SchemaProblem {
  readonly instancePath: string
  readonly schemaPath: string
  readonly keyword: string
  readonly params: { readonly [name: string]: unknown }
  readonly message?: string
  /** Set where the name of a key is wrong and not its value. */
  readonly propertyName?: string
}

declare const validate: {
  (data: unknown): data is Playbook
  errors?: readonly SchemaProblem[] | null
}
export default validate
`

async function types(of: string, name: string, schema: JSONSchema): Promise<string> {
  const style = await resolveConfig(fileURLToPath(new URL('src/', root)))
  const made = await compile(schema, name, {
    additionalProperties: false,
    unreachableDefinitions: false,
    ignoreMinAndMaxItems: true,
    bannerComment: '',
    format: false,
  })
  return await format(`${headerOf(of)}\n${made}`, { ...style, parser: 'typescript' })
}

async function validator(of: string, schema: object): Promise<string> {
  const ajv = new Ajv2020({
    allErrors: true,
    discriminator: true,
    strict: true,
    strictRequired: false,
    strictTypes: false,
    code: { source: true, esm: true, optimize: true },
  })
  const made = standalone.default(ajv, ajv.compile(schema))
  const bundled = await build({
    stdin: { contents: made, resolveDir: fileURLToPath(root), loader: 'js' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['main'],
    minifyWhitespace: true,
    minifySyntax: true,
  })
  return `${headerOf(of)}/* eslint-disable */\n${bundled.outputFiles[0]?.text ?? ''}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(await generate())) {
    writeFileSync(new URL(path, root), text)
    console.log(`${path}: ${text.length} characters`)
  }
}
