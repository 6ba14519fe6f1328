import type { Service } from '../plan/drill.ts'
import type { HostName } from '../plan/step.ts'
import { isDrillEvent } from './drillEvent.ts'
import type { Event } from './event.ts'

/** What a canary wrote and the service said it has. */
export interface Written {
  readonly service: Service
  readonly tag: string
  readonly digest: string
  readonly at: string
}

/** How far a drill is, by its events alone: what a drill that is gone on with needs to know. */
export interface DrillState {
  /** Phases that ended well. */
  readonly done: ReadonlySet<string>
  /** Faults that are on, as far as is known. */
  readonly faults: readonly { readonly fault: string; readonly host: HostName }[]
  /** The next number of each canary. */
  readonly next: { readonly [service in Service]: number }
  readonly written: readonly Written[]
  /** Looked for already, after the recovery. */
  readonly found: ReadonlySet<string>
  readonly startedAt?: string
  readonly ended?: string
}

/** Folds a drill's events, live or read back. Pure. */
export function drillState(events: readonly Event[]): DrillState {
  const done = new Set<string>()
  const faults = new Map<string, HostName>()
  const next = { pull: 0, push: 0, metadata: 0 }
  const written: Written[] = []
  const found = new Set<string>()
  let startedAt: string | undefined
  let ended: string | undefined
  for (const event of events) {
    switch (event.kind) {
      case 'drill-started':
        startedAt ??= event.at
        ended = undefined
        break
      case 'drill-ended':
        ended = event.outcome
        break
      case 'phase-ended':
        if (event.outcome === 'done') done.add(event.phase)
        break
      case 'fault':
        if (event.state === 'on') faults.set(event.fault, event.host)
        else faults.delete(event.fault)
        break
      case 'canary':
        next[event.service] = Math.max(next[event.service], event.seq + 1)
        if (event.ok === true && event.tag !== undefined)
          written.push({ service: event.service, tag: event.tag, digest: event.digest ?? '', at: event.at })
        break
      case 'found':
        found.add(`${event.service} ${event.tag}`)
        break
      default:
        break
    }
  }
  return {
    done,
    faults: [...faults].map(([fault, host]) => ({ fault, host })),
    next,
    written,
    found,
    ...(startedAt !== undefined && { startedAt }),
    ...(ended !== undefined && { ended }),
  }
}

/** The events of one run within a drill: those behind its `run-started`, up to the next run's. */
export function eventsOfRun(events: readonly Event[], run: string): readonly Event[] {
  let current = ''
  return events.filter(event => {
    if (isDrillEvent(event)) return false
    if (event.kind === 'run-started') current = event.run
    return current === run
  })
}
