import type { Fact } from '../../plan/fact.ts'
import type { Check, HostName, Json } from '../../plan/step.ts'
import { fieldsOf, isObject, parseJson, textArg } from '../os/text.ts'
import { PART, SET, SETS } from './scripts.ts'

/** Where hosts remember which sets there are. Managers do, so that any of them can say how old the newest is. */
export const LEDGER = '/var/lib/runbook/backups'

/** One archive of a set on the host that made it, args {folder, file}: null, or `{kept, staged}`. */
export const part: Fact = {
  name: 'backup.part',
  about:
    'An archive of a set on the host that makes it, args {folder, file}: null, or {kept: it is in the store, staged: it lies here}.',
  scope: 'host',
  probe: args => ({
    argv: ['sh', '-c', PART, 'runbook-backup-part', textArg(args, 'folder'), textArg(args, 'file')],
  }),
  parse(exit) {
    const seen = fieldsOf(exit.stdout)
    if (exit.code !== 0 || seen.get('end') !== '1') return undefined
    const [kept, staged] = [seen.has('kept'), seen.has('staged')]
    return kept || staged ? { kept, staged } : null
  },
}

/** One set as a manager remembers it, args {set}: null, or `{complete, verified, parts}`. */
export const set: Fact = {
  name: 'backup.set',
  about: 'A set of backups as this host remembers it, args {set}: null, or {set, complete, verified, parts}.',
  scope: 'host',
  probe: args => ({ argv: ['sh', '-c', SET, 'runbook-backup-set', LEDGER, textArg(args, 'set')] }),
  parse(exit) {
    const lines = exit.stdout.split('\n').filter(line => line !== '')
    if (exit.code !== 0 || lines.pop() !== 'end=1') return undefined
    const [text] = lines
    if (text === undefined) return null
    const seen = parseJson(text)
    return isObject(seen) ? seen : undefined
  },
}

/**
 * All sets that a manager remembers, newest first: `[{set, complete, verified, parts, ageSeconds}]`. Ages are by the host's own clock,
 * so no two clocks are compared. They change by themselves: for findings only.
 */
export const sets: Fact = {
  name: 'backup.sets',
  about:
    'All sets of backups that this host remembers, newest first: [{set, complete, verified, parts, ageSeconds}]. Changes by itself: for findings only.',
  scope: 'host',
  volatile: true,
  probe: () => ({ argv: ['sh', '-c', SETS, 'runbook-backup-sets', LEDGER] }),
  parse(exit) {
    const lines = exit.stdout.split('\n').filter(line => line !== '')
    const now = Number(/^now=(\d+)$/.exec(lines[0] ?? '')?.[1] ?? Number.NaN)
    if (exit.code !== 0 || lines.at(-1) !== 'end=1' || Number.isNaN(now)) return undefined
    const found: { readonly [key: string]: Json }[] = []
    for (const line of lines.slice(1, -1)) {
      const [, at = '', text = ''] = /^set=(\d+) (.*)$/.exec(line) ?? []
      const seen = parseJson(text)
      // A line that cannot be read is no set; that there is one more does not make the others unknown.
      if (isObject(seen)) found.push({ ...seen, ageSeconds: now - Number(at) })
    }
    return found.sort((a, b) => Number(a['ageSeconds']) - Number(b['ageSeconds']))
  },
}

export const facts: readonly Fact[] = [part, set, sets]

/** The archive was made and is in the store. */
export function isKept(host: HostName, folder: string, file: string): Check {
  return { fact: part.name, host, args: { folder, file }, is: { kept: true, staged: false } }
}
