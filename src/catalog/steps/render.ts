import type { Liquid } from 'liquidjs'
import type { Value } from '../../plan/step.ts'
import { type Result, SecretMark } from './expression.ts'
import { Mistake, Undecided } from './mistake.ts'
import type { Scope } from './scope.ts'
import { stepTools } from './tools.ts'

const BYTES_MAX = 4_000_000
const RENDER_MS_MAX = 2_000

/** Filters whose result depends on the clock, the machine or chance: the same plan must come out every time. */
const unsteady = [
  'date',
  'date_to_xmlschema',
  'date_to_rfc822',
  'date_to_string',
  'date_to_long_string',
  'sample',
  'shuffle',
]

/** Stands for a secret while a template is rendered. Anything but printing it is an error, not a wrong text. */
class Veiled {
  readonly #mark: string
  constructor(index: number) {
    this.#mark = `\0${index}\0`
  }
  static mark(veiled: Veiled): string {
    return veiled.#mark
  }
  toString(): never {
    throw new Error('a secret can only be printed: it is not known when the plan is made')
  }
  toJSON(): never {
    return this.toString()
  }
  valueOf(): never {
    return this.toString()
  }
  get length(): never {
    return this.toString()
  }
  // These five make it comparable in the eyes of the template language.
  equals(): never {
    return this.toString()
  }
  gt(): never {
    return this.toString()
  }
  geq(): never {
    return this.toString()
  }
  lt(): never {
    return this.toString()
  }
  leq(): never {
    return this.toString()
  }
}

let engine: Liquid | undefined

/** Strict, bounded, without files: a template reads what it is given and nothing else. */
function liquid(): Liquid {
  if (engine !== undefined) return engine
  const { Liquid } = stepTools().liquid
  const made = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    templates: {},
    memoryLimit: BYTES_MAX,
    parseLimit: BYTES_MAX,
    renderLimit: RENDER_MS_MAX,
    outputEscape: value => (value instanceof Veiled ? Veiled.mark(value) : (value as string)),
  })
  for (const name of unsteady) {
    made.registerFilter(name, () => {
      throw new Error(
        `'${name}' depends on the clock or on chance, and a plan must come out the same every time`,
      )
    })
  }
  engine = made
  return made
}

/** What a template is given besides its own variables. */
const given = ['host', 'machine', 'vars', 'hosts', 'roles'] as const

/**
 * A template filled in for one host. Secrets among the variables stay references.
 * @throws Mistake with the template's line, or Undecided when it asks what the machine is and that is not known
 */
export function render(
  template: string,
  file: string,
  variables: { readonly [name: string]: Result },
  scope: Scope,
  path: Mistake['path'],
): Value {
  if (template.includes('\0'))
    throw new Mistake('RB0908', path, `template '${file}' is no text: it holds a NUL`)
  const taken = given.find(name => Object.hasOwn(variables, name))
  if (taken !== undefined)
    throw new Mistake(
      'RB0908',
      path,
      `a variable cannot be called '${taken}', which every template has anyhow`,
    )
  const secrets: SecretMark[] = []
  const own: { readonly [name: string]: unknown } = Object.fromEntries(
    Object.entries(variables).map(([name, value]): [string, unknown] => {
      if (!(value instanceof SecretMark)) return [name, value]
      return [name, new Veiled(secrets.push(value) - 1)]
    }),
  )
  if (secrets.length > 0 && /\{%-?\s*capture\b/.test(template)) {
    const help = 'print the secret where it belongs'
    throw new Mistake('RB0908', path, `template '${file}' captures text, which could take in a secret`, help)
  }
  const { machine, ...known } = scope
  try {
    const templates = liquid().parse(template)
    if (machine === undefined && asksForMachine(template))
      throw new Undecided(`template '${file}' asks what ${scope.host.name} is`)
    return unveiled(
      liquid().renderSync(templates, {
        ...known,
        ...own,
        ...(machine !== undefined && { machine }),
      }) as string,
      secrets,
    )
  } catch (error) {
    if (error instanceof Undecided) throw error
    throw new Mistake(
      'RB0908',
      path,
      `template '${file}': ${firstLine(error)}`,
      'variables and filters must exist; a variable that may be missing is given in `variables`',
    )
  }
}

function asksForMachine(template: string): boolean {
  return /\bmachine\b/.test(template)
}

function unveiled(text: string, secrets: readonly SecretMark[]): Value {
  if (secrets.length === 0) return text
  // Every second part is an index into the secrets.
  const values = text.split('\0').map((part, i): Value => {
    if (i % 2 === 0) return part
    const secret = /^\d+$/.test(part) ? secrets[Number(part)] : undefined
    if (secret === undefined) throw new Error('a NUL cannot stand beside a secret')
    return { secret: secret.reference }
  })
  return { join: values.filter(value => value !== '') }
}

function firstLine(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
}
