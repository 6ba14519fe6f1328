import { resolve } from 'node:path'
import { spawnSync } from 'node:child_process'
import type { Event } from '../../run/event.ts'
import type { DrillOutcome } from '../../run/drillEvent.ts'
import { drillFigures, verdicts } from '../../run/drillFigures.ts'
import { drillState } from '../../run/drillState.ts'
import { openJournal, type Past } from '../../run/journal.ts'
import { drillLines } from '../../views/drillLines.ts'
import { asksPeople, insistOnAnswers, readAnswers } from '../drill/answers.ts'
import { rehearseDrill } from '../drill/carry.ts'
import { discardDrill, type DrillFolder, keepPlan, keptDrill, keptPlan, newDrill } from '../drill/folder.ts'
import { liveDrill } from '../drill/live.ts'
import { type GoodDrill, loadGoodDrill } from '../drill/load.ts'
import { tabletopDrill } from '../drill/tabletop.ts'
import { writeReports } from '../drill/reports.ts'
import { exits, Quit } from '../exit.ts'
import type { Io } from '../io.ts'
import { onInterrupt } from '../signals.ts'

export interface DrillRunArgs {
  readonly file: string
  readonly mode?: string
  readonly answers?: string
  readonly yes: boolean
  readonly drillsDir: string
  readonly lockTimeout?: string
}

/** Carries a drill out, and writes its report. */
export async function drillRun(args: DrillRunArgs, io: Io): Promise<number> {
  const of = await loadGoodDrill(args.file, io, args.mode)
  const { drill, good } = of
  const answers = readAnswers(args.answers, io)
  const real = drill.mode === 'live' || drill.mode === 'isolated'
  insistOnAnswers(drill, answers, io, real && drill.require.includes('on-call-acked') ? ['on-call'] : [])
  if (real && !args.yes) await consent(of, io)
  const commit = commitOf(good.folder)
  const at = newDrill(
    resolve(io.cwd, args.drillsDir),
    {
      drill,
      identity: of.identity,
      file: of.path,
      playbook: good.path,
      hosts: good.topology.hosts,
      ...(commit !== undefined && { commit }),
    },
    io.clock.now(),
  )
  return carry(of, at, undefined, args, io)
}

export interface DrillResumeArgs {
  readonly drill?: string
  readonly answers?: string
  readonly drillsDir: string
  readonly lockTimeout?: string
}

/** Goes on with a drill that was stopped or killed, from its journal. */
export async function drillResume(args: DrillResumeArgs, io: Io): Promise<number> {
  const { at, record, past } = keptDrill(resolve(io.cwd, args.drillsDir), args.drill)
  const state = drillState(past.events)
  if (state.ended === 'done') {
    io.out(`${at.id} is done already\n`)
    return exits.ok
  }
  if (record.drill.mode === 'rehearse' || record.drill.mode === 'tabletop')
    throw new Quit(
      'usage',
      `${at.id} was a ${record.drill.mode}: nothing of it is left to go on with`,
      `runbook drill run ${record.file} begins anew`,
    )
  const of = await loadGoodDrill(record.file, io, record.drill.mode)
  if (of.identity.file !== record.identity.file)
    throw new Quit(
      'stale',
      `${record.file} was changed since the drill began`,
      'put it back, or runbook drill stop, and begin anew',
    )
  insistOnAnswers(
    { ...of.drill, phases: of.drill.phases.filter(phase => !state.done.has(phase.id)) },
    readAnswers(args.answers, io),
    io,
  )
  if (past.note !== undefined) io.err(`${at.journal}: ${past.note}\n`)
  return carry(of, at, past, args, io)
}

async function carry(
  of: GoodDrill,
  at: DrillFolder,
  before: Past | undefined,
  args: { readonly answers?: string; readonly lockTimeout?: string; readonly drillsDir: string },
  io: Io,
): Promise<number> {
  const { drill } = of
  const journal = openJournal(at.journal, before)
  const past = before?.events ?? []
  const events: Event[] = [...past]
  const show = drillLines(io.err)
  const interrupt = onInterrupt(
    () =>
      io.err(
        'stops when what runs now has ended; the faults stay on until `runbook drill stop` or their timers\n',
      ),
    signal => {
      journal.close()
      process.exit(signal === 'SIGTERM' ? exits.terminated : exits.interrupted)
    },
  )
  const job = {
    of,
    id: at.id,
    answers: readAnswers(args.answers, io),
    past,
    emit: (event: Event): void => {
      journal.append(event)
      events.push(event)
      show(event)
    },
    signal: interrupt.signal,
    io,
    kept: (phase: string) => keptPlan(at, phase),
    keep: (phase: string, made: { readonly plan: Parameters<typeof keepPlan>[2] }) => {
      keepPlan(at, phase, made.plan)
    },
    ...(args.lockTimeout !== undefined && { lockTimeout: args.lockTimeout }),
  }
  let outcome: DrillOutcome
  try {
    outcome =
      drill.mode === 'rehearse'
        ? await rehearseDrill(job)
        : drill.mode === 'tabletop'
          ? await tabletopDrill(job)
          : await liveDrill(job, io)
  } finally {
    interrupt.release()
    journal.close()
    if (events.length === 0) discardDrill(at)
  }
  const written = writeReports(at, io)
  const missed = verdicts(drillFigures(events, drill), drill).filter(one => one.met === false)
  io.out(written.summary)
  if (outcome === 'stopped') io.err(`next: runbook drill resume ${at.id}, or runbook drill stop ${of.file}\n`)
  else io.err(`report: ${written.files.join(' ')}\n`)
  return exitOf(outcome, missed.length, events, interrupt.stoppedBy())
}

function exitOf(
  outcome: DrillOutcome,
  missed: number,
  events: readonly Event[],
  stoppedBy: NodeJS.Signals | undefined,
): number {
  if (outcome === 'done') return missed === 0 ? exits.ok : exits.unsteady
  if (outcome === 'aborted') return exits.unsteady
  if (events.some(event => event.kind === 'guard' && event.ok === false)) return exits.refused
  if (outcome === 'failed') return exits.failed
  if (stoppedBy === undefined) return exits.unanswered
  return stoppedBy === 'SIGTERM' ? exits.terminated : exits.interrupted
}

/** @throws Quit unless somebody types the name of the cluster that is to be broken */
async function consent({ drill, good }: GoodDrill, io: Io): Promise<void> {
  const faults = drill.phases.flatMap(phase => (phase.kind === 'fault' ? phase.faults : []))
  const words = faults.map(one => `  ${one.do} on ${one.hosts.join(', ')}`).join('\n')
  const people = drill.phases.filter(phase => asksPeople(phase, drill.mode)).length
  if (!io.interactive)
    throw new Quit('usage', 'nobody is there to say yes', `runbook drill run with --yes, or --mode rehearse`)
  io.err(`${drill.title}, on ${good.topology.name}, for real:\n${words}\n${people} questions will be asked\n`)
  const given = (await io.question(`Type ${good.topology.name} to begin: `)).trim()
  if (given !== good.topology.name) throw new Quit('unanswered', 'not agreed to; nothing was done')
}

function commitOf(folder: string): string | undefined {
  const shown = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: folder, encoding: 'utf8' })
  return shown.status === 0 ? shown.stdout.trim() : undefined
}
