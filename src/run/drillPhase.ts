import { digest } from '../plan/canonical.ts'
import type { Phase } from '../plan/drill.ts'
import { asked } from '../plan/refs.ts'
import type { HostName, Json } from '../plan/step.ts'
import { eventsOfRun } from './drillState.ts'
import { type Answer, groupWords, type Parts, pause, PhaseEnd, type PhasePlan, until } from './drillStage.ts'
import { execute } from './execute.ts'
import { observe } from './observe.ts'

const SOAK_POLL_MS = 1_000

/** Plays one phase. @throws PhaseEnd, Unanswered */
export async function playPhase(phase: Phase, parts: Parts): Promise<void> {
  const { stage, record, watch, signal, state } = parts
  const { world } = stage
  switch (phase.kind) {
    case 'fault':
      return carryOut(phase, parts)
    case 'detect': {
      if (phase.by === 'human') {
        const { by, answer } = await ask(phase, parts)
        record({ kind: 'detected', by, detail: words(answer) })
        return
      }
      const seen = await until(() => watch.trouble() !== undefined, phase.timeoutSeconds, world, signal)
      if (!seen) throw new PhaseEnd('failed', `nothing was noticed within ${phase.timeoutSeconds} s`)
      record({ kind: 'detected', by: 'monitor', detail: watch.trouble() ?? '' })
      return
    }
    case 'declare': {
      const { by, answer } = await ask(phase, parts)
      const no =
        answer === false ||
        (typeof answer === 'object' && answer !== null && (answer as { ok?: Json }).ok === false)
      if (no) throw new PhaseEnd('stopped', `${by} said no`)
      record({ kind: 'declared', by, detail: words(answer) })
      return
    }
    case 'recover':
    case 'failback':
      if (phase.recipe === 'undo') return undoOnly(phase.hosts, phase.id, parts)
      if (phase.undoFaults && state().faults.length > 0) await undoAll(parts, phase.id)
      return carryOut(phase, parts)
    case 'verify': {
      const well = (): boolean =>
        watch.servicesAreGood() &&
        (phase.groups === 'full' ? watch.groupsAreFull() : watch.groupsHaveMajority())
      const isWell = await until(well, phase.withinSeconds, world, signal)
      if (!isWell)
        throw new PhaseEnd('failed', `not well after ${phase.withinSeconds} s: ${groupWords(watch.groups())}`)
      const endMs = world.clock.now() + phase.soakSeconds * 1000
      while (world.clock.now() < endMs) {
        if (!well())
          throw new PhaseEnd('failed', `it was well, and is not any more: ${groupWords(watch.groups())}`)
        await pause(SOAK_POLL_MS, world, signal)
      }
      return
    }
    case 'manual': {
      const { by, answer } = await ask(phase, parts)
      record({ kind: 'manual', phase: phase.id, by, answer })
      return
    }
  }
}

async function ask(phase: Phase, { stage, signal }: Parts): Promise<Answer> {
  const given = await stage.answer(phase)
  await pause((given.afterSeconds ?? 0) * 1000, stage.world, signal, stage.napMs)
  return given
}

function words(answer: Json): string {
  return typeof answer === 'string' ? answer : JSON.stringify(answer)
}

/** Makes the plan of a phase, or takes the one that it began with, and makes it true. @throws PhaseEnd */
async function carryOut(phase: Phase, parts: Parts): Promise<void> {
  const { stage, events, record, emit, signal } = parts
  const { world, sessions } = stage
  const run = `${stage.id}.${phase.id}`
  let made: PhasePlan
  try {
    made = await stage.planOf(phase, run)
  } catch (error) {
    if (signal.aborted || !(error instanceof Error)) throw error
    throw new PhaseEnd('failed', error.message)
  }
  const { plan } = made
  record({
    kind: 'planned',
    phase: phase.id,
    plan: digest(plan),
    steps: plan.steps.map(({ id, host, title }) => ({ step: id, host, title })),
  })
  const strikes = new Map(made.faults.map(one => [one.step, one]))
  const ended = await execute(plan, world, {
    runId: run,
    past: eventsOfRun(events, run),
    observed: made.observed,
    width: stage.width,
    signal,
    sessions,
    emit: event => {
      emit(event)
      if (event.kind !== 'step-done') return
      const struck = strikes.get(event.step)
      if (struck) record({ kind: 'fault', fault: struck.fault, host: struck.host, state: 'on', by: 'drill' })
    },
  })
  if (ended.outcome === 'done') return
  const [step, failed] = [...ended.steps].find(([, one]) => one.failure) ?? []
  const said = failed?.failure === undefined ? '' : `: ${step ?? ''}: ${failed.failure.why}`
  throw new PhaseEnd(
    ended.outcome === 'failed' ? 'failed' : 'stopped',
    `the run ${ended.outcome ?? 'stopped'}${said}`,
  )
}

/** The whole phase is that the faults of these hosts (of all, when none is named) are undone. @throws PhaseEnd when one is not */
async function undoOnly(hosts: readonly HostName[], name: string, parts: Parts): Promise<void> {
  const mine = (host: HostName): boolean => hosts.length === 0 || hosts.includes(host)
  await undoAll(parts, name, mine)
  const left = parts.state().faults.filter(one => mine(one.host))
  if (left.length > 0)
    throw new PhaseEnd('failed', `not undone: ${left.map(one => `${one.fault} on ${one.host}`).join(', ')}`)
}

/** Undoes the faults that are on, and nothing else. One whose host cannot be reached is left to the timer there. */
export async function undoAll(
  { stage, state, record, emit, signal }: Parts,
  name: string,
  mine: (host: HostName) => boolean = () => true,
): Promise<void> {
  const { world, sessions } = stage
  const faults = state().faults.filter(one => mine(one.host))
  const plan = stage.undoPlan(faults, 'drill')
  const refs = asked(plan)
  const { facts } = await observe(refs, world, sessions)
  const run = `${stage.id}.undo-${name}.${world.clock.now()}`
  await execute(plan, world, {
    ...{ runId: run, observed: { facts, refs }, width: stage.width, signal, sessions, emit },
  })
  const { facts: after } = await observe(refs, world, sessions)
  for (const { fault, host } of faults) {
    const seen = after.get(`drill.faults@${host}`) as
      { readonly [id: string]: { readonly state?: string } } | undefined
    if (seen?.[fault]?.state === 'undone')
      record({ kind: 'fault', fault, host, state: 'undone', by: 'drill' })
  }
}
