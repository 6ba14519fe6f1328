import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Unreachable } from '../../hosts/session.ts'
import type { Event } from '../../run/event.ts'
import { readJournal } from '../../run/journal.ts'
import { clean } from '../../views/clean.ts'
import { exits } from '../exit.ts'
import { reach } from '../fetch.ts'
import type { Io } from '../io.ts'
import { runIds } from '../runs.ts'

interface HistoryArgs {
  readonly file?: string
  readonly runsDir: string
  readonly json: boolean
}

/** What was done: by the journals of this folder, or by what the hosts of a playbook remember, from any machine. */
export async function history(args: HistoryArgs, io: Io): Promise<number> {
  return args.file === undefined
    ? local(resolve(io.cwd, args.runsDir), args.json, io)
    : remote(args.file, args.json, io)
}

function local(runsDir: string, json: boolean, io: Io): number {
  for (const id of runIds(runsDir)) {
    const path = join(runsDir, id, 'journal.jsonl')
    const line = existsSync(path) ? runLine(id, path) : undefined
    if (line)
      io.out(
        json
          ? `${JSON.stringify(line)}\n`
          : `${line.id}  ${line.outcome}  ${line.changed} changed  plan ${line.plan.slice(0, 12)}${line.without === undefined ? '' : `  without ${line.without.join(', ')}`}\n`,
      )
  }
  return exits.ok
}

interface RunLine {
  readonly id: string
  readonly outcome: string
  readonly changed: number
  readonly plan: string
  readonly without?: readonly string[]
}

function runLine(id: string, path: string): RunLine {
  let events: readonly Event[]
  try {
    events = readJournal(path).events
  } catch (error) {
    return { id, outcome: `unreadable (${(error as Error).message})`, changed: 0, plan: '' }
  }
  const first = events.find(event => event.kind === 'run-started')
  const last = events.at(-1)
  return {
    id,
    outcome: last?.kind === 'run-ended' ? last.outcome : 'not ended',
    changed: events.filter(event => event.kind === 'step-done' && event.how === 'changed').length,
    plan: first?.plan ?? '',
    ...(first?.without && { without: first.without }),
  }
}

const MOST_LINES = 200

/** The audit logs of all hosts, one line for what several say alike. */
async function remote(file: string, json: boolean, io: Io): Promise<number> {
  const { good, sessions } = await reach(file, io)
  const seen = new Map<string, string[]>()
  let lost = 0
  try {
    for (const host of Object.keys(good.topology.hosts)) {
      try {
        const text = await (await sessions.to(host)).audit?.(MOST_LINES)
        for (const line of (text ?? '').split('\n').filter(one => one !== ''))
          seen.set(line, [...(seen.get(line) ?? []), host])
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        lost += 1
        io.err(`${host} could not be asked: ${clean(error.message)}\n`)
      }
    }
  } finally {
    await sessions.closeAll()
  }
  const lines = [...seen].map(([line, hosts]) => ({ said: parse(line), hosts }))
  lines.sort((a, b) => (a.said.at < b.said.at ? -1 : a.said.at > b.said.at ? 1 : 0))
  for (const { said, hosts } of lines)
    io.out(json ? `${JSON.stringify({ ...said, hosts })}\n` : shown(said, hosts))
  return lost > 0 ? exits.unreachable : exits.ok
}

type Said = { readonly at: string; readonly [name: string]: string }

/** Anybody with root on a host can write there, so nothing is taken for granted. */
function parse(line: string): Said {
  try {
    const said = JSON.parse(line) as { readonly [name: string]: unknown }
    return {
      at: '',
      ...Object.fromEntries(Object.entries(said).map(([name, value]) => [name, clean(String(value))])),
    }
  } catch {
    return { at: '', did: clean(line) }
  }
}

function shown(said: Said, hosts: readonly string[]): string {
  const { at, who = '?', from = '?', did = '?', run = '', plan = '', result, ci, reason } = said
  const what = [
    did,
    result === undefined ? '' : `(${result})`,
    run,
    plan === '' ? '' : `plan ${plan.slice(0, 12)}`,
  ]
  const more = [ci, reason].filter(one => one !== undefined)
  const words = [at, `${who}@${from}`, ...what, ...more].filter(word => word !== '').join(' ')
  return `${words} · ${hosts.length === 1 ? (hosts[0] ?? '') : `${hosts.length} hosts`}\n`
}
