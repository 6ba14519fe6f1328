import type { Finding, RulePage } from '../plan/finding.ts'
import type { Topology } from '../playbook/topology.ts'

/** Findings the playbook accepts become notes with its reason; those that may not be accepted stay what they are. */
export function settle(
  topology: Topology,
  pages: readonly RulePage[],
  findings: readonly Finding[],
): readonly Finding[] {
  return findings.map(finding => {
    const accepted = topology.accepts?.find(({ code }) => code === finding.code)
    const page = pages.find(({ code }) => code === finding.code)
    if (accepted === undefined || page?.acceptable !== true || finding.severity === 'note') return finding
    return { ...finding, severity: 'note', message: `${finding.message} (accepted: ${accepted.reason})` }
  })
}
