import type { DrillMode, Service } from '../plan/drill.ts'
import type { Digest, HostName, Json, StepId } from '../plan/step.ts'

/** How a phase came to its end. 'stopped': it can be gone on with. */
export type PhaseOutcome = 'done' | 'failed' | 'stopped'
export type DrillOutcome = 'done' | 'failed' | 'stopped' | 'aborted'

/** What happens in a drill beside the runs of its phases. Stands in the same journal, and every figure of the report comes from here. */
export type DrillEvent =
  | {
      readonly kind: 'drill-started'
      readonly drill: string
      readonly name: string
      readonly mode: DrillMode
      /** Of the drill's file and of the playbook, as they were before it began. */
      readonly file: Digest
      readonly playbook: Digest
      readonly by: string
      readonly resumed: boolean
    }
  /** `ok` false: the drill must not begin. `ok` null: could not be told, or was not asked in this mode. */
  | { readonly kind: 'guard'; readonly guard: string; readonly ok: boolean | null; readonly detail: string }
  | { readonly kind: 'phase-started'; readonly phase: string; readonly title: string }
  | {
      readonly kind: 'phase-ended'
      readonly phase: string
      readonly outcome: PhaseOutcome
      readonly detail?: string
    }
  | { readonly kind: 'checkpoint'; readonly phase: string; readonly name: string }
  /** One try of a canary. `at` is its end. `seq` counts from 0 for each service; `tag` is what was written. `ok` null: it could not be tried. */
  | {
      readonly kind: 'canary'
      readonly service: Service
      readonly seq: number
      readonly startedAt: string
      readonly ok: boolean | null
      readonly tag?: string
      readonly digest?: string
      readonly detail?: string
    }
  /** After the recovery: whether what a canary wrote is there. null: could not be told. */
  | {
      readonly kind: 'found'
      readonly service: Service
      readonly tag: string
      readonly there: boolean | null
    }
  | {
      readonly kind: 'quorums'
      readonly groups: { readonly [name: string]: { readonly up: number; readonly members: number } }
    }
  /** A fault is on, or is not any more. `by`: the drill itself, `drill stop`, or the timer on the host. */
  | {
      readonly kind: 'fault'
      readonly fault: string
      readonly host: HostName
      readonly state: 'on' | 'undone'
      readonly by: 'drill' | 'stop' | 'timer'
    }
  | { readonly kind: 'detected'; readonly by: string; readonly detail: string }
  | { readonly kind: 'declared'; readonly by: string; readonly detail: string }
  | {
      readonly kind: 'manual'
      readonly phase: string
      readonly by: string
      readonly answer: Json
    }
  | { readonly kind: 'aborted'; readonly rule: string; readonly detail: string }
  /** A step of a phase's plan, for those who read only the journal. */
  | {
      readonly kind: 'planned'
      readonly phase: string
      readonly plan: Digest
      readonly steps: readonly { readonly step: StepId; readonly host: HostName; readonly title: string }[]
    }
  | { readonly kind: 'drill-ended'; readonly outcome: DrillOutcome; readonly detail?: string }

const drillKinds: ReadonlySet<string> = new Set<DrillEvent['kind']>([
  'drill-started',
  'guard',
  'phase-started',
  'phase-ended',
  'checkpoint',
  'canary',
  'found',
  'quorums',
  'fault',
  'detected',
  'declared',
  'manual',
  'aborted',
  'planned',
  'drill-ended',
])

/** True for what a drill says around its runs; the fold of a run leaves such events out. */
export function isDrillEvent<T extends { readonly kind: string }>(
  event: T,
): event is Extract<T, { kind: DrillEvent['kind'] }> {
  return drillKinds.has(event.kind)
}
