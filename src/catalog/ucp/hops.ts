import { atLeast, compareVersions, components } from '../../plan/version.ts'
import type { UcpSpec } from '../../playbook/topology.ts'

/** Minor lines in order; an upgrade goes from one to the next and skips none [D: ee/upgrade.md, ee/ucp/admin/install/upgrade.md]. */
const lines = ['3.0', '3.1', '3.2', '3.3', '3.4', '3.5', '3.6', '3.7', '3.8', '3.9'] as const

/** Where an upgrade stops on its way through a line: versions that are known to exist [L: pkg/product/mke/config/mke_config.go]. */
const stations: { readonly [line: string]: string } = { '3.1': '3.1.15', '3.2': '3.2.8', '3.3': '3.3.2' }

/** A way from one version to another. */
export type Way =
  | { readonly kind: 'hops'; readonly versions: readonly string[] }
  | { readonly kind: 'downgrade' }
  /** A line on the way of which no version is known to exist here. */
  | { readonly kind: 'no-station'; readonly line: string }

/** The versions to pass, the last one included; none when it is there already. Patches are free, minors are not skipped, nothing leads back. */
export function wayTo(from: string, to: string): Way {
  const difference = compareVersions(from, to)
  if (difference === 0) return { kind: 'hops', versions: [] }
  if (difference > 0) return { kind: 'downgrade' }
  const [start, end] = [lineIndex(from), lineIndex(to)]
  if (start < 0 || end < 0) return { kind: 'no-station', line: lineOf(start < 0 ? from : to) }
  const versions: string[] = []
  for (const line of lines.slice(start + 1, Math.max(start + 1, end))) {
    const station = stations[line]
    if (station === undefined) return { kind: 'no-station', line }
    versions.push(station)
  }
  return { kind: 'hops', versions: [...versions, to] }
}

/** UCP's part of a playbook as it would be at another version: its bootstrapper's image has the prefix of that version. */
export function atVersion(ucp: UcpSpec, version: string): UcpSpec {
  if (version === ucp.version) return ucp
  const own = ucp.image.slice(0, ucp.image.lastIndexOf('/ucp:'))
  const repository = own === prefixOf(ucp.version) ? prefixOf(version) : own
  return { ...ucp, version, repository, image: `${repository}/ucp:${version}` }
}

/** The vendor's repository that holds a version [§1.2]; a test holds it equal to the playbook's own rule. */
export function prefixOf(version: string): 'docker' | 'mirantis' {
  const first = stations[lineOf(version)]
  return atLeast(version, '3.4.0') || (first !== undefined && atLeast(version, first)) ? 'mirantis' : 'docker'
}

function lineOf(version: string): string {
  return components(version).slice(0, 2).join('.')
}

function lineIndex(version: string): number {
  return lines.findIndex(line => line === lineOf(version))
}
