import type { ASTNode, Environment } from '@marcbachmann/cel-js'
import type { Plain } from '../../playbook/steps.ts'
import { Mistake, Undecided } from './mistake.ts'
import { BadPattern, occurs } from './regex.ts'
import { hostTypes, machineTypes, type Scope } from './scope.ts'
import { stepTools } from './tools.ts'

/** What `secret("env:NAME")` gives: a reference, which no operator takes and no text can be made of. */
export class SecretMark {
  readonly reference: string
  constructor(reference: string) {
    this.reference = reference
  }
}

/** What an expression may give. */
export type Result = Plain | SecretMark

/** The expressions of one playbook, which its `vars` make a language of its own. */
export interface Language {
  /** The CEL type of the expression's value. @throws Mistake when it is no expression or does not fit together */
  typeOf(source: string): string
  /** @throws Mistake, or Undecided when it asks what the machine is and that is not known */
  evaluate(source: string, scope: Scope): unknown
}

type Path = Mistake['path']
const LONGEST = 2_000
const secretForm = /^(env:[A-Za-z_][A-Za-z0-9_]*|(file|cmd|prompt):.+)$/
/** The name under which our own, safe `matches` is registered: CEL-JS lets nobody replace its own, which is a JavaScript RegExp. */
const SAFE_MATCHES = 'matches_in_bounded_time'

/** @param vars as in the playbook; their values are the language's types */
export function languageOf(vars: { readonly [name: string]: Plain }): Language {
  const environment = environmentOf(vars)
  const known = new Map<string, Parsed>()
  const parsed = (source: string): Parsed => {
    const before = known.get(source)
    if (before !== undefined) return before
    const now = parse(source, environment)
    known.set(source, now)
    return now
  }
  return {
    typeOf(source) {
      const { type, problem } = parsed(source)
      if (problem !== undefined) throw new Mistake('RB0904', [], problem, vocabulary(vars))
      return type
    },
    evaluate(source, scope) {
      const { run, type, problem, usesMachine } = parsed(source)
      if (problem !== undefined) throw new Mistake('RB0904', [], problem, vocabulary(vars))
      if (usesMachine && scope.machine === undefined)
        throw new Undecided(`'${shown(source)}' asks what ${scope.host.name} is`)
      try {
        return run(contextOf(scope, vars))
      } catch (error) {
        if (error instanceof Mistake) throw error
        throw new Mistake(
          'RB0905',
          [],
          `'${shown(source)}' (${type}) gives nothing on ${scope.host.name}: ${reason(error)}`,
          'what may be missing is asked with has(), as in has(host.site) && host.site == "east"',
        )
      }
    },
  }
}

interface Parsed {
  readonly type: string
  readonly usesMachine: boolean
  readonly run: (context: object) => unknown
  readonly problem?: string
}

function parse(source: string, environment: Environment): Parsed {
  const bad = (problem: string): Parsed => ({ type: '', usesMachine: false, run: () => undefined, problem })
  if (source.trim() === '') return bad('an empty expression')
  if (source.length > LONGEST) return bad(`an expression of ${source.length} characters; ${LONGEST} at most`)
  try {
    const expression = environment.parse(source)
    let usesMachine = false
    walk(expression.ast, node => {
      if (node.op === 'id' && node.args === 'machine') usesMachine = true
      if (node.op === 'rcall' && node.args[0] === 'matches') node.args[0] = SAFE_MATCHES
    })
    const { valid, type = '', error } = expression.check()
    return valid
      ? { type, usesMachine, run: expression }
      : bad(`'${shown(source)}' does not fit together: ${reason(error)}`)
  } catch (error) {
    return bad(`'${shown(source)}' is no expression: ${reason(error)}`)
  }
}

/** Every node; operands are nodes, lists of nodes, or lists of pairs. */
function walk(node: unknown, see: (node: ASTNode) => void): void {
  if (Array.isArray(node)) node.forEach(one => walk(one, see))
  else if (typeof node === 'object' && node !== null && 'op' in node && 'args' in node) {
    see(node as ASTNode)
    walk(node.args, see)
  }
}

function environmentOf(vars: { readonly [name: string]: Plain }): Environment {
  const { Environment } = stepTools().cel
  return new Environment({
    limits: { maxAstNodes: 500, maxDepth: 40, maxListElements: 200, maxMapEntries: 50 },
  })
    .registerType('Secret', { ctor: SecretMark, fields: {} })
    .registerFunction('secret(string): Secret', (reference: string) => {
      if (secretForm.test(reference)) return new SecretMark(reference)
      throw new Mistake(
        'RB0906',
        [],
        'secret() takes a reference, not the secret itself',
        'write secret("env:NAME") or secret("file:PATH"); when this was the real secret, change it',
      )
    })
    .registerFunction(`string.${SAFE_MATCHES}(string): bool`, (text: string, pattern: string) => {
      try {
        return occurs(pattern, text)
      } catch (error) {
        if (!(error instanceof BadPattern)) throw error
        throw new Mistake(
          'RB0905',
          [],
          error.message,
          'patterns are those of RE2: no look-around, no back references',
        )
      }
    })
    .registerVariable({ name: 'host', schema: { ...hostTypes } })
    .registerVariable({ name: 'machine', schema: { ...machineTypes } })
    .registerVariable({
      name: 'vars',
      schema: Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, typeOfPlain(value)])),
    })
    .registerVariable('hosts', 'list<map<string, dyn>>')
    .registerVariable('roles', 'map<string, list<string>>')
}

function typeOfPlain(value: Plain): string {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'double'
  const inside = new Set(value.map(one => typeOfPlain(one)))
  return `list<${inside.size === 1 ? [...inside].join('') : 'dyn'}>`
}

/** The scope as CEL's own types: a whole number of JavaScript would be a double there. */
function contextOf(scope: Scope, vars: { readonly [name: string]: Plain }): object {
  const { host, machine, hosts, roles } = scope
  return {
    host: { ...host, port: BigInt(host.port) },
    ...(machine !== undefined && {
      machine: Object.fromEntries(
        Object.entries(machineTypes).flatMap(([name, type]) => {
          const value = machine[name]
          return value === undefined ? [] : [[name, type === 'int' ? BigInt(Number(value)) : value]]
        }),
      ),
    }),
    vars: Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, toCel(value)])),
    hosts: hosts.map(one => ({ ...one, port: BigInt(one.port) })),
    roles,
  }
}

function toCel(value: Plain): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  return Array.isArray(value) ? value.map(toCel) : value
}

/**
 * A value of CEL as JSON would have it: whole numbers come as BigInt.
 * @throws Mistake for what is no text, number, truth value or list of such
 */
export function toResult(value: unknown, source: string, path: Path): Result {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (value instanceof SecretMark) return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (
    typeof value === 'bigint' &&
    value >= BigInt(Number.MIN_SAFE_INTEGER) &&
    value <= BigInt(Number.MAX_SAFE_INTEGER)
  )
    return Number(value)
  if (Array.isArray(value)) {
    return value.map(one => {
      const plain = toResult(one, source, path)
      if (plain instanceof SecretMark || Array.isArray(plain)) throw noPlain(source, path)
      return plain as string | number | boolean
    })
  }
  throw noPlain(source, path)
}

function noPlain(source: string, path: Path): Mistake {
  return new Mistake(
    'RB0905',
    path,
    `'${shown(source)}' gives no text, number, truth value or list of those`,
    'take a member of it, as in host.name or vars.list[0]',
  )
}

function reason(error: unknown): string {
  if (error instanceof Error && 'summary' in error) return String(error.summary)
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
}

function vocabulary(vars: { readonly [name: string]: Plain }): string {
  const names = Object.keys(vars)
  return [
    `host: ${Object.keys(hostTypes).join(', ')}`,
    `machine: ${Object.keys(machineTypes).join(', ')}`,
    ...(names.length === 0 ? [] : [`vars: ${names.slice(0, 12).join(', ')}`]),
    'hosts, roles, secret("env:NAME")',
  ].join('; ')
}

export function shown(source: string): string {
  const line = source.trim().replaceAll(/\s+/g, ' ')
  return line.length > 80 ? `${line.slice(0, 79)}…` : line
}
