import type { Drill, FaultSpec, Phase } from '../plan/drill.ts'
import type { Plan, Step } from '../plan/step.ts'
import type { Event } from '../run/event.ts'
import { drillFigures, type DrillFigures } from '../run/drillFigures.ts'
import { eventsWithin, ofKind } from './drillReport.ts'
import { time } from './drillWords.ts'
import { count, duration, type Paint, table } from './layout.ts'

/** What a drill would do, as pretended hosts showed it. */
export interface DrillPlanReport {
  readonly format: 'runbook.drill-plan/1'
  readonly name: string
  readonly title: string
  readonly mode: Drill['mode']
  /** Phases that something is done in, and checkpoints. */
  readonly actions: number
  readonly checkpoints: number
  readonly plannedSeconds: number
  readonly phases: readonly {
    readonly id: string
    readonly kind: Phase['kind']
    readonly title: string
    readonly seconds: number | null
    readonly plannedSeconds?: number
    readonly checkpoint?: string
    readonly words: readonly string[]
    readonly steps: readonly {
      readonly id: string
      readonly host: string
      readonly title: string
      readonly runs: boolean
    }[]
    /** Of each group: members up when the phase ended, and the fewest while it went on. */
    readonly groups: {
      readonly [name: string]: { readonly lowest: number; readonly up: number; readonly members: number }
    }
  }[]
  /** The phase behind which there is no way back, and why. */
  readonly noReturn?: { readonly phase: string; readonly why: string }
  readonly expected: DrillFigures
  /** Why it did not get to its end, on pretended hosts. */
  readonly stopped?: string
}

/** Puts a plan together from a rehearsal's events and the plans that its phases made. Pure. */
export function drillPlanReport(
  drill: Drill,
  events: readonly Event[],
  plans: ReadonlyMap<string, Plan>,
): DrillPlanReport {
  const ended = ofKind(events, 'drill-ended').at(-1)
  const phases = drill.phases.map((phase): DrillPlanReport['phases'][number] => {
    const within = eventsWithin(events, phase.id)
    const started = ofKind(within, 'phase-started')[0]
    const end = ofKind(within, 'phase-ended').at(-1)
    const idle = new Set(
      ofKind(within, 'step-done').flatMap(one => (one.how === 'already' ? [one.step] : [])),
    )
    const looks = ofKind(within, 'quorums')
    const names = Object.keys(looks.at(-1)?.groups ?? {})
    return {
      id: phase.id,
      kind: phase.kind,
      title: phase.title,
      seconds: started && end ? (Date.parse(end.at) - Date.parse(started.at)) / 1000 : null,
      ...(phase.plannedSeconds !== undefined && { plannedSeconds: phase.plannedSeconds }),
      ...(phase.checkpoint !== undefined && { checkpoint: phase.checkpoint }),
      words: phaseWords(phase),
      steps: (plans.get(phase.id)?.steps ?? []).map(({ id, host, title }) => ({
        id,
        host,
        title,
        runs: !idle.has(id),
      })),
      groups: Object.fromEntries(
        names.map(name => {
          const last = looks.at(-1)?.groups[name]
          const lowest = Math.min(...looks.flatMap(one => one.groups[name]?.up ?? []))
          return [name, { lowest, up: last?.up ?? 0, members: last?.members ?? 0 }]
        }),
      ),
    }
  })
  const noReturn = noReturnOf(drill, plans, phases)
  return {
    format: 'runbook.drill-plan/1',
    name: drill.name,
    title: drill.title,
    mode: drill.mode,
    actions: drill.phases.length,
    checkpoints: drill.phases.filter(phase => phase.checkpoint !== undefined).length,
    plannedSeconds: drill.phases.reduce((sum, phase) => sum + (phase.plannedSeconds ?? 0), 0),
    phases,
    ...(noReturn && { noReturn }),
    expected: drillFigures(events, drill),
    ...(ended?.outcome !== 'done' && { stopped: ended?.detail ?? 'it did not end' }),
  }
}

function noReturnOf(
  { phases }: Drill,
  plans: ReadonlyMap<string, Plan>,
  played: DrillPlanReport['phases'],
): DrillPlanReport['noReturn'] {
  for (const phase of phases) {
    if (phase.kind === 'declare' && phase.pointOfNoReturn)
      return { phase: phase.id, why: 'what is decided here cannot be taken back' }
    const runs = new Set(
      played.find(one => one.id === phase.id)?.steps.flatMap(one => (one.runs ? [one.id] : [])),
    )
    const isFinal = (step: Step): boolean =>
      step.risk === 'irreversible' && step.undo === undefined && runs.has(step.id)
    const final = plans.get(phase.id)?.steps.find(isFinal)
    if (final) return { phase: phase.id, why: `nothing undoes: ${final.title}` }
  }
  return undefined
}

function phaseWords(phase: Phase): readonly string[] {
  switch (phase.kind) {
    case 'fault':
      return phase.faults.map(faultWords)
    case 'detect':
      return [
        phase.by === 'human'
          ? `somebody says: ${phase.prompt}`
          : `by the drill's own clients and groups, within ${duration(phase.timeoutSeconds)}`,
      ]
    case 'declare':
      return [
        `${phase.approve.length === 0 ? 'somebody' : phase.approve.join(', ')} decides: ${phase.prompt}`,
      ]
    case 'recover':
    case 'failback':
      return [
        ...(phase.undoFaults ? ['the faults are undone first'] : []),
        phase.recipe === 'undo'
          ? `the faults are undone${phase.hosts.length === 0 ? '' : ` on ${phase.hosts.join(', ')}`}`
          : `${phase.recipe === 'apply' ? 'the playbook is made true again' : `as runbook recover ${phase.recipe}`}${phase.hosts.length === 0 ? '' : ` --without ${phase.hosts.join(',')}`}`,
      ]
    case 'verify':
      return [
        `every service well, every group ${phase.groups === 'full' ? 'full' : 'with a majority'}, within ${duration(phase.withinSeconds)}, and for ${duration(phase.soakSeconds)}`,
      ]
    case 'manual':
      return [`${phase.assignee ?? 'somebody'}: ${phase.prompt}`]
  }
}

function faultWords({ do: what, hosts, undoAfterSeconds }: FaultSpec): string {
  return `${what} on ${hosts.join(', ')}; a timer there undoes it after ${duration(undoAfterSeconds)}`
}

/** The plan at the terminal. */
export function drillPlanText(report: DrillPlanReport, paint: Paint): string {
  const planned = report.plannedSeconds > 0 ? `, ${duration(report.plannedSeconds)} on paper` : ''
  const lines = [
    `${paint.bold(report.title)} (${report.name})`,
    `${count(report.actions, 'action')}, ${count(report.checkpoints, 'checkpoint')}${planned}; carried out on pretended hosts to make this plan, no host was asked`,
    '',
  ]
  for (const [i, phase] of report.phases.entries()) {
    const took = phase.seconds === null ? 'not reached' : `about ${duration(phase.seconds)}`
    const paper = phase.plannedSeconds === undefined ? '' : `, ${duration(phase.plannedSeconds)} on paper`
    lines.push(
      `${String(i + 1).padStart(2)}  ${paint.bold(`${phase.id}: ${phase.title}`)}  ${paint.dim(`${took}${paper}`)}`,
    )
    lines.push(...phase.words.map(words => `      ${words}`))
    const running = phase.steps.filter(step => step.runs)
    lines.push(...running.map(step => `      - ${step.title}  ${paint.dim(step.id)}`))
    const held = phase.steps.length - running.length
    if (held > 0) lines.push(paint.dim(`      ${count(held, 'step')} already so`))
    if (phase.checkpoint !== undefined) lines.push(paint.yellow(`    == checkpoint: ${phase.checkpoint}`))
    if (report.noReturn?.phase === phase.id)
      lines.push(paint.red(`    == no way back from here: ${report.noReturn.why}`))
  }
  const names = [...new Set(report.phases.flatMap(phase => Object.keys(phase.groups)))]
  if (names.length > 0) {
    lines.push('', 'Quorum timeline (up/members at the end of a phase; low: meanwhile)')
    const rows = report.phases
      .filter(phase => Object.keys(phase.groups).length > 0)
      .map(phase => [
        phase.id,
        ...names.map(name => {
          const group = phase.groups[name]
          if (group === undefined) return ''
          return `${group.up}/${group.members}${group.lowest < group.up ? ` (low ${group.lowest})` : ''}`
        }),
      ])
    lines.push(...table([['after', ...names], ...rows]).map(line => `  ${line}`))
  }
  const services = report.expected.services.map(
    one => `${one.service} ${one.rtoSeconds === 0 ? 'goes on' : `out for ${time(one.rtoSeconds)}`}`,
  )
  if (services.length > 0) lines.push('', `On pretended hosts: ${services.join(', ')}`)
  if (report.stopped !== undefined)
    lines.push(paint.red(`It does not get to its end there: ${report.stopped}`))
  return `${lines.join('\n')}\n`
}
