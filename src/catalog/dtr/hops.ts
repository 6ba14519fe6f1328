import { atLeast } from '../../plan/version.ts'
import type { DtrSpec } from '../../playbook/topology.ts'
import { type Way, lineOf, releasedAs, wayAlong } from '../hops.ts'

/** Minor lines in order; an upgrade goes from one to the next and skips none [D: ee/upgrade.md]. */
const lines = ['2.5', '2.6', '2.7', '2.8', '2.9', '2.10']

/**
 * Where an upgrade stops on its way through a line: versions that are known to exist [L: pkg/product/mke/config/msr_config.go]. They are the
 * first ones of their lines in Mirantis' repository too; a test holds that equal to the playbook's own rule.
 */
const stations: { readonly [line: string]: string } = { '2.6': '2.6.15', '2.7': '2.7.8', '2.8': '2.8.2' }

/** The versions of the registry to pass, the last one included. */
export function wayTo(from: string, to: string): Way {
  return wayAlong({ lines, stations }, from, to)
}

/** The registry's part of a playbook as it would be at another version. */
export function atVersion(dtr: DtrSpec, version: string): DtrSpec {
  return releasedAs(dtr, 'dtr', version, prefixOf)
}

/** The vendor's repository that holds a version [§1.2]. */
export function prefixOf(version: string): string {
  if (atLeast(version, '2.10.0')) return 'registry.mirantis.com/msr'
  const first = stations[lineOf(version)]
  return atLeast(version, '2.9.0') || (first !== undefined && atLeast(version, first)) ? 'mirantis' : 'docker'
}
