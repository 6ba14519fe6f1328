import { userInfo } from 'node:os'
import { stripVTControlCharacters } from 'node:util'
import { meaningOf } from '../catalog/meanings.ts'
import { preview } from '../plan/preview.ts'
import { margins } from '../plan/quorum.ts'
import type { FactRef, Plan } from '../plan/step.ts'
import type { Facts } from '../plan/fact.ts'
import type { Event } from '../run/event.ts'
import { execute } from '../run/execute.ts'
import { fidelity } from '../run/fidelity.ts'
import type { Run } from '../run/fold.ts'
import { openJournal, type Past } from '../run/journal.ts'
import { observe } from '../run/observe.ts'
import type { Sessions, World } from '../run/world.ts'
import { unique } from '../plan/refs.ts'
import { cleanEvent } from '../views/clean.ts'
import { lastLines } from '../views/failure.ts'
import { lines } from '../views/lines.ts'
import { jsonLines } from '../views/jsonlines.ts'
import { summaryText } from '../views/summary.ts'
import type { View } from '../views/view.ts'
import type { OutputKind } from './flags.ts'
import { exitOfRun, exits } from './exit.ts'
import type { Io } from './io.ts'
import type { RunFolder } from './runs.ts'
import { onInterrupt } from './signals.ts'
import { waysOut } from './waysOut.ts'

/** A plan and all that is needed to make it true. */
export interface Conduct {
  readonly plan: Plan
  readonly at: RunFolder
  readonly past?: Past
  readonly observed: { readonly facts: Facts; readonly refs: readonly FactRef[] }
  readonly world: World
  readonly sessions: Sessions
  readonly output: OutputKind
  readonly parallel: number
  /** Each step is awaited before the next is sent to its host. */
  readonly oneByOne?: boolean
  /** What to type next: when it is done, and to go on when it is not. */
  readonly next: { readonly done: string; readonly resume: string }
  readonly io: Io
  /** What a person says about a step in doubt. */
  readonly assume?: { readonly step: string; readonly done: boolean }
  /** Absent when nothing is to be changed: then nobody's leave is needed. */
  readonly guard?: Guard
}

/** What holds the hosts for a run while it goes. */
export interface Guard {
  /** Called every so often; answers the host that somebody else has by now. */
  readonly beat: () => Promise<string | undefined>
  /** Takes the bytes of each record, for copies elsewhere. */
  readonly keep: (record: Uint8Array) => void
}

/** Well within the time after which a holder counts as gone, with room for one that is lost. */
const BEAT_MS = 20_000

const TICK_MS = 100

/** Executes, journals, shows, sums up. @returns the exit code */
export async function conduct(job: Conduct): Promise<number> {
  const { plan, at, past, world, sessions, io } = job
  const journal = openJournal(at.journal, past)
  const view = await chooseView(job)
  const startedMs = world.clock.now()
  let viewFault: string | undefined
  const shown = (act: () => void): void => {
    // A view cannot change a run, not even by being broken.
    try {
      act()
    } catch (error) {
      viewFault ??= String(error)
    }
  }
  const timer = setInterval(() => shown(() => view.tick(world.clock.now())), TICK_MS)
  const interrupt = onInterrupt(
    signal =>
      shown(() =>
        view.say(
          `${signal === 'SIGINT' ? 'Ctrl-C' : signal}: stops when what runs now has ended; once more to stop now`,
        ),
      ),
    signal => {
      journal.close()
      view.drop()
      io.err(
        `\nstopped now; what runs on the hosts runs on there\nnext: ${io.insteadOfResume ?? job.next.resume}\n`,
      )
      process.exit(signal === 'SIGTERM' ? exits.terminated : exits.interrupted)
    },
  )
  const fencedOff = new AbortController()
  const beat = setInterval(() => {
    job.guard?.beat().then(
      lost => {
        if (lost === undefined || fencedOff.signal.aborted) return
        fencedOff.abort()
        shown(() => view.say(`${lost} was taken by somebody else: nothing more is begun`))
      },
      () => undefined,
    )
  }, BEAT_MS)
  beat.unref()
  const begun: Event[] = past?.events.filter(event => event.kind === 'op-started') ?? []
  const emit = (event: Event): void => {
    const record = journal.append(event)
    if (event.kind === 'op-started') begun.push(event)
    job.guard?.keep(record)
    // Cleaned text can show a secret that escapes had cut in two, so it is masked once more.
    shown(() => view.show(world.redact.event(cleanEvent(event))))
  }
  const ask: World['ask'] = async (question, answer) => {
    view.drop()
    try {
      return await world.ask(question, answer)
    } finally {
      view.take()
    }
  }
  let run: Run
  try {
    run = await execute(
      plan,
      { ...world, ask },
      {
        runId: at.id,
        past: past?.events ?? [],
        observed: job.observed,
        width: job.parallel,
        ...(job.oneByOne && { oneByOne: true }),
        emit,
        signal: AbortSignal.any([interrupt.signal, fencedOff.signal]),
        sessions,
        ...(job.assume && { assume: { ...job.assume, by: userInfo().username } }),
      },
    )
  } catch (error) {
    clearInterval(timer)
    await view.end().catch(() => {})
    io.err(`the run was cut short; next: ${io.insteadOfResume ?? job.next.resume}\n`)
    throw error
  } finally {
    clearInterval(timer)
    clearInterval(beat)
    interrupt.release()
    journal.close()
  }
  await view.end().catch((error: unknown) => (viewFault ??= String(error)))
  if (viewFault !== undefined) io.err(`progress could not be shown: ${stripVTControlCharacters(viewFault)}\n`)
  const whole = run.outcome === 'done'
  const text = summaryText(
    {
      plan,
      run,
      tookSeconds: (world.clock.now() - startedMs) / 1000,
      ...(whole ? {} : await quorumsNow(job)),
      // Of a run gone on with, what was foreseen at its start is not known any more.
      fidelity: fidelity(plan, begun, past === undefined ? preview(plan, job.observed.facts) : undefined),
      meaning: failure => meaningOf('line' in failure ? [failure.line] : lastLines(failure)),
      next: whole
        ? job.next.done
        : ((run.outcome === 'stopped' ? io.insteadOfResume : undefined) ?? job.next.resume),
    },
    job.output === 'json' ? io.errPaint : io.outPaint,
  )
  if (job.output === 'json') io.err(text)
  else io.out(text)
  if (run.outcome === 'in-doubt') io.err(waysOut(run, at.id))
  if ([...run.steps.values()].some(step => step.failure?.why === 'diverged'))
    io.err(`or, to plan anew from what is there now: runbook resume ${at.id} --replan\n`)
  const wasFenced = [...run.steps.values()].some(step => step.failure?.why === 'fenced')
  if (wasFenced || (fencedOff.signal.aborted && !whole)) return exits.locked
  const failures = [...run.steps.values()].flatMap(step => step.failure ?? [])
  // A question nobody was there to answer is no failure of the cluster's.
  if (run.outcome === 'failed' && !io.interactive && failures.every(one => one.why === 'interrupted'))
    return exits.unanswered
  return exitOfRun(run.outcome, interrupt.stoppedBy())
}

async function chooseView({ plan, output, io }: Conduct): Promise<View> {
  if (output === 'json') return jsonLines(io.out, io.err)
  if (output === 'plain' || io.terminal === undefined) return lines(plan, io.err)
  const { progress } = await import('../views/progress.ts')
  return progress(plan, io.terminal)
}

/** Asked anew: what was known before the failure says little. */
async function quorumsNow({
  plan,
  world,
  sessions,
}: Conduct): Promise<{ readonly quorums?: ReturnType<typeof margins> }> {
  const refs = unique(
    plan.quorums.flatMap(quorum => quorum.voters.flatMap(voter => [voter.member, voter.up])),
  )
  try {
    const { facts } = await observe(refs, world, sessions)
    return facts.size === 0 && refs.length > 0 ? {} : { quorums: margins(plan.quorums, facts) }
  } catch {
    return {}
  }
}
