import type { Facts } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { HostName } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { products } from '../index.ts'
import type { Part } from './under.ts'
import { remaining, restricted } from './narrow.ts'

/** Findings about what a recovery leaves alone: upgrades, settings, and members that left the playbook without being asked for. */
const LEFT_ALONE = [
  ...['RB0822', 'RB0823', 'RB0824', 'RB0830', 'RB0831', 'RB0832', 'RB0833', 'RB0841', 'RB0846', 'RB0849'],
  ...['RB0851', 'RB0855', 'RB0858', 'RB0880', 'RB0881', 'RB0882', 'RB0883', 'RB0886', 'RB0887', 'RB0889'],
]

/** What `apply` does of these kinds, and nothing else, on what remains without the lost hosts: a recipe that apply's own plan holds. */
export function asApplyDoes(
  kinds: { readonly [product: string]: readonly string[] },
  lost: readonly HostName[],
  narrow: (topology: Topology, facts: Facts) => Topology = topology => topology,
): readonly Part[] {
  const bare = (topology: Topology): Topology => remaining(topology, lost)
  const seen = (topology: Topology, facts: Facts): Topology => narrow(bare(topology), facts)
  return products.flatMap((product): readonly Part[] => {
    const taken = kinds[product.name]
    if (!taken) return []
    const wants = (topology: Topology): boolean => product.wanted(topology)
    return [
      {
        of: product.name,
        asks: topology => (wants(bare(topology)) ? product.asks(bare(topology)) : []),
        play: context => {
          const topology = seen(context.topology, context.facts)
          return wants(topology) ? restricted(product.plays.converge({ ...context, topology }), taken) : []
        },
        quorums: (topology, facts) =>
          wants(bare(topology)) ? product.quorums(seen(topology, facts), facts) : [],
        findings: (topology, facts): readonly Finding[] =>
          wants(bare(topology))
            ? product.findings(seen(topology, facts), facts).filter(({ code }) => !LEFT_ALONE.includes(code))
            : [],
      },
    ]
  })
}

/** Kinds that bring a host of a cluster from nothing to where it can join. */
export const hostKinds = { os: [], docker: ['docker.install', 'docker.start'] } as const
/** Kinds that bring a registry back to its members. */
export const registryKinds = [
  'dtr.clear',
  'dtr.start',
  'dtr.remove',
  'dtr.destroy',
  'dtr.join',
  'dtr.whole',
] as const
