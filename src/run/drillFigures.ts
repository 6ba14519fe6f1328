import type { Drill, Service } from '../plan/drill.ts'
import type { DrillEvent } from './drillEvent.ts'
import type { Event } from './event.ts'

/** What one service cost. Seconds; null where it cannot be said. */
export interface ServiceFigures {
  readonly service: Service
  readonly tries: number
  readonly failed: number
  /** Tries of which nobody can say how they ended; they count as neither. */
  readonly unknown: number
  /** First failed try after the fault (T1), and the first good one of those that say that it is back (T5). */
  readonly firstFailedAt?: string
  readonly backAt?: string
  /** T5 - T0. 0: it never failed. null: it did not come back. */
  readonly rtoSeconds: number | null
  /** All time between a failed try and the good one after it: flapping counts here. */
  readonly outageSeconds: number
}

/** What was lost of what clients had been told is kept. */
export interface LossFigures {
  readonly of: 'images' | 'metadata'
  /** Written before the fault, and after it. */
  readonly before: number
  readonly after: number
  readonly lost: readonly string[]
  readonly unknown: number
  /**
   * T0 less the time of the newest thing written before it that is there, with everything older. 0: nothing was lost. null: nobody looked,
   * or something could not be told.
   */
  readonly rpoSeconds: number | null
  /** Nothing written before the fault is there: it is this much at least. */
  readonly atLeast?: true
}

/** Every figure of a drill. Times are those of the controller. */
export interface DrillFigures {
  readonly faultAt?: string
  readonly detectedAt?: string
  readonly declaredAt?: string
  readonly recoveryAt?: string
  readonly fullAt?: string
  readonly failbackAt?: string
  readonly services: readonly ServiceFigures[]
  readonly losses: readonly LossFigures[]
  /** T2 - T0, T3 - T2, T6 - T4 and so on. null: one of the two did not happen. */
  readonly detectionSeconds: number | null
  readonly decisionSeconds: number | null
  /** Last service back less begin of the recovery. */
  readonly workSeconds: number | null
  /** From the last service back until every group has all its members again. */
  readonly withoutSpareSeconds: number | null
  readonly redundancySeconds: number | null
}

type At<T> = T & { readonly at: string }
const ms = (at: string): number => Date.parse(at)

/** The figures of a drill from its events alone: a pure function, the same for a live drill and a journal read back. */
export function drillFigures(events: readonly Event[], drill: Drill): DrillFigures {
  const phases = new Map(drill.phases.map(phase => [phase.id, phase.kind]))
  const begun = (kind: string): At<DrillEvent> | undefined =>
    events.find(
      (event): event is At<Extract<DrillEvent, { kind: 'phase-started' }>> =>
        event.kind === 'phase-started' && phases.get(event.phase) === kind,
    )
  const faultAt = struckAt(events, phases)
  const detectedAt = events.find(event => event.kind === 'detected')?.at
  const declaredAt = events.find(event => event.kind === 'declared')?.at
  const recoveryAt = begun('recover')?.at
  const failbackAt = events.findLast(
    event =>
      event.kind === 'phase-ended' && phases.get(event.phase) === 'failback' && event.outcome === 'done',
  )?.at
  const services = (['pull', 'push', 'metadata'] as const).flatMap(service => {
    const tries = triesOf(events, service)
    return tries.length === 0 ? [] : [serviceFigures(service, tries, faultAt, drill.canaries.goodRun)]
  })
  const fullAt = faultAt === undefined ? undefined : fullAgain(events, faultAt)
  const backs = services.flatMap(one => one.backAt ?? [])
  const lastBack = backs.length === 0 ? undefined : backs.reduce((a, b) => (ms(a) > ms(b) ? a : b))
  const hasBroken = services.some(one => one.firstFailedAt !== undefined)
  return {
    ...(faultAt !== undefined && { faultAt }),
    ...(detectedAt !== undefined && { detectedAt }),
    ...(declaredAt !== undefined && { declaredAt }),
    ...(recoveryAt !== undefined && { recoveryAt }),
    ...(fullAt !== undefined && { fullAt }),
    ...(failbackAt !== undefined && { failbackAt }),
    services,
    losses: [
      lossOf(events, 'push', 'images', faultAt),
      lossOf(events, 'metadata', 'metadata', faultAt),
    ].filter(loss => loss.before + loss.after > 0),
    detectionSeconds: between(faultAt, detectedAt),
    decisionSeconds: between(detectedAt, declaredAt),
    workSeconds: between(recoveryAt, hasBroken ? lastBack : fullAt),
    withoutSpareSeconds: between(hasBroken ? lastBack : faultAt, fullAt),
    redundancySeconds: between(faultAt, fullAt),
  }
}

/** T0: when the first fault was sent to a host. Its intent is on record before it leaves, so it is never too late. */
function struckAt(events: readonly Event[], phases: ReadonlyMap<string, string>): string | undefined {
  let inFault = false
  for (const event of events) {
    if (event.kind === 'phase-started') inFault = phases.get(event.phase) === 'fault'
    if (inFault && event.kind === 'op-started') return event.at
  }
  return undefined
}

interface Try {
  readonly startedAt: string
  readonly at: string
  readonly ok: boolean | null
}

function triesOf(events: readonly Event[], service: Service): readonly Try[] {
  return events.flatMap(event => (event.kind === 'canary' && event.service === service ? [event] : []))
}

function serviceFigures(
  service: Service,
  all: readonly Try[],
  faultAt: string | undefined,
  goodRun: number,
): ServiceFigures {
  const counts = {
    service,
    tries: all.length,
    failed: all.filter(one => one.ok === false).length,
    unknown: all.filter(one => one.ok === null).length,
  }
  const known = all.filter(one => one.ok !== null)
  const after = faultAt === undefined ? [] : known.filter(one => ms(one.at) >= ms(faultAt))
  const first = after.findIndex(one => one.ok === false)
  const failed = after[first]
  if (faultAt === undefined || failed === undefined)
    return { ...counts, rtoSeconds: faultAt === undefined ? null : 0, outageSeconds: 0 }
  const back = after.findIndex(
    (_, i) =>
      i > first &&
      after.slice(i, i + goodRun).length === goodRun &&
      after.slice(i, i + goodRun).every(one => one.ok),
  )
  const backAt = after[back]?.at
  return {
    ...counts,
    firstFailedAt: failed.at,
    ...(backAt !== undefined && { backAt }),
    rtoSeconds: backAt === undefined ? null : between(faultAt, backAt),
    outageSeconds: outage(after),
  }
}

/** From the start of each failed try that follows a good one to the end of the next good one. */
function outage(tries: readonly Try[]): number {
  let sum = 0
  let from: string | undefined
  for (const one of tries) {
    if (one.ok === false) from ??= one.startedAt
    else if (from !== undefined) {
      sum += ms(one.at) - ms(from)
      from = undefined
    }
  }
  const last = tries.at(-1)
  if (from !== undefined && last !== undefined) sum += ms(last.at) - ms(from)
  return sum / 1000
}

/** T6: the first look after the fault that shows every group with as many up as it had before, after one that did not, or the first at all. */
function fullAgain(events: readonly Event[], faultAt: string): string | undefined {
  const looks = events.flatMap(event => (event.kind === 'quorums' ? [event] : []))
  const before = looks.findLast(one => ms(one.at) < ms(faultAt)) ?? looks[0]
  if (!before) return undefined
  const isFull = (one: (typeof looks)[number]): boolean =>
    Object.entries(before.groups).every(([name, { members }]) => (one.groups[name]?.up ?? 0) >= members)
  const after = looks.filter(one => ms(one.at) >= ms(faultAt))
  const lastShort = after.findLastIndex(one => !isFull(one))
  return lastShort === -1 ? undefined : after[lastShort + 1]?.at
}

function lossOf(
  events: readonly Event[],
  service: Service,
  of: LossFigures['of'],
  faultAt: string | undefined,
): LossFigures {
  const there = new Map(
    events.flatMap(event =>
      event.kind === 'found' && event.service === service ? [[event.tag, event.there] as const] : [],
    ),
  )
  const written = events.flatMap(event =>
    event.kind === 'canary' && event.service === service && event.ok === true && event.tag !== undefined
      ? [{ tag: event.tag, at: event.at }]
      : [],
  )
  const before = faultAt === undefined ? written : written.filter(one => ms(one.at) <= ms(faultAt))
  const state = (tag: string): boolean | null => there.get(tag) ?? null
  const lost = written.filter(one => state(one.tag) === false).map(one => one.tag)
  const unknown = written.filter(one => state(one.tag) === null).length
  const counts = { of, before: before.length, after: written.length - before.length, lost, unknown }
  if (faultAt === undefined || written.length === 0) return { ...counts, rpoSeconds: null }
  const firstBad = before.findIndex(one => state(one.tag) !== true)
  if (firstBad === -1) return { ...counts, rpoSeconds: 0 }
  if (before.slice(firstBad).every(one => state(one.tag) === null)) return { ...counts, rpoSeconds: null }
  const newest = before[firstBad - 1]
  return newest === undefined
    ? { ...counts, rpoSeconds: between(before[0]?.at, faultAt), atLeast: true }
    : { ...counts, rpoSeconds: between(newest.at, faultAt) }
}

function between(from: string | undefined, to: string | undefined): number | null {
  return from === undefined || to === undefined ? null : (ms(to) - ms(from)) / 1000
}

/** One objective with what was measured. `met` null: it could not be told. */
export interface Verdict {
  readonly objective: string
  readonly targetSeconds: number
  readonly seconds: number | null
  readonly met: boolean | null
}

/** What the drill set out to show, against what it showed. Objectives that nothing was measured for are not met, but not missed either. */
export function verdicts(figures: DrillFigures, { objectives }: Drill): readonly Verdict[] {
  const { rtoSeconds, redundancySeconds, rpoSeconds, detectSeconds } = objectives
  const verdict = (
    objective: string,
    targetSeconds: number,
    seconds: number | null,
    failed = false,
  ): Verdict => ({
    objective,
    targetSeconds,
    seconds,
    met: seconds === null ? (failed ? false : null) : seconds <= targetSeconds,
  })
  return [
    ...Object.entries(rtoSeconds).map(([service, target]) => {
      const own = figures.services.find(one => one.service === service)
      return verdict(`RTO ${service}`, target, own?.rtoSeconds ?? null, own?.firstFailedAt !== undefined)
    }),
    ...(redundancySeconds === undefined
      ? []
      : [verdict('RTO redundancy', redundancySeconds, figures.redundancySeconds)]),
    ...Object.entries(rpoSeconds).map(([of, target]) =>
      verdict(`RPO ${of}`, target, figures.losses.find(one => one.of === of)?.rpoSeconds ?? null),
    ),
    ...(detectSeconds === undefined ? [] : [verdict('detection', detectSeconds, figures.detectionSeconds)]),
  ]
}
