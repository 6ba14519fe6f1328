import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Where the seconds of one run of ours went, from its journal and the time around it. */
export interface Phases {
  /** The program's start, the way in, looking, planning, and the lease. */
  readonly before: number
  /** From the first intent or step to the last step's end. */
  readonly steps: number
  /** Copies of the journal, giving the hosts back, the process's end. */
  readonly after: number
  /** Messages with steps that went to hosts together, and ops that were begun. */
  readonly messages: number
  readonly ops: number
}

/** @param runs the folder of this run's journals. Undefined when there is none. Times are milliseconds since 1970. */
export function phasesOf(runs: string, beganMs: number, endedMs: number): Phases | undefined {
  const file = existsSync(runs)
    ? readdirSync(runs)
        .map(name => join(runs, name, 'journal.jsonl'))
        .find(path => existsSync(path))
    : undefined
  if (file === undefined) return undefined
  const events = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { readonly at: string; readonly kind: string })
  const [first] = events
  const last = events.at(-1)
  if (first === undefined || last === undefined) return undefined
  const [fromMs, toMs] = [Date.parse(first.at), Date.parse(last.at)]
  const count = (kind: string): number => events.filter(event => event.kind === kind).length
  return {
    before: (fromMs - beganMs) / 1000,
    steps: (toMs - fromMs) / 1000,
    after: (endedMs - toMs) / 1000,
    messages: count('sent-ahead'),
    ops: count('op-started'),
  }
}
