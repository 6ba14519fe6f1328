import { finder } from '../plan/finder.ts'
import type { Finding, RulePage } from '../plan/finding.ts'
import { atLeast, compareVersions, components } from '../plan/version.ts'
import type { Topology } from '../playbook/topology.ts'

/**
 * Which versions were released for each other [D: ee/ucp/release-notes.md, ee/dtr/release-notes.md, ee/release-notes.md],
 * from 3.4 on partly inferred from Mirantis' page trees and [M: msr/2.10/compat-matrix]. The vendor's own matrix is no
 * longer public, so what is not in here is a warning and not an error.
 */
const pairs: {
  readonly [ucp: string]: { readonly engines: readonly string[]; readonly dtr: readonly string[] }
} = {
  '3.0': { engines: ['17.06'], dtr: ['2.5'] },
  '3.1': { engines: ['18.09'], dtr: ['2.6'] },
  '3.2': { engines: ['19.03'], dtr: ['2.7'] },
  '3.3': { engines: ['19.03'], dtr: ['2.8'] },
  '3.4': { engines: ['20.10', '23', '25'], dtr: ['2.9'] },
  '3.5': { engines: ['20.10', '23', '25'], dtr: ['2.9'] },
  '3.6': { engines: ['20.10', '23', '25', '29'], dtr: ['2.9', '2.10'] },
  '3.7': { engines: ['20.10', '23', '25', '29'], dtr: ['2.9', '2.10'] },
  '3.8': { engines: ['20.10', '23', '25', '29'], dtr: ['2.9', '2.10'] },
  '3.9': { engines: ['20.10', '23', '25', '29'], dtr: ['2.9', '2.10'] },
}

export const versionPages: readonly RulePage[] = [
  {
    code: 'RB0401',
    severity: 'warning',
    title: 'Engine and UCP were not released for each other',
    why: 'UCP is tested with the engine of its bundle: 3.1 with 18.09, 3.2 and 3.3 with 19.03, later ones with 20.10, 23 and 25. [D: ee/ucp/release-notes.md]',
    fix: 'Take the engine the message names, or accept the finding with a reason.',
    acceptable: true,
  },
  {
    code: 'RB0402',
    severity: 'warning',
    title: 'UCP and DTR were not released for each other',
    why: 'Pairs: 3.0 with 2.5, 3.1 with 2.6, 3.2 with 2.7, 3.3 with 2.8, later MKE with MSR 2.9 and 2.10. [D: ee/dtr/release-notes.md], [M: msr/2.10/compat-matrix]',
    fix: 'Take the version the message names, or accept the finding with a reason.',
    acceptable: true,
  },
  {
    code: 'RB0403',
    severity: 'warning',
    title: 'A version line nobody has heard of',
    why: 'A version that never was has no image, and the run would end at its first pull.',
    fix: 'Check the number. When it is newer than this release of runbook, accept the finding with a reason.',
    acceptable: true,
  },
  {
    code: 'RB0407',
    severity: 'error',
    title: 'An upgrade flag that this version does not have',
    why: 'The upgrade of MKE 3.3 and later wants a recent backup, or --force-recent-backup; older ones do not know the flag and would end at it. [M: containers/v3.0 mke-cli-upgrade], [D: reference/ucp/3.2/cli/upgrade.md]',
    fix: 'Delete ucp.upgrade.forceRecentBackup, or write version 3.3 or later.',
  },
  {
    code: 'RB0405',
    severity: 'error',
    title: 'A product of another shape',
    why: 'MSR 3 and later is installed by Helm or Swarm services and has none of the commands of DTR and MSR 2; DTR before 2.5 and UCP before 3.0 lack flags that runbook needs. [M: msr/3.0/cli-ref, msr/3.1/cli-ref]',
    fix: 'Use UCP/MKE 3.x with DTR/MSR 2.5 to 2.10.',
  },
]

const find = finder(versionPages)

export function ucpVersionRules({ ucp, docker }: Topology): readonly Finding[] {
  if (ucp === undefined) return []
  const path = ['ucp', 'version']
  if (ucp.upgrade?.forceRecentBackup === true && !atLeast(ucp.version, '3.3.0'))
    return [
      find(
        'RB0407',
        ['ucp', 'upgrade', 'forceRecentBackup'],
        `UCP ${ucp.version} has no --force-recent-backup`,
        'delete it: no backup is asked for before 3.3',
      ),
    ]
  const [major] = components(ucp.version)
  if (major !== 3)
    return [find('RB0405', path, `UCP ${ucp.version} is not of the 3.x line`, 'use a 3.x version')]
  const pair = pairs[line(ucp.version)]
  if (pair === undefined)
    return [
      find(
        'RB0403',
        path,
        `there is no known UCP ${line(ucp.version)}`,
        `known: ${Object.keys(pairs).join(', ')}`,
      ),
    ]
  if (pair.engines.some(engine => agrees(engine, docker.version))) return []
  return [
    find(
      'RB0401',
      ['docker', 'version'],
      `engine ${docker.version} was not released for UCP ${ucp.version}`,
      `use ${pair.engines.join(' or ')}`,
    ),
  ]
}

export function dtrVersionRules({ ucp, dtr }: Topology): readonly Finding[] {
  if (dtr === undefined) return []
  const path = ['dtr', 'version']
  if (!atLeast(dtr.version, '2.5.0') || atLeast(dtr.version, '3.0.0')) {
    return [
      find(
        'RB0405',
        path,
        `DTR ${dtr.version} is not of the lines 2.5 to 2.10`,
        'use a version from 2.5 to 2.10',
      ),
    ]
  }
  const known = [...new Set(Object.values(pairs).flatMap(pair => pair.dtr))]
  if (!known.includes(line(dtr.version)))
    return [
      find(
        'RB0403',
        path,
        `there is no known DTR ${line(dtr.version)}`,
        `known: ${known.sort(compareVersions).join(', ')}`,
      ),
    ]
  const pair = ucp === undefined ? undefined : pairs[line(ucp.version)]
  if (ucp === undefined || pair === undefined || pair.dtr.includes(line(dtr.version))) return []
  return [
    find(
      'RB0402',
      path,
      `DTR ${dtr.version} was not released for UCP ${ucp.version}`,
      `use ${pair.dtr.map(one => `${one}.x`).join(' or ')}, or another UCP`,
    ),
  ]
}

/** '3.2' of '3.2.6'. */
function line(version: string): string {
  return components(version).slice(0, 2).join('.')
}

/** As far as both say anything, they say the same: '23' and '23.0.8' agree, '19.03' and '19.3' too. */
function agrees(a: string, b: string): boolean {
  const [left, right] = [components(a), components(b)]
  return left.every((component, i) => right[i] === undefined || right[i] === component)
}
