import { createTwoFilesPatch } from 'diff'
import { showValue } from '../plan/show.ts'
import type { Op, Step, Value } from '../plan/step.ts'

/** A managed file as a step leaves it, beside what is there. */
export interface FileChange {
  readonly step: string
  readonly host: string
  readonly path: string
  readonly mode: string
  readonly added: number
  readonly removed: number
  /** A unified diff, secrets masked. Empty: only the mode or nothing changes. */
  readonly diff: string
  /** Why there is no diff, or why it is not against what is there. */
  readonly note?: string
}

/** What is there, by `host:path`; null: there is no such file. A file that is not in it was not read. */
export type Present = ReadonlyMap<string, string | null>

/** Every file a step writes. References stay references, so no secret can be in a diff by way of the plan. */
export function fileChanges(step: Step, present: Present): readonly FileChange[] {
  return step.run.flatMap(op => ('write' in op ? [fileChange(step, op, present)] : []))
}

function fileChange(step: Step, op: Extract<Op, { write: string }>, present: Present): FileChange {
  const host = op.on ?? step.host
  const what = { step: step.id, host, path: op.write, mode: op.mode }
  if (isPrivate(op.mode) && hasSecret(op.content))
    return { ...what, added: 0, removed: 0, diff: '', note: 'its content is secret and not shown' }
  if (typeof op.content === 'object' && 'file' in op.content)
    return { ...what, added: 0, removed: 0, diff: '', note: `copy of ${showValue(op.content)}` }
  const before = present.get(`${host}:${op.write}`)
  const patch = createTwoFilesPatch(
    before === null || before === undefined ? '/dev/null' : `a${op.write}`,
    `b${op.write}`,
    masked(before ?? ''),
    masked(showValue(op.content)),
    '',
    '',
    { context: 3 },
  )
  const lines = patch.split('\n').slice(1).join('\n')
  const body = lines.split('\n').slice(2)
  return {
    ...what,
    added: body.filter(line => line.startsWith('+')).length,
    removed: body.filter(line => line.startsWith('-')).length,
    diff: body.some(line => line.startsWith('@@')) ? lines.trimEnd() : '',
    ...(before === undefined && { note: 'what is there was not read, so all of it is shown as new' }),
  }
}

/** Nobody but its owner may read it. */
export function isPrivate(mode: string): boolean {
  return !/[4-7]/.test(mode.slice(-2))
}

function hasSecret(value: Value): boolean {
  if (typeof value === 'string') return false
  if ('secret' in value) return true
  if ('join' in value) return value.join.some(hasSecret)
  return 'json' in value && hasSecret(value.json)
}

/** What somebody wrote into a file by hand may look like a secret; its value is hidden on both sides alike. */
function masked(text: string): string {
  return text
    .replace(
      /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^]*?-----END \1-----/g,
      '-----BEGIN $1----- (hidden) -----END $1-----',
    )
    .replace(
      /((?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|stats +auth +[^\s:]+)["']?(?:\s*[:=](?!\/\/)\s*|\s+))("[^"]*"|'[^']*'|[^\s,;#"']+)/gi,
      (whole: string, name: string, value: string) =>
        value.startsWith('secret://') ? whole : `${name}(hidden)`,
    )
    .replace(/(\/\/[^/\s:@]+:)[^/\s@]+@/g, '$1(hidden)@')
}
