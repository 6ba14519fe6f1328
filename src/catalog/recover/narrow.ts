import type { HostName, Step, StepId } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'

/**
 * The playbook without the hosts that were given up: what they carried is named as absent, so that the others let go of it. What is
 * left may be even, or one: a recovery goes through states that no playbook should declare.
 */
export function remaining(topology: Topology, lost: readonly HostName[]): Topology {
  if (lost.length === 0) return topology
  const stays = (host: HostName): boolean => !lost.includes(host)
  const { ucp, dtr, loadBalancer, absent } = topology
  const nodes = [...(ucp?.managers ?? []), ...(ucp?.workers ?? [])]
  const replicas = dtr?.replicas.filter(({ host }) => stays(host)) ?? []
  return {
    ...withoutProducts(topology),
    hosts: Object.fromEntries(Object.entries(topology.hosts).filter(([host]) => stays(host))),
    docker: { ...topology.docker, hosts: topology.docker.hosts.filter(stays) },
    absent: {
      nodes: unique([...(absent?.nodes ?? []), ...nodes.filter(host => !stays(host))]),
      replicas: unique([
        ...(absent?.replicas ?? []),
        ...(dtr?.replicas ?? []).filter(({ host }) => !stays(host)).map(({ id }) => id),
      ]),
    },
    ...(ucp && {
      ucp: { ...ucp, managers: ucp.managers.filter(stays), workers: ucp.workers.filter(stays) },
    }),
    ...(dtr && replicas.length > 0 && { dtr: { ...dtr, replicas } }),
    ...(loadBalancer && {
      loadBalancer:
        loadBalancer.kind === 'external'
          ? loadBalancer
          : { ...loadBalancer, hosts: loadBalancer.hosts.filter(stays) },
    }),
  }
}

function withoutProducts(topology: Topology): Topology {
  const { ucp: _ucp, dtr: _dtr, loadBalancer: _balancer, absent: _absent, ...rest } = topology
  return rest
}

/** The steps of these kinds. What waited for one that is not taken waits for what that one would have waited for. */
export function restricted(steps: readonly Step[], kinds: readonly string[]): readonly Step[] {
  const dropped = new Map<StepId, readonly StepId[]>()
  return steps.flatMap(step => {
    const needs = unique(step.needs.flatMap(need => dropped.get(need) ?? [need]))
    if (kinds.includes(step.kind)) return [{ ...step, needs }]
    dropped.set(step.id, needs)
    return []
  })
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)]
}
