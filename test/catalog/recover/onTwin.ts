import type { Product } from '../../../src/catalog/product.ts'
import type { Recipe } from '../../../src/catalog/recover/recipe.ts'
import { checkPlaybook } from '../../../src/cli/check.ts'
import { leaveOut } from '../../../src/cli/leaveOut.ts'
import { packageRoot } from '../../../src/cli/package.ts'
import { type Survey, survey } from '../../../src/cli/survey.ts'
import type { HostName } from '../../../src/plan/step.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import { createRedact } from '../../../src/run/redact.ts'
import { openSessions } from '../../../src/run/world.ts'
import { virtualClock } from '../../../src/twin/clock.ts'
import { connectTwin } from '../../../src/twin/connect.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import { type Performance, play, type Stage } from '../../../src/twin/rehearse.ts'
import { example } from '../../sweep/examples.ts'

/** A cluster that stands as its playbook says, and what planning for it sees. */
export interface Built {
  readonly topology: Topology
  readonly stage: Stage
  /** What these products see of an estate, and their plan for it. */
  readonly look: (
    estate: Estate,
    of: readonly Product[],
    lost?: readonly HostName[],
    topology?: Topology,
  ) => Promise<Survey>
}

export async function built(name: string): Promise<Built> {
  const { plan, stage } = await example(name)
  const { topology: whole, digest } = await checkPlaybook(`${packageRoot()}/playbooks/${name}.yml`)
  if (!whole || digest === undefined) throw new Error(`${name} is no good playbook`)
  const { estate } = await play(plan, stage, {})
  for (const host of Object.values(estate.hosts)) host.jobs = {}
  return {
    topology: whole,
    stage: { ...stage, estate },
    async look(seen, of, lost = [], topology = whole) {
      const clock = virtualClock(seen.clockMs)
      const connect = connectTwin(structuredClone(seen), stage.models, clock, { guardProbes: true })
      const ask = (): Promise<never> => Promise.reject(new Error('planning asks nobody'))
      const world = { ...stage, hosts: topology.hosts, connect, clock, ask, redact: createRedact() }
      const sessions = openSessions(topology.hosts, connect)
      return leaveOut(await survey(topology, digest, of, world, sessions, lost), lost)
    },
  }
}

/** What a recipe makes of an estate: its plan, its findings, and what the estate is afterwards. */
export async function recovered(
  { look, stage }: Built,
  estate: Estate,
  recipe: Recipe,
  lost: readonly HostName[] = [],
): Promise<Performance & { readonly seen: Survey; readonly stage: Stage }> {
  const seen = await look(estate, recipe.products(lost), lost)
  const own = { ...stage, estate }
  const done = await play(seen.plan, own, { guardProbes: true })
  for (const host of Object.values(done.estate.hosts)) host.jobs = {}
  return { ...done, seen, stage: own }
}

export const errors = (seen: Survey): readonly string[] =>
  seen.findings.filter(one => one.severity === 'error').map(one => `${one.code} ${one.message}`)
