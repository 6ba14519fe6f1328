import type { Json } from '../plan/step.ts'
import { type DrillEvent, type DrillOutcome, isDrillEvent } from './drillEvent.ts'
import { type Flock, letFly, tryOnce } from './drillCanaries.ts'
import { lookForWritten } from './drillFound.ts'
import { playPhase, undoAll } from './drillPhase.ts'
import { type DrillStage, groupWords, type Parts, PhaseEnd, Unanswered, until } from './drillStage.ts'
import { drillState } from './drillState.ts'
import { createWatch, ruleWords, type Watch } from './drillWatch.ts'
import type { Event } from './event.ts'

/**
 * Carries a drill out, from its first phase that is not done yet. Canaries fly and groups are watched all the time. When a rule for
 * its end is broken, or it takes too long, the faults are undone and nothing else is done.
 * @throws what `emit` throws, and bugs
 */
export async function runDrill(stage: DrillStage): Promise<DrillOutcome> {
  const { drill, id, world, sessions, identity, past } = stage
  const { clock } = world
  const events: Event[] = [...past]
  const ending = new AbortController()
  let broken: { readonly error: unknown } | undefined
  let why: string | undefined
  const fail = (error: unknown): void => {
    broken ??= { error }
    ending.abort()
  }
  const emit = (event: Event): void => {
    events.push(event)
    stage.emit(event)
  }
  const seer: { watch?: Watch } = {}
  const record = (event: DrillEvent): void => {
    if (broken) return
    try {
      emit(world.redact.event({ at: new Date(clock.now()).toISOString(), ...event }))
      seer.watch?.note(event, clock.now())
    } catch (error) {
      fail(error)
    }
  }
  const state = () => drillState(events)
  const before = state()
  record({
    kind: 'drill-started',
    drill: id,
    name: drill.name,
    mode: drill.mode,
    ...identity,
    by: stage.by,
    resumed: past.length > 0,
  })
  const place = { id, drill, canaries: stage.canaries, world, sessions, record, napMs: stage.napMs }
  const groupsBefore = past.find(event => event.kind === 'quorums')?.groups
  const seeing = createWatch({
    ...{ drill, quorums: stage.quorums, world, sessions, record },
    faults: () => state().faults,
    ...(groupsBefore && { before: groupsBefore }),
  })
  // What was seen before the drill was cut short counts: that something was broken, and that it was noticed.
  for (const event of past) if (isDrillEvent(event)) seeing.note(event, Date.parse(event.at))
  seer.watch = seeing
  const startedMs = Date.parse(before.startedAt ?? new Date(clock.now()).toISOString())
  let over = false
  const isOver = (): boolean => over
  const abort = (rule: string, detail: string): void => {
    if (why !== undefined || ending.signal.aborted) return
    why = rule
    record({ kind: 'aborted', rule, detail })
    ending.abort()
  }
  const watching = async (): Promise<void> => {
    while (!isOver()) {
      await seeing.look()
      const rule = seeing.broken(clock.now())
      if (rule) abort(ruleWords(rule), seeing.trouble() ?? '')
      if (clock.now() - startedMs > drill.maxDurationSeconds * 1000)
        abort(`it takes longer than ${drill.maxDurationSeconds} s`, '')
      const nextMs = clock.now() + stage.watchSeconds * 1000
      while (!isOver() && clock.now() < nextMs) await clock.sleep(Math.min(nextMs - clock.now(), stage.napMs))
    }
  }
  const both = AbortSignal.any([stage.signal, ending.signal])
  let outcome: DrillOutcome = 'done'
  let detail: string | undefined
  let flock: Flock | undefined
  let looking: Promise<void> | undefined
  const parts = { stage, events, record, emit, state, signal: both, watch: seeing }
  try {
    for (let again = 0; again < 3; again += 1)
      if (
        (await tryOnce(stage.canaries.prepare, place, `${id}.canary-prepare.${again}.${before.next.pull}`))
          ?.ok === true
      )
        break
    flock = letFly(place, before, fail)
    looking = watching().catch(fail)
    if (before.done.size === 0 && before.faults.length === 0) await insistOnGuards(parts)
    for (const phase of drill.mode === 'readiness' ? [] : drill.phases) {
      if (state().done.has(phase.id)) continue
      record({ kind: 'phase-started', phase: phase.id, title: phase.title })
      try {
        await playPhase(phase, parts)
      } catch (error) {
        if (!(error instanceof PhaseEnd) && !(error instanceof Unanswered)) throw error
        const ended = error instanceof PhaseEnd ? error.outcome : 'stopped'
        record({ kind: 'phase-ended', phase: phase.id, outcome: ended, detail: error.message })
        throw error
      }
      record({ kind: 'phase-ended', phase: phase.id, outcome: 'done' })
      if (phase.checkpoint !== undefined)
        record({ kind: 'checkpoint', phase: phase.id, name: phase.checkpoint })
    }
    if (state().faults.length > 0) await undoAll(parts, 'end')
    await seeing.look()
    // Nothing is written any more: what is looked for is all there is.
    await flock.stop()
    await lookForWritten(place, state())
  } catch (error) {
    if (error instanceof PhaseEnd) {
      outcome = why === undefined ? error.outcome : 'aborted'
      detail = why ?? error.message
    } else if (error instanceof Unanswered) {
      outcome = 'stopped'
      detail = error.message
    } else throw error
    if (why !== undefined && !stage.signal.aborted) await undoAll({ ...parts, signal: stage.signal }, 'abort')
  } finally {
    over = true
    await flock?.stop()
    await looking
  }
  if (broken !== undefined) throw broken.error
  record({ kind: 'drill-ended', outcome, ...(detail !== undefined && { detail }) })
  return outcome
}

/** @throws PhaseEnd unless all that is required before the first fault is so */
async function insistOnGuards({ stage, record, watch, signal }: Parts): Promise<void> {
  const { drill, world } = stage
  await watch.look()
  const good = await until(() => watch.servicesAreGood(), 120, world, signal)
  for (const guard of drill.require) {
    const [ok, detail] =
      guard === 'canaries-good'
        ? [good, good ? 'every service could be used' : 'a service fails before anything is broken']
        : guard === 'quorums-full'
          ? [
              watch.groupsAreFull() && Object.values(watch.groups()).every(one => one.up === one.members),
              groupWords(watch.groups()),
            ]
          : guard === 'business-hours'
            ? [stage.isBusinessHours(), 'Monday to Friday, 9 to 17 here']
            : [...((await acked(stage)) ?? [null, 'not asked in this mode'])]
    record({ kind: 'guard', guard, ok, detail })
    if (ok === false) throw new PhaseEnd('failed', `${guard} is not so: ${detail}`)
  }
}

async function acked({ drill, answer }: DrillStage): Promise<readonly [boolean, string] | undefined> {
  if (drill.mode === 'rehearse' || drill.mode === 'readiness') return undefined
  const { by, answer: said } = await answer({
    id: 'on-call',
    title: 'Whoever is on call knows',
    kind: 'manual',
    prompt: 'Does whoever is on call know that this drill begins?',
    expect: { ok: 'boolean' },
  })
  const isYes = typeof said === 'object' && said !== null && (said as { ok?: Json }).ok === true
  return [isYes, `said by ${by}`]
}
