import type { Facts } from '../../plan/fact.ts'
import type { Finding, RulePage } from '../../plan/finding.ts'
import type { HostName } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { censusOf } from '../dtr/census.ts'
import { wantedOf } from '../dtr/questions.ts'
import { member, shown } from '../os/text.ts'
import { nodesSeen } from '../ucp/leavers.ts'
import { outdated } from './upgrade.ts'

export const sparePage: RulePage = {
  code: 'RB0824',
  title: 'An engine upgrade would cost a majority',
  severity: 'error',
  why: 'An engine takes all that runs on its host down for minutes. Where a member of a group is down already, another one might be one too many: everything must be healthy before an upgrade [§8.15].',
  fix: 'Write the engine version that runs, apply until all members are well, then write the new version.',
}

interface Voter {
  readonly host: HostName
  readonly isUp: boolean
}

/** Hosts whose engine is to be upgraded though a group of theirs could not do without them now. Groups of one or two never could. */
export function spareFindings(topology: Topology, facts: Facts): readonly Finding[] {
  const due = outdated(topology, facts)
  if (due.length === 0) return []
  const groups: readonly (readonly [string, readonly Voter[]])[] = [
    ['registry', replicas(topology, facts)],
    ['swarm', managers(topology, facts)],
  ]
  return groups.flatMap(([name, voters]) => {
    const up = voters.filter(one => one.isUp)
    const down = voters.filter(one => !one.isUp)
    const majority = Math.floor(voters.length / 2) + 1
    const host = due.find(one => up.some(voter => voter.host === one))
    if (down.length === 0 || host === undefined || up.length - 1 >= majority) return []
    return [
      {
        code: sparePage.code,
        severity: sparePage.severity,
        message: `${host} cannot be spared for an engine upgrade: ${up.length} of ${voters.length} members of the ${name} are up, ${down.map(one => one.host).join(', ')} not`,
        path: ['docker', 'version'],
        host,
        help: 'write the version that runs, apply until all are well, then write the new one',
      },
    ]
  })
}

function replicas(topology: Topology, facts: Facts): readonly Voter[] {
  const wanted = wantedOf(topology)
  if (!wanted) return []
  return censusOf(wanted, facts).members.map(({ host, state, id }) => ({
    host: host ?? id,
    isUp: state === 'healthy',
  }))
}

function managers({ ucp }: Topology, facts: Facts): readonly Voter[] {
  if (!ucp) return []
  return nodesSeen(ucp, facts)
    .filter(node => member(node, 'role') === 'manager')
    .map(node => ({
      host: shown(member(node, 'hostname')),
      isUp: member(node, 'state') === 'ready' && member(node, 'reachability') !== 'unreachable',
    }))
}
