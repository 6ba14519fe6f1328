import { settle } from '../catalog/accept.ts'
import { backupWanted } from '../catalog/backup/wanted.ts'
import type { Finding } from '../plan/finding.ts'
import { BREAKS, breaking, majorityPages } from '../plan/majority.ts'
import type { HostName } from '../plan/step.ts'
import type { Topology } from '../playbook/topology.ts'
import { leaveOut } from './leaveOut.ts'
import type { Survey } from './survey.ts'

/**
 * The part of a plan that does not need the hosts that are left out, and what is to be said about it: also each step that would cost a group
 * its majority, and, where the playbook has backups made, what cannot be undone without a fresh one. Both are refused unless it accepts them.
 * @param needsBackup false: what is done is itself the way out of a loss, or takes everything away
 */
export function judged<S extends Pick<Survey, 'plan' | 'facts' | 'findings' | 'refs'>>(
  seen: S,
  out: readonly HostName[],
  topology: Topology,
  needsBackup = true,
): S {
  const rest = leaveOut(seen, out)
  const found = breaking(rest.plan, rest.facts).flatMap(({ step, groups }) =>
    groups.map(({ quorum, up, members }): Finding => ({
      code: BREAKS,
      severity: 'error',
      path: [],
      message: `${step} would leave ${quorum.name} with ${up} of ${members} up: no majority`,
      help: `bring a member back first; or override it: accept ${BREAKS} with your reason`,
    })),
  )
  const wanted = needsBackup ? backupWanted(topology, rest.plan, rest.facts) : []
  return { ...rest, findings: [...rest.findings, ...settle(topology, majorityPages, found), ...wanted] }
}
