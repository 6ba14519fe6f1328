import { nearest, suggestion } from './nearest.ts'
import { keyPlaceOf, nodeAt, placeOf, type Path, type Placed, type Range } from './placed.ts'
import type { Problem } from './problem.ts'
import { kindsOf, playbookSchema, type Schema, schemaAt } from './schema-at.ts'
import type { Playbook } from './schema.gen.ts'
import { kindOf, typeHelp, typeName } from './type-words.ts'
import validate, { type SchemaProblem } from './validate.gen.js'

export interface Shape {
  /** The values, when every part is of the type it should be: the rest of the checks can then go on. */
  readonly playbook?: Playbook
  readonly problems: readonly Problem[]
}

/** Keywords that leave every value of the type the code expects. */
const mild = new Set([
  'additionalProperties',
  'pattern',
  'minLength',
  'minimum',
  'maximum',
  'minItems',
  'minProperties',
  'uniqueItems',
  'propertyNames',
])
const secretPattern = '^(env:'

/** A file with more is not a playbook with mistakes but something else. */
const problemsMax = 1000

/** What is wrong with the shape of a playbook, in its own words and at its own places. */
export function checkShape(root: Placed, source: string): Shape {
  const idle = hasNothingToDo(root.value) ? [withoutEngine] : []
  if (validate(root.value) && idle.length === 0) return { playbook: root.value, problems: [] }
  const all = [...idle, ...(validate.errors ?? [])]
  const { problems, isTyped } = shapeProblems(all, root, source, playbookKind)
  return { problems, ...(isTyped && { playbook: root.value as Playbook }) }
}

/** The same for a file of another schema; `name` is what it is called, as in 'the drill'. */
export function shapeProblems(
  errors: readonly SchemaProblem[],
  root: Placed,
  source: string,
  of: FileKind,
): { readonly problems: readonly Problem[]; readonly isTyped: boolean } {
  return {
    problems: withoutEchoes(errors)
      .slice(0, problemsMax)
      .map(error => problemOf(error, root, source, of)),
    isTyped: errors.every(error => mild.has(error.keyword)),
  }
}

/** A kind of file: its schema, and the words for it. */
export interface FileKind {
  readonly schema: Schema
  readonly name: string
}
const playbookKind: FileKind = { schema: playbookSchema, name: 'playbook' }

const withoutEngine: SchemaProblem = {
  instancePath: '',
  schemaPath: '#/required',
  keyword: 'required',
  params: { missingProperty: 'docker' },
}

/** Only a playbook with steps of its own has something to do where no engine is wanted. ajv tells what UCP and DTR need. */
function hasNothingToDo(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !['docker', 'steps', 'ucp', 'dtr'].some(key => key in value)
  )
}

/** One slip, one message: what ajv says twice, and the missing key of a misspelt one, are left out. */
function withoutEchoes(errors: readonly SchemaProblem[]): readonly SchemaProblem[] {
  const unknownBy = new Map<string, string[]>()
  const tagless = new Set<string>()
  const mistyped = new Set<string>()
  for (const error of errors) {
    if (error.keyword === 'additionalProperties') {
      const keys = unknownBy.get(error.instancePath) ?? []
      keys.push(String(error.params['additionalProperty']))
      unknownBy.set(error.instancePath, keys)
    }
    if (error.keyword === 'required' && error.params['missingProperty'] === 'kind')
      tagless.add(error.instancePath)
    if (error.keyword === 'type') mistyped.add(error.instancePath)
  }
  return errors.filter(error => {
    if (error.keyword === 'propertyNames') return false
    if (error.keyword !== 'type' && mistyped.has(error.instancePath)) return false
    if (error.keyword === 'discriminator') return !tagless.has(error.instancePath)
    if (error.keyword === 'dependentRequired') {
      const others = errors.filter(one => one.keyword === 'dependentRequired')
      if (others[0] !== error) return false
    } else if (error.keyword !== 'required') return true
    const missing = String(error.params['missingProperty'])
    return !(unknownBy.get(error.instancePath) ?? []).some(key => nearest(key, [missing]) !== undefined)
  })
}

function problemOf(error: SchemaProblem, root: Placed, source: string, of: FileKind): Problem {
  const path = pathOf(error.instancePath, root)
  const schema = schemaAt(path, root.value, of.schema)
  const what = path.length === 0 ? `the ${of.name}` : `'${shownPath(path)}'`
  const value = nodeAt(root, path)?.value
  const range = placeOf(root, path)
  const written = source.slice(range.start, range.end)
  const example = schema?.examples?.[0]
  const like =
    example === undefined
      ? ''
      : `, as in ${typeof example === 'string' ? `'${example}'` : JSON.stringify(example)}`
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params['additionalProperty'])
      return {
        code: 'RB0122',
        message: `unknown key '${key}' in ${what}`,
        help: unknownKeyHelp(key, schema?.properties ?? {}, path, of.schema),
        range: keyPlaceOf(root, path, key),
      }
    }
    case 'dependentRequired':
    case 'required': {
      const key = String(error.params['missingProperty'])
      const wanted =
        schema?.properties?.[key]?.description ?? schemaAt([...path, key], root.value, of.schema)?.description
      return {
        code: 'RB0123',
        message: `${what} has no '${key}'`,
        help: `add '${key}'${wanted === undefined ? '' : `: ${firstSentence(wanted)}`}`,
        range,
      }
    }
    case 'type': {
      const wanted = String(error.params['type'])
      return {
        code: 'RB0121',
        message: `${what} should be ${typeName(wanted)}, and is ${kindOf(value)}`,
        help: typeHelp(wanted, value, written, like),
        range: wholeLine(range, value),
      }
    }
    case 'discriminator':
    case 'enum': {
      const isTag = error.keyword === 'discriminator'
      const choices = isTag
        ? kindsOf(schema)
        : (error.params['allowedValues'] as readonly unknown[]).map(String)
      const tagPath = isTag ? [...path, 'kind'] : path
      const seen = String(nodeAt(root, tagPath)?.value)
      return {
        code: 'RB0124',
        message: `'${shownPath(tagPath)}' cannot be '${seen}'`,
        help: suggestion(seen, choices, 'it may be'),
        range: placeOf(root, tagPath),
      }
    }
    case 'const':
      return {
        code: 'RB0130',
        message: `this is a ${of.name} of format ${String(value)}; this runbook reads format 1`,
        help: `write '${of.name === 'playbook' ? 'runbook' : of.name}: 1', or take the release of runbook that reads this format`,
        range,
      }
    case 'pattern':
      if (error.propertyName !== undefined) {
        return {
          code: 'RB0129',
          message: `'${error.propertyName}' cannot be the name of a host`,
          help: "letters, digits, '-' and '.', beginning and ending with a letter or digit, as in 'm1'",
          range: keyPlaceOf(root, path, error.propertyName),
        }
      }
      if (String(error.params['pattern']).startsWith(secretPattern)) {
        return {
          code: 'RB0131',
          message: `${what} must be a reference, not the secret itself`,
          help: `write env:NAME or file:PATH${like}; when this was the real secret, change it`,
          range,
        }
      }
      return {
        code: 'RB0125',
        message: `${what} has not the form it should have: '${written}'`,
        help: `${firstSentence(schema?.description ?? '')}${like}`.trim(),
        range,
      }
    case 'minLength':
      return {
        code: 'RB0125',
        message: `${what} is too short: ${String(error.params['limit'])} characters at least`,
        help: `${firstSentence(schema?.description ?? '')}${like}`.trim(),
        range,
      }
    case 'minimum':
    case 'maximum':
      return {
        code: 'RB0126',
        message: `${what} is ${String(value)}, which is out of range`,
        help: `it must be ${String(error.params['comparison'])} ${String(error.params['limit'])}`,
        range,
      }
    case 'uniqueItems': {
      const again = Number(error.params['i'])
      return {
        code: 'RB0127',
        message: `${what} says the same twice`,
        help: 'delete one of the two',
        range: placeOf(root, [...path, again]),
      }
    }
    case 'maxProperties':
      return {
        code: 'RB0127',
        message: `${what} says ${Object.keys(value ?? {}).join(' and ')} at once`,
        help: 'make it one of them, and the other an item of its own',
        range,
      }
    default:
      return { code: 'RB0127', message: `${what} is empty`, help: `name one at least${like}`, range }
  }
}

function unknownKeyHelp(
  key: string,
  properties: { readonly [key: string]: unknown },
  path: Path,
  whole: Schema,
): string {
  const near = nearest(key, Object.keys(properties))
  if (near !== undefined) return `did you mean '${near}'?`
  const home = Object.keys(whole.properties ?? {}).find(
    section => section !== path[0] && Object.hasOwn(schemaAt([section], {}, whole)?.properties ?? {}, key),
  )
  if (home !== undefined) return `'${key}' is a key of '${home}'`
  return suggestion(key, Object.keys(properties), 'keys here')
}

function wholeLine(range: Range, value: unknown): Range {
  return typeof value === 'object' && value !== null && range.end - range.start > 80
    ? { start: range.start, end: range.start + 1 }
    : range
}

function firstSentence(text: string): string {
  return /^.*?[.](?= |$)/.exec(text)?.[0].slice(0, -1) ?? text
}

/** ajv's JSON pointer as a path; whether a step is an index is told by the data. */
function pathOf(pointer: string, root: Placed): Path {
  let node: Placed | undefined = root
  return pointer
    .split('/')
    .slice(1)
    .map(step => {
      const word = step.replaceAll('~1', '/').replaceAll('~0', '~')
      const isIndex = node?.items !== undefined
      node = isIndex ? node?.items?.[Number(word)] : node?.members?.get(word)?.node
      return isIndex ? Number(word) : word
    })
}

/** 'dtr.replicas[1].host' */
export function shownPath(path: Path): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${step}`))
    .join('')
}
