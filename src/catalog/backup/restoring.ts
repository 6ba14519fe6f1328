import type { Step, StepId } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { products } from '../index.ts'
import type { Context, Play, Product } from '../product.ts'
import { restoreFindings } from './restoreFindings.ts'
import { type Found, restoreDtr, restoreImages, restoreSwarm, restoreUcp } from './plays/restore.ts'

/**
 * All products as `apply` has them, but that swarm and UCP, and the first replica of the registry, come out of a set where they would be
 * installed. So the order is the vendor's (swarm, UCP, managers, workers, registry, replicas, balancer), what is there already holds,
 * and an `apply` afterwards has nothing to do.
 */
export function restoreProducts(found: Found): readonly Product[] {
  return products.map(product => {
    if (product.name === 'ucp')
      return {
        ...product,
        plays: { ...product.plays, converge: instead(found, product.plays.converge, swarmAndUcp) },
        findings: (topology, facts) => product.findings(inOrder(topology, found), facts),
      }
    if (product.name === 'dtr')
      return {
        ...product,
        plays: { ...product.plays, converge: instead(found, product.plays.converge, registry) },
      }
    if (product.name === 'acceptance')
      return { ...product, plays: { ...product.plays, converge: maybe(found, product.plays.converge) } }
    if (product.name !== 'backup') return product
    return {
      ...product,
      wanted: () => true,
      asks: restoreFindings.asks,
      findings: (topology, facts) => restoreFindings.findings(topology, found.set, facts),
    }
  })
}

/** Steps that set what an archive holds too. */
const settings = /^(ucp\.(license|scheduling|config|sans)|dtr\.(storage|reconfigure|settings|certificate))/

/** The image that proves the registry is in the set too, where there was one. */
function maybe(found: Found, play: Play): Play {
  return context =>
    play(context).map(step => ({
      ...step,
      mayFollow: { checks: step.goal, hosts: [found.set.swarm.host] },
    }))
}

type Instead = (context: Context, found: Found, step: Step) => readonly Step[] | undefined

/** The same play with some steps replaced; whoever needed one of those needs the last of what came in its place. */
function instead(found: Found, play: Play, replace: Instead): Play {
  return given => {
    const context = { ...given, topology: inOrder(given.topology, found) }
    const now = new Map<StepId, StepId>()
    const steps = play(context).flatMap(step => {
      const others = replace(context, found, step)
      const last = others?.at(-1)
      if (others === undefined || last === undefined) return [step]
      now.set(step.id, last.id)
      return others
    })
    const restored = [...now.values()]
    return steps.map(step => ({
      ...step,
      needs: step.needs.map(id => now.get(id) ?? id),
      // Settings come back with the archive, as far as they were set when it was made.
      ...(restored.length > 0 &&
        !restored.includes(step.id) &&
        settings.test(step.kind) && {
          mayFollow: { checks: step.goal, hosts: [found.set.swarm.host, step.host] },
        }),
    }))
  }
}

const swarmAndUcp: Instead = ({ topology }, found, step) => {
  const { ucp } = topology
  if (!ucp || step.kind !== 'ucp.install') return undefined
  const swarm = restoreSwarm(topology, found, step.needs)
  return [swarm, restoreUcp(topology, ucp, found, [swarm.id])]
}

const registry: Instead = (context, found, step) => {
  if (step.kind !== 'dtr.install' || found.set.dtr === undefined) return undefined
  const restored = restoreDtr(context, found, step)
  const replica = context.topology.dtr?.replicas.find(one => one.host === step.host)
  return [restored, ...(replica ? restoreImages(context.topology, found, replica, [restored.id]) : [])]
}

/** The manager and the replica that the set was taken from come first: they are what the others join. */
export function inOrder(topology: Topology, { set }: Found): Topology {
  const { ucp, dtr } = topology
  const managers = ucp?.managers ?? []
  const isHis = (host: string): boolean => host === set.swarm.host
  return {
    ...topology,
    ...(ucp && {
      ucp: { ...ucp, managers: [...managers.filter(isHis), ...managers.filter(host => !isHis(host))] },
    }),
    ...(dtr && {
      dtr: {
        ...dtr,
        replicas: [
          ...dtr.replicas.filter(one => one.id === set.dtr?.replicaId),
          ...dtr.replicas.filter(one => one.id !== set.dtr?.replicaId),
        ],
      },
    }),
  }
}
