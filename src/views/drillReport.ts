import type { Drill, Phase } from '../plan/drill.ts'
import type { Digest, Host, Json } from '../plan/step.ts'
import { type DrillFigures, drillFigures, type Verdict, verdicts } from '../run/drillFigures.ts'
import type { Event } from '../run/event.ts'

/** Where a drill's events came from. */
export interface DrillSource {
  readonly id: string
  readonly tool: string
  readonly drill: Drill
  readonly identity: { readonly file: Digest; readonly playbook: Digest }
  readonly commit?: string
  readonly hosts: { readonly [name: string]: Host }
  /** sha256 of the journal's bytes, so that the report names what it was made from. */
  readonly journal: Digest
}

export interface ReportPhase {
  readonly id: string
  readonly kind: Phase['kind']
  readonly title: string
  readonly outcome: 'done' | 'failed' | 'stopped' | 'not executed'
  readonly startedAt?: string
  readonly seconds?: number
  readonly plannedSeconds?: number
  readonly checkpoint?: string
  readonly detail?: string
  readonly by?: string
  readonly answer?: Json
  readonly steps: readonly {
    readonly id: string
    readonly host: string
    readonly title: string
    readonly state: 'executed' | 'held already' | 'failed' | 'not executed'
    readonly seconds?: number
  }[]
}

/** Everything that is said about a drill, in every form. `format` 1: members are only added. */
export interface DrillReport {
  readonly format: 'runbook.drill-report/1'
  readonly id: string
  readonly tool: string
  readonly name: string
  readonly title: string
  readonly owner?: string
  readonly mode: Drill['mode']
  readonly outcome: 'done' | 'failed' | 'stopped' | 'aborted' | 'not ended'
  readonly outcomeDetail?: string
  /** Every objective was met. null: one could not be told. */
  readonly passed: boolean | null
  readonly startedAt: string
  readonly endedAt: string
  readonly by: string
  readonly file: Digest
  readonly playbook: Digest
  readonly journal: Digest
  readonly commit?: string
  readonly previous?: string
  readonly roles: { readonly [role: string]: string }
  readonly excluded: readonly string[]
  readonly controls: readonly string[]
  readonly objectives: readonly Verdict[]
  readonly figures: DrillFigures
  readonly guards: readonly { readonly guard: string; readonly ok: boolean | null; readonly detail: string }[]
  readonly phases: readonly ReportPhase[]
  readonly faults: readonly {
    readonly fault: string
    readonly host: string
    readonly on: string
    readonly undone?: string
    readonly by?: string
  }[]
  readonly groups: {
    readonly before: { readonly [name: string]: string }
    readonly after: { readonly [name: string]: string }
  }
  readonly findings: readonly string[]
  readonly hosts: { readonly [name: string]: { readonly roles: readonly string[]; readonly site?: string } }
}

type OfKind<K extends Event['kind']> = Extract<Event, { kind: K }>

/** All events of a kind. */
export function ofKind<K extends Event['kind']>(events: readonly Event[], kind: K): readonly OfKind<K>[] {
  return events.filter((event): event is OfKind<K> => event.kind === kind)
}

/** The report of a drill, from its events alone: the same for one that runs and one read back. Pure. */
export function drillReport(source: DrillSource, events: readonly Event[], previous?: string): DrillReport {
  const { drill } = source
  const figures = drillFigures(events, drill)
  const objectives = verdicts(figures, drill)
  const ended = ofKind(events, 'drill-ended').at(-1)
  const started = ofKind(events, 'drill-started')[0]
  const looks = ofKind(events, 'quorums')
  const phases = drill.phases.map(phase => reportPhase(phase, events))
  const faults = faultsOf(events)
  const outcome = ended?.outcome ?? 'not ended'
  return {
    format: 'runbook.drill-report/1',
    id: source.id,
    tool: source.tool,
    name: drill.name,
    title: drill.title,
    ...(drill.owner !== undefined && { owner: drill.owner }),
    mode: drill.mode,
    outcome,
    ...(ended?.detail !== undefined && { outcomeDetail: ended.detail }),
    passed:
      outcome !== 'done' || objectives.some(one => one.met === false)
        ? false
        : objectives.every(one => one.met)
          ? true
          : null,
    startedAt: started?.at ?? '',
    endedAt: events.at(-1)?.at ?? '',
    by: started?.by ?? '',
    file: source.identity.file,
    playbook: source.identity.playbook,
    journal: source.journal,
    ...(source.commit !== undefined && { commit: source.commit }),
    ...(previous !== undefined && { previous }),
    roles: drill.roles,
    excluded: drill.excluded,
    controls: drill.controls,
    objectives,
    figures,
    guards: ofKind(events, 'guard').map(({ guard, ok, detail }) => ({ guard, ok, detail })),
    phases,
    faults,
    groups: { before: shares(looks[0]?.groups), after: shares(looks.at(-1)?.groups) },
    findings: findingsOf(events, objectives, phases, faults, figures),
    hosts: Object.fromEntries(
      Object.values(source.hosts).map(({ name, roles, site }) => [
        name,
        { roles, ...(site !== undefined && { site }) },
      ]),
    ),
  }
}

function shares(groups: OfKind<'quorums'>['groups'] | undefined): { readonly [name: string]: string } {
  return Object.fromEntries(
    Object.entries(groups ?? {}).map(([name, { up, members }]) => [name, `${up}/${members}`]),
  )
}

function seconds(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000
}

function reportPhase(phase: Phase, events: readonly Event[]): ReportPhase {
  const { id, kind, title, plannedSeconds, checkpoint } = phase
  const started = ofKind(events, 'phase-started').find(one => one.phase === id)
  const ended = ofKind(events, 'phase-ended').findLast(one => one.phase === id)
  const within = eventsWithin(events, id)
  const said =
    ofKind(within, 'manual').at(-1) ?? ofKind(within, 'declared').at(-1) ?? ofKind(within, 'detected').at(-1)
  const planned = ofKind(within, 'planned').at(-1)?.steps ?? []
  const passed = ofKind(events, 'checkpoint').some(one => one.phase === id)
  return {
    id,
    kind,
    title,
    outcome: ended?.outcome ?? (started ? 'stopped' : 'not executed'),
    ...(started && { startedAt: started.at }),
    ...(started && ended && { seconds: seconds(started.at, ended.at) }),
    ...(plannedSeconds !== undefined && { plannedSeconds }),
    ...(checkpoint !== undefined && passed && { checkpoint }),
    ...(ended?.detail !== undefined && { detail: ended.detail }),
    ...(said && { by: said.by, answer: said.kind === 'manual' ? said.answer : said.detail }),
    steps: planned.map(({ step, host, title: name }) => {
      const begun = ofKind(within, 'step-started').find(one => one.step === step)
      const done = ofKind(within, 'step-done').findLast(one => one.step === step)
      const failed = ofKind(within, 'step-failed').findLast(one => one.step === step)
      const state = done
        ? done.how === 'already'
          ? 'held already'
          : 'executed'
        : failed
          ? 'failed'
          : 'not executed'
      const end = done ?? failed
      return {
        id: step,
        host,
        title: name,
        state,
        ...(begun && end && { seconds: seconds(begun.at, end.at) }),
      }
    }),
  }
}

/** What happened from the beginning of a phase to its end, in every part of the drill. */
export function eventsWithin(events: readonly Event[], phase: string): readonly Event[] {
  let inside = false
  return events.filter(event => {
    if (event.kind === 'phase-started') inside = event.phase === phase
    if (event.kind === 'drill-started') inside = false
    return inside
  })
}

function faultsOf(events: readonly Event[]): DrillReport['faults'] {
  return ofKind(events, 'fault')
    .filter(one => one.state === 'on')
    .map(({ fault, host, at }) => {
      const undone = ofKind(events, 'fault').find(one => one.fault === fault && one.state === 'undone')
      return { fault, host, on: at, ...(undone && { undone: undone.at, by: undone.by }) }
    })
}

/** What whoever reads it should do something about. */
function findingsOf(
  events: readonly Event[],
  objectives: readonly Verdict[],
  phases: readonly ReportPhase[],
  faults: DrillReport['faults'],
  { losses }: DrillFigures,
): readonly string[] {
  return [
    ...objectives.flatMap(({ objective, targetSeconds, seconds: seen, met }) =>
      met === false
        ? [
            `${objective} was ${seen === null ? 'never reached' : `${seen} s`}, and ${targetSeconds} s were allowed`,
          ]
        : met === null
          ? [`${objective} could not be told`]
          : [],
    ),
    ...losses.flatMap(({ of, lost }) =>
      lost.length > 0 ? [`${lost.length} of the written ${of} are lost`] : [],
    ),
    ...phases.flatMap(({ id, outcome, detail }) =>
      outcome === 'done' ? [] : [`phase ${id}: ${outcome}${detail === undefined ? '' : `: ${detail}`}`],
    ),
    ...phases.flatMap(({ id, seconds: took, plannedSeconds }) =>
      took !== undefined && plannedSeconds !== undefined && took > plannedSeconds
        ? [`phase ${id} took ${Math.round(took)} s, and ${plannedSeconds} s were planned`]
        : [],
    ),
    ...faults.flatMap(({ fault, host, undone }) =>
      undone === undefined ? [`the fault ${fault} on ${host} is not known to be undone`] : [],
    ),
    ...ofKind(events, 'aborted').map(({ rule }) => `ended early: ${rule}`),
  ]
}
