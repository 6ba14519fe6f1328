import { atLeast } from '../../plan/version.ts'
import type { UcpSpec } from '../../playbook/topology.ts'
import { type Way, lineOf, releasedAs, wayAlong } from '../hops.ts'

/** Minor lines in order; an upgrade goes from one to the next and skips none [D: ee/upgrade.md, ee/ucp/admin/install/upgrade.md]. */
const lines = ['3.0', '3.1', '3.2', '3.3', '3.4', '3.5', '3.6', '3.7', '3.8', '3.9']

/** Where an upgrade stops on its way through a line: versions that are known to exist [L: pkg/product/mke/config/mke_config.go]. */
const stations: { readonly [line: string]: string } = { '3.1': '3.1.15', '3.2': '3.2.8', '3.3': '3.3.2' }

/** The versions of UCP to pass, the last one included. */
export function wayTo(from: string, to: string): Way {
  return wayAlong({ lines, stations }, from, to)
}

/** UCP's part of a playbook as it would be at another version. */
export function atVersion(ucp: UcpSpec, version: string): UcpSpec {
  return releasedAs(ucp, 'ucp', version, prefixOf)
}

/** The vendor's repository that holds a version [§1.2]; a test holds it equal to the playbook's own rule. */
export function prefixOf(version: string): 'docker' | 'mirantis' {
  const first = stations[lineOf(version)]
  return atLeast(version, '3.4.0') || (first !== undefined && atLeast(version, first)) ? 'mirantis' : 'docker'
}
