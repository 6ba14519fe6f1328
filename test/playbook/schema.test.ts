import { build } from 'esbuild'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { generate } from '../../scripts/schemas.ts'
import { deref, playbookSchema, type SchemaNode } from '../../src/playbook/schema-at.ts'
import validate from '../../src/playbook/validate.gen.js'

/** Every schema below a node with the way to it, variants and items included. */
function* within(node: SchemaNode, way = ''): Generator<readonly [string, SchemaNode]> {
  yield [way, node]
  for (const [key, child] of Object.entries(node.properties ?? {})) yield* within(child, `${way}/${key}`)
  if (typeof node.additionalProperties === 'object') yield* within(node.additionalProperties, `${way}/*`)
  if (node.items !== undefined) yield* within(node.items, `${way}/[]`)
  for (const [name, child] of Object.entries(node.$defs ?? {})) yield* within(child, `#${name}`)
}
const all = [...within(playbookSchema)]

describe('the schema of playbooks', () => {
  it('is what types and validator were made from: run `npm run types` when this fails', async () => {
    for (const [path, text] of Object.entries(await generate())) {
      expect(
        readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8') === text,
        `${path} is stale`,
      ).toBe(true)
    }
  })

  it('says of every property what it is, with an example that it accepts', () => {
    expect(all.length).toBeGreaterThan(100)
    for (const [way, node] of all) {
      const { description, examples } = deref(node) ?? {}
      expect(description, way).toMatch(/\S.*[.)]$/s)
      expect(examples?.length, way).toBeGreaterThan(0)
    }
  })

  it('keeps the house style that the type generator and the editors understand', () => {
    const text = JSON.stringify(playbookSchema)
    for (const word of ['unevaluatedProperties', 'allOf', 'anyOf', 'prefixItems'])
      expect(text).not.toContain(`"${word}"`)
    for (const [name, node] of Object.entries(playbookSchema.$defs)) {
      expect(node.title, name).toMatch(/^[A-Z]\w+$/)
      expect(node.oneOf !== undefined || node.additionalProperties === false, name).toBe(true)
    }
    expect(new Set(Object.values(playbookSchema.$defs).map(({ title }) => title)).size).toBe(
      Object.keys(playbookSchema.$defs).length,
    )
  })

  it('has examples that are valid where they stand', () => {
    const skeleton = { runbook: 1, name: 'a', hosts: { m1: { address: 'a' } }, docker: { version: '19.03' } }
    for (const [section, node] of Object.entries(playbookSchema.properties ?? {})) {
      for (const example of deref(node)?.examples ?? []) {
        expect(
          validate({ ...skeleton, [section]: example }),
          `${section}: ${JSON.stringify(validate.errors)}`,
        ).toBe(true)
      }
    }
    for (const name of Object.keys(playbookSchema.$defs).filter(one => one.endsWith('Storage'))) {
      const [example] = playbookSchema.$defs[name]?.examples ?? []
      expect(validate({ ...skeleton, storage: example }), `${name}: ${JSON.stringify(validate.errors)}`).toBe(
        true,
      )
    }
    for (const [way, node] of all) {
      for (const example of node.pattern === undefined ? [] : (node.examples ?? [])) {
        expect(String(example), way).toMatch(new RegExp(node.pattern ?? ''))
      }
      for (const example of node.enum === undefined ? [] : (node.examples ?? []))
        expect(node.enum, way).toContain(example)
    }
  })

  it('has one form for all secrets', () => {
    const patterns = all
      .filter(([, { pattern }]) => pattern?.includes('env:'))
      .map(([, { pattern }]) => pattern)
    expect(patterns.length).toBeGreaterThan(8)
    expect(new Set(patterns).size).toBe(1)
  })
})

describe('the validator', () => {
  it('imports nothing, so that `validate` starts fast', async () => {
    const entry = fileURLToPath(new URL('../../src/playbook/validate.gen.js', import.meta.url))
    const { metafile } = await build({ entryPoints: [entry], bundle: true, write: false, metafile: true })
    expect(Object.keys(metafile.inputs)).toHaveLength(1)
    expect(readFileSync(entry, 'utf8')).not.toMatch(/^\s*import\b/m)
  })
})
