import type { Command, Digest, HostName } from './step.ts'
import type { Exit } from './fact.ts'

/** The nouns of a drill: what is broken on purpose, what is done about it, and what is measured meanwhile. */

/**
 * How real a drill is; the report names it. 'tabletop': no host is touched, people decide and write down. 'readiness': hosts are asked
 * whether the drill could begin. 'rehearse': all of it on pretended hosts. 'isolated': on hosts that may be thrown away. 'live': on the cluster.
 */
export const drillModes = ['tabletop', 'readiness', 'rehearse', 'isolated', 'live'] as const
export type DrillMode = (typeof drillModes)[number]

/** What a client can do, each tried from the client's side by a canary of its own. */
export const services = ['pull', 'push', 'metadata'] as const
export type Service = (typeof services)[number]

export const faultKinds = [
  'stop-containers',
  'stop-engine',
  'stop-balancer',
  'partition',
  'fill-disk',
  'cut-storage',
  'slow-storage',
  'break-health-check',
  'expire-certificate',
  'skew-clock',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** One fault on some hosts. Times are seconds, sizes megabytes. */
export interface FaultSpec {
  readonly do: FaultKind
  readonly hosts: readonly HostName[]
  /** Whom a partition keeps away: hosts on the other side. */
  readonly peers: readonly HostName[]
  /** A timer on the host undoes it after so long, whatever becomes of the controller. */
  readonly undoAfterSeconds: number
  /** 'stop-containers': beginning of the containers' names. */
  readonly match?: string
  /** 'fill-disk': folder whose file system is filled, and how much stays free. */
  readonly path?: string
  readonly leaveMb?: number
  /** 'slow-storage': delay of each packet. */
  readonly byMilliseconds?: number
  /** 'skew-clock': how far, forward. */
  readonly bySeconds?: number
}

interface PhaseHead {
  /** 'fault', or 'fault-2' for the second of a kind, or its own name: names answers and steps. */
  readonly id: string
  readonly title: string
  /** Passed when the phase has ended: a place to look at each other and say go on. */
  readonly checkpoint?: string
  /** What the plan on paper allows it. */
  readonly plannedSeconds?: number
}

export type AnswerType = 'integer' | 'number' | 'string' | 'boolean'

export type Phase = PhaseHead &
  (
    | { readonly kind: 'fault'; readonly faults: readonly FaultSpec[] }
    /** 'monitor': noticed by the drill's own canaries and quorums. 'human': somebody says so. */
    | {
        readonly kind: 'detect'
        readonly by: 'human' | 'monitor'
        readonly prompt: string
        readonly timeoutSeconds: number
      }
    | {
        readonly kind: 'declare'
        readonly prompt: string
        readonly approve: readonly string[]
        readonly pointOfNoReturn: boolean
      }
    | {
        readonly kind: 'recover' | 'failback'
        readonly recipe: string
        readonly hosts: readonly HostName[]
        /** Faults are undone first: what was broken comes back (a host that is switched on again). */
        readonly undoFaults: boolean
      }
    | {
        readonly kind: 'verify'
        readonly withinSeconds: number
        readonly soakSeconds: number
        /** 'full': as many up as before the drill. 'majority': more than half of those that are members. */
        readonly groups: 'full' | 'majority'
      }
    | {
        readonly kind: 'manual'
        readonly prompt: string
        readonly assignee?: string
        readonly expect: { readonly [name: string]: AnswerType }
      }
  )

/** The drill ends early, and its faults are undone, when this is so for `forSeconds`. Absent members do not matter. */
export interface AbortRule {
  readonly quorum?: string
  readonly below?: number
  readonly canary?: Service
  readonly forSeconds: number
}

export const requirements = ['quorums-full', 'canaries-good', 'on-call-acked', 'business-hours'] as const
export type Requirement = (typeof requirements)[number]

/** A drill as meant: names resolved to hosts, times in seconds, defaults filled in. */
export interface Drill {
  readonly name: string
  readonly title: string
  readonly owner?: string
  /** Overdue when the last whole one is older. */
  readonly cadenceDays?: number
  /** Controls of standards that its report supports evidence for. */
  readonly controls: readonly string[]
  readonly mode: DrillMode
  readonly objectives: {
    readonly rtoSeconds: { readonly [service: string]: number }
    readonly redundancySeconds?: number
    readonly rpoSeconds: { readonly images?: number; readonly metadata?: number }
    readonly detectSeconds?: number
  }
  readonly roles: { readonly [role: string]: string }
  readonly excluded: readonly string[]
  readonly require: readonly Requirement[]
  readonly abortWhen: readonly AbortRule[]
  readonly maxDurationSeconds: number
  readonly canaries: {
    readonly from: HostName
    /** So many good ones in a row say that a service is back. */
    readonly goodRun: number
    readonly everySeconds: { readonly [service in Service]?: number }
  }
  readonly phases: readonly Phase[]
}

/** What a canary saw. `digest`: of the image that was written or read. */
export interface CanarySeen {
  readonly ok: boolean
  readonly digest?: string
  readonly detail?: string
}

/** How one canary is tried: words for a host, and what their end says. Made by the catalog, tried by the run. */
export interface CanaryLine {
  readonly host: HostName
  readonly command: Command
  readonly timeoutSeconds: number
  readonly read: (exit: Exit) => CanarySeen
}

/** The ways to try a service as a client does. */
export interface Canaries {
  /** Makes what the others need (a place to write to). May be done again. */
  readonly prepare: CanaryLine
  readonly pull: (digest: string) => CanaryLine
  readonly push: (tag: string) => CanaryLine
  readonly metadata: (name: string) => CanaryLine
  /** Whether a tag is there now, whole, with this digest. */
  readonly find: (tag: string, digest: string) => CanaryLine
  readonly findMetadata: (name: string) => CanaryLine
}

/** A drill and where it came from, for the journal: the same file again gives the same digest. */
export interface DrillIdentity {
  readonly file: Digest
  readonly playbook: Digest
}
