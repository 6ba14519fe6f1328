import { dtr } from '../../src/catalog/dtr/index.ts'
import { isRunning, twinDtr } from '../../src/catalog/dtr/state.ts'
import { products } from '../../src/catalog/index.ts'
import { bareEstate } from '../../src/catalog/os/bareHost.ts'
import { type Survey, survey } from '../../src/cli/survey.ts'
import { factsOf } from '../../src/cli/world.ts'
import { holds } from '../../src/plan/check.ts'
import { canonical } from '../../src/plan/canonical.ts'
import { preview } from '../../src/plan/preview.ts'
import { showCheck } from '../../src/plan/show.ts'
import type { Plan } from '../../src/plan/step.ts'
import type { Topology } from '../../src/playbook/topology.ts'
import { fidelity } from '../../src/run/fidelity.ts'
import { createRedact } from '../../src/run/redact.ts'
import { openSessions } from '../../src/run/world.ts'
import { virtualClock } from '../../src/twin/clock.ts'
import { connectTwin } from '../../src/twin/connect.ts'
import type { Estate, Model } from '../../src/twin/estate.ts'
import { type Performance, type Stage, play } from '../../src/twin/rehearse.ts'
import { example, secret } from '../catalog/dtr/onTwin.ts'
import type { Start } from './starts.ts'

/** The estates' day: any fixed one, so that every run of the matrix is the same. */
const NOW_MS = Date.UTC(2026, 0, 1)

/** Playbook dtr-ha with `count` registry hosts d1, d2, …: every node is in the swarm, whichever of them carry replicas. */
export function playbook(
  hosts: readonly string[],
  more: Partial<Topology> = {},
  version?: string,
  count = 5,
): Topology {
  const base = example('dtr-ha')
  const { dtr: spec, ucp, hosts: known } = base
  const pattern = known['d3']
  if (!spec || !ucp || !pattern) throw new Error('dtr-ha is not what it was')
  const all = Array.from({ length: count }, (_, i) => `d${i + 1}`)
  const extra = all.slice(3).map((name, i) => ({ ...pattern, name, address: `198.51.100.${24 + i}` }))
  const everybody = { ...known, ...Object.fromEntries(extra.map(host => [host.name, host])) }
  const replicas = all
    .map((host, i) => ({ host, id: `${i + 1}`.repeat(12).slice(0, 11) + 'a', httpPort: 80, httpsPort: 443 }))
    .filter(({ host }) => hosts.includes(host))
  const workers = [...new Set([...ucp.workers, ...all.slice(3)])]
  const to = version ?? spec.version
  return {
    ...base,
    hosts: Object.fromEntries(Object.entries(everybody).sort(([a], [b]) => (a < b ? -1 : 1))),
    roles: { ...base.roles, worker: workers, dtr: replicas.map(one => one.host) },
    docker: { ...base.docker, hosts: [...new Set([...base.docker.hosts, ...all.slice(3)])] },
    ucp: { ...ucp, workers },
    dtr: {
      ...spec,
      replicas,
      version: to,
      image: `${to === spec.version ? spec.repository : 'mirantis'}/dtr:${to}`,
      repository: to === spec.version ? spec.repository : 'mirantis',
    },
    ...more,
  }
}

const prune = { prune: true } as const
const backedUp = { code: 'RB0882', reason: 'backed up by hand for the matrix' }

/** What is wanted, by name. */
export const playbooks: { readonly [name: string]: Topology } = {
  three: playbook(['d1', 'd2', 'd3'], { accepts: [backedUp] }),
  'three, pruned': playbook(['d1', 'd2', 'd3'], { ...prune, accepts: [backedUp] }),
  'five, pruned': playbook(['d1', 'd2', 'd3', 'd4', 'd5'], { ...prune, accepts: [backedUp] }),
  'one, pruned': playbook(['d1'], { ...prune, accepts: [backedUp] }),
  'd3 moved to d4, pruned': playbook(['d1', 'd2', 'd4'], { ...prune, accepts: [backedUp] }),
  'three at 2.8.2, pruned': playbook(['d1', 'd2', 'd3'], { ...prune, accepts: [backedUp] }, '2.8.2'),
}

/** How one pair ended. */
export interface Ending {
  readonly start: string
  readonly playbook: string
  readonly end: 'reached' | 'refused' | 'wrong'
  /** Codes of the refusal, or what is wrong. */
  readonly why: string
  readonly lowest?: { readonly printed: number; readonly seen: number }
  /** Commands and files: so many were planned, so many of them were what ran. */
  readonly fidelity?: {
    readonly planned: number
    readonly asPlanned: number
    readonly strays: readonly string[]
    /** Steps that the plan named as needed only if something does not come true by itself: begun, and not needed. */
    readonly ifNeeded: { readonly begun: number; readonly spared: number }
    /** Steps of whose goal something could not be seen beforehand. */
    readonly unseen: number
  }
}

/** Read-only: what is there, and what would be done about it. @throws when looking has changed anything */
export async function look(topology: Topology, estate: Estate): Promise<Survey> {
  const stage = stageOf(estate)
  const clock = virtualClock(estate.clockMs)
  const looked = structuredClone(estate)
  const connect = connectTwin(looked, stage.models, clock, { guardProbes: true })
  const ask = (): Promise<never> => Promise.reject(new Error('planning asks nobody'))
  const world = { ...stage, hosts: topology.hosts, connect, clock, ask, redact: createRedact() }
  const seen = await survey(topology, 'matrix', products, world, openSessions(topology.hosts, connect))
  const state = (of: Estate): string => canonical({ ...of, clockMs: 0 })
  if (state(looked) !== state(estate)) throw new Error('looking has changed the estate')
  return seen
}

/** Applies one playbook to one estate, then looks at the result as a second apply would. */
export async function pair(
  start: { readonly name: string; readonly estate: Estate },
  name: string,
  topology: Topology,
): Promise<Ending> {
  const said = { start: start.name, playbook: name }
  const estate = structuredClone(start.estate)
  for (const host of Object.values(estate.hosts)) host.jobs = {}
  const seen = await look(topology, estate)
  if (seen.unreachable.size > 0)
    return { ...said, end: 'refused', why: `unreachable: ${[...seen.unreachable.keys()].join(', ')}` }
  const errors = [...new Set(seen.findings.filter(one => one.severity === 'error').map(one => one.code))]
  if (errors.length > 0) return { ...said, end: 'refused', why: errors.sort().join(', ') }
  const { performance, lowest } = await watched(seen.plan, estate)
  const { run, events } = performance
  if (run.outcome !== 'done') {
    const failed = [...run.steps].find(([, step]) => step.failure)
    const last = events.at(-1)
    const held = last?.kind === 'run-ended' ? last.held?.[0] : undefined
    return {
      ...said,
      end: 'wrong',
      why: `ended ${run.outcome ?? 'nowhere'} at ${failed?.[0] ?? held?.step ?? '?'}: ${canonical(failed?.[1].failure ?? held ?? {}).slice(0, 400)}`,
    }
  }
  const printed = printedMargin(seen)
  const outlooks = preview(seen.plan, seen.facts)
  const kept = fidelity(seen.plan, events, outlooks)
  const { planned, asPlanned, ifNeeded } = kept
  const unseen = outlooks.filter(one => one.will === 'depend' && one.after === undefined).length
  const strays = [
    ...new Set(kept.missing.map(deed => `planned and not needed: ${deed.step}`)),
    ...new Set(kept.unplanned.map(deed => `run and not planned: ${deed.step}`)),
  ]
  const margins = {
    lowest: { printed, seen: lowest },
    fidelity: { planned, asPlanned, strays, ifNeeded, unseen },
  }
  if (lowest < printed)
    return { ...said, ...margins, end: 'wrong', why: `margin ${lowest}, the plan printed ${printed}` }
  const after = structuredClone(performance.estate)
  for (const host of Object.values(after.hosts)) host.jobs = {}
  const again = await look(topology, after)
  const errorsAfter = again.findings.filter(one => one.severity === 'error').map(one => one.code)
  if (errorsAfter.length > 0) return { ...said, end: 'wrong', why: `then refused: ${errorsAfter.join(', ')}` }
  const more = preview(again.plan, again.facts).filter(one => one.will !== 'hold')
  if (more.length > 0)
    return { ...said, end: 'wrong', why: `the second apply would do ${more.map(one => one.step).join(', ')}` }
  const unmet = products
    .filter(product => product.wanted(topology))
    .flatMap(product => product.healthy(topology))
    .filter(check => !holds(check, again.facts))
  if (unmet.length > 0)
    return { ...said, end: 'wrong', why: `not as declared: ${unmet.slice(0, 3).map(showCheck).join('; ')}` }
  return { ...said, ...margins, end: 'reached', why: '' }
}

/** The lowest margin of the registry's database that the plan prints. */
export function printedMargin({ plan, facts }: Survey): number {
  const name = dtr.quorums(playbooks['three'] ?? example('dtr-ha'), new Map())[0]?.name ?? ''
  return Math.min(
    ...preview(plan, facts).flatMap(one => [
      one.lowest[name]?.spare ?? Infinity,
      one.margins[name]?.spare ?? Infinity,
    ]),
  )
}

/** Plays a plan and keeps an eye on the registry's database itself: the fewest members it could have lost at any command. */
export async function watched(
  plan: Plan,
  estate: Estate,
): Promise<{ readonly performance: Performance; readonly lowest: number }> {
  let lowest = Infinity
  const spy: Model = (_line, _host, now) => {
    const members = Object.entries(twinDtr(now)?.members ?? {})
    const up = members.filter(([id, { host }]) => isRunning(now, id, host)).length
    if (members.length > 0) lowest = Math.min(lowest, up - (Math.floor(members.length / 2) + 1))
    return undefined
  }
  const stage = stageOf(estate)
  const performance = await play(plan, { ...stage, models: [spy, ...stage.models] }, { guardProbes: true })
  return { performance, lowest }
}

export function stageOf(estate: Estate): Stage {
  return {
    estate,
    models: products.map(product => product.model),
    facts: factsOf(products),
    secret,
    file: file => `pretend content of ${file}\n`,
    width: 10,
  }
}

/** A cluster as its installation leaves it; after so many steps of it where that is said. */
export async function built(from: Start['from'], cutAfter?: number, before?: string): Promise<Estate> {
  const hosts = {
    bare: [],
    one: ['d1'],
    two: ['d1', 'd2'],
    three: ['d1', 'd2', 'd3'],
    five: ['d1', 'd2', 'd3', 'd4', 'd5'],
  }
  const own = hosts[from]
  const topology = playbook(own.length === 0 ? ['d1', 'd2', 'd3'] : own)
  const bare = { ...bareEstate(topology), clockMs: NOW_MS }
  if (from === 'bare' && cutAfter === undefined) return bare
  const { plan } = await look(topology, bare)
  const at = before === undefined ? -1 : plan.steps.findIndex(step => step.kind === before)
  const end = at >= 0 ? at : cutAfter
  const part = end === undefined ? plan : { ...plan, steps: plan.steps.slice(0, end) }
  const { performance } = await watched(part, bare)
  if (performance.run.outcome !== 'done') throw new Error(`${from} could not be built`)
  return performance.estate
}

/** The installation of three replicas, cut after each of its steps. */
export async function cuts(): Promise<readonly Start[]> {
  const topology = playbook(['d1', 'd2', 'd3'])
  const { plan } = await look(topology, { ...bareEstate(topology), clockMs: NOW_MS })
  return plan.steps.slice(0, -1).map((step, i) => ({
    name: `cut after ${step.id}`,
    from: 'three',
    cutAfter: i + 1,
  }))
}
