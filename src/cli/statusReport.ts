import { products } from '../catalog/index.ts'
import { fitting } from '../catalog/recover/index.ts'
import type { Facts } from '../plan/fact.ts'
import { preview } from '../plan/preview.ts'
import { margins } from '../plan/quorum.ts'
import type { Topology } from '../playbook/topology.ts'
import { observe } from '../run/observe.ts'
import type { Sessions, World } from '../run/world.ts'
import { clean } from '../views/clean.ts'
import { endsSoon } from '../views/endsSoon.ts'
import { overall, type StatusReport } from '../views/status.ts'
import { advice } from './advice.ts'
import { exits } from './exit.ts'
import type { Survey } from './survey.ts'

/**
 * 0: healthy. 20: a majority is lost for sure. 11: a host could not be asked, so that nobody knows. 18: anything else that is not as it
 * should be. Drift alone is no illness: `plan --detailed-exitcode` tells of it.
 */
export function exitOfStatus(report: StatusReport): number {
  const state = overall(report)
  if (state === 'ok') return exits.ok
  if (state === 'lost') return exits.lost
  return Object.keys(report.unreachable).length > 0 ? exits.unreachable : exits.unsteady
}

/** Puts together what a survey says, after asking what only `status` wants to know. */
export async function reportOf(
  topology: Topology,
  { plan, facts: planned, unreachable }: Survey,
  file: string,
  world: World,
  sessions: Sessions,
): Promise<StatusReport> {
  const wanted = products.filter(product => product.wanted(topology))
  const refs = wanted.flatMap(product => product.reports?.(topology, planned) ?? [])
  const more = await observe(
    refs.filter(ref => !unreachable.has(ref.host)),
    world,
    sessions,
  )
  const facts: Facts = new Map([...planned, ...more.facts])
  const nowMs = world.clock.now()
  const steps = new Map(plan.steps.map(step => [step.id, step]))
  // Who cannot be asked is taken for lost: that is what its hosts would be given up for.
  const lost = [...unreachable.keys()].sort()
  const recipes = fitting({ topology, facts, lost }).map(({ name }) => name)
  const report = {
    name: topology.name,
    at: new Date(nowMs).toISOString(),
    health: wanted.flatMap(product => product.health?.(topology, facts) ?? []),
    rows: wanted.flatMap(product => product.status(topology, facts)).map(row => endsSoon(row, nowMs)),
    quorums: margins(plan.quorums, facts),
    drift: preview(plan, planned).flatMap(({ step: id, will }) => {
      const step = steps.get(id)
      // What runs every time says nothing about what is there.
      return will === 'hold' || step === undefined || step.opaque
        ? []
        : [{ step: id, title: step.title, will }]
    }),
    findings: wanted
      .flatMap(product => product.findings(topology, facts))
      .map(({ code, severity, message, help, host }) => ({
        code,
        severity,
        message,
        ...(help !== undefined && { help }),
        ...(host !== undefined && { host }),
      })),
    unreachable: Object.fromEntries(
      [...unreachable, ...more.unreachable].map(([host, error]) => [host, clean(error.message)]),
    ),
    ...(recipes.length > 0 && { recipes }),
  }
  return { ...report, next: advice(report, file) }
}
