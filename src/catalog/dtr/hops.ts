import { atLeast, compareVersions, components } from '../../plan/version.ts'
import type { DtrSpec } from '../../playbook/topology.ts'

/** Minor lines in order; an upgrade goes from one to the next and skips none [D: ee/upgrade.md]. */
const lines = ['2.5', '2.6', '2.7', '2.8', '2.9', '2.10'] as const

/** Where an upgrade stops on its way through a line: versions that are known to exist [L: pkg/product/mke/config/msr_config.go]. */
const stations: { readonly [line: string]: string } = { '2.6': '2.6.15', '2.7': '2.7.8', '2.8': '2.8.2' }

/** First version of a line in Mirantis' repository [L]; a test holds it equal to the playbook's own rule. */
const moved: { readonly [line: string]: string } = { '2.6': '2.6.15', '2.7': '2.7.8', '2.8': '2.8.2' }

/** A way from one version to another. */
export type Way =
  | { readonly kind: 'hops'; readonly versions: readonly string[] }
  | { readonly kind: 'downgrade' }
  | { readonly kind: 'no-station'; readonly line: string }

/** The versions to pass, the last one included; none when it is there already. Patches are free, minors are not skipped. */
export function wayTo(from: string, to: string): Way {
  const difference = compareVersions(from, to)
  if (difference === 0) return { kind: 'hops', versions: [] }
  if (difference > 0) return { kind: 'downgrade' }
  const [start, end] = [lineIndex(from), lineIndex(to)]
  if (start < 0 || end < 0) return { kind: 'no-station', line: start < 0 ? lineOf(from) : lineOf(to) }
  const versions: string[] = []
  for (const line of lines.slice(start + 1, Math.max(start + 1, end))) {
    const station = stations[line]
    if (station === undefined) return { kind: 'no-station', line }
    versions.push(station)
  }
  return { kind: 'hops', versions: [...versions, to] }
}

/** The registry's part of a playbook as it would be at another version: its bootstrapper's image has the prefix of that version. */
export function atVersion(dtr: DtrSpec, version: string): DtrSpec {
  if (version === dtr.version) return dtr
  const own = dtr.image.slice(0, dtr.image.lastIndexOf('/dtr:'))
  const repository = own === prefixOf(dtr.version) ? prefixOf(version) : own
  return { ...dtr, version, repository, image: `${repository}/dtr:${version}` }
}

/** The vendor's repository that holds a version [§1.2]. */
export function prefixOf(version: string): string {
  if (atLeast(version, '2.10.0')) return 'registry.mirantis.com/msr'
  const first = moved[lineOf(version)]
  return atLeast(version, '2.9.0') || (first !== undefined && atLeast(version, first)) ? 'mirantis' : 'docker'
}

function lineOf(version: string): string {
  return components(version).slice(0, 2).join('.')
}

function lineIndex(version: string): number {
  return lines.findIndex(line => line === lineOf(version))
}
