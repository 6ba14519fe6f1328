import type { Plan } from '../../plan/step.ts'
import type { Drill, Phase } from '../../plan/drill.ts'
import type { Json } from '../../plan/step.ts'
import type { Answer } from '../../run/drillStage.ts'
import type { Event } from '../../run/event.ts'
import { drillPlanReport, drillPlanText } from '../../views/drillPlan.ts'
import { asksPeople } from '../drill/answers.ts'
import { rehearseDrill } from '../drill/carry.ts'
import { loadGoodDrill } from '../drill/load.ts'
import { exits } from '../exit.ts'
import type { Io } from '../io.ts'

/** Shows what a drill would do: it is carried out on pretended hosts, where people say yes and take as long as the paper says. */
export async function drillPlan(
  args: { readonly file: string; readonly mode?: string; readonly json: boolean },
  io: Io,
): Promise<number> {
  const of = await loadGoodDrill(args.file, io, args.mode)
  const pretended: Drill = { ...of.drill, mode: 'rehearse' }
  const events: Event[] = []
  const plans = new Map<string, Plan>()
  await rehearseDrill({
    of: { ...of, drill: pretended },
    id: 'plan',
    answers: new Map(
      pretended.phases.filter(one => asksPeople(one, 'rehearse')).map(one => [one.id, supposed(one)]),
    ),
    past: [],
    emit: event => void events.push(event),
    signal: new AbortController().signal,
    io,
    kept: phase => plans.get(phase),
    keep: (phase, { plan }) => void plans.set(phase, plan),
  })
  const report = drillPlanReport(of.drill, events, plans)
  io.out(args.json ? `${JSON.stringify(report, null, 1)}\n` : drillPlanText(report, io.outPaint))
  if (report.stopped !== undefined) return exits.refused
  io.err(`next: runbook drill run ${args.file} --mode ${of.drill.mode}\n`)
  return exits.ok
}

const values: { readonly [type: string]: Json } = { integer: 0, number: 0, string: '', boolean: true }

function supposed(phase: Phase): Answer {
  const answer =
    phase.kind === 'manual'
      ? Object.fromEntries(Object.entries(phase.expect).map(([name, type]) => [name, values[type] ?? '']))
      : true
  return { by: 'the plan', answer, afterSeconds: phase.plannedSeconds ?? 60 }
}
