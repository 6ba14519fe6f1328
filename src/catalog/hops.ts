import { compareVersions, components } from '../plan/version.ts'

/** A way from one version to another. */
export type Way =
  | { readonly kind: 'hops'; readonly versions: readonly string[] }
  | { readonly kind: 'downgrade' }
  /** A line on the way of which no version is known to exist here. */
  | { readonly kind: 'no-station'; readonly line: string }

/** Minor lines of a product in order, and where an upgrade stops on its way through one: versions that are known to exist. */
export interface Lines {
  readonly lines: readonly string[]
  readonly stations: { readonly [line: string]: string }
}

/** The versions to pass, the last one included; none when it is there already. Patches are free, minors are not skipped, nothing leads back. */
export function wayAlong({ lines, stations }: Lines, from: string, to: string): Way {
  const difference = compareVersions(from, to)
  if (difference === 0) return { kind: 'hops', versions: [] }
  if (difference > 0) return { kind: 'downgrade' }
  const [start, end] = [lines.indexOf(lineOf(from)), lines.indexOf(lineOf(to))]
  if (start < 0 || end < 0) return { kind: 'no-station', line: lineOf(start < 0 ? from : to) }
  const versions: string[] = []
  for (const line of lines.slice(start + 1, Math.max(start + 1, end))) {
    const station = stations[line]
    if (station === undefined) return { kind: 'no-station', line }
    versions.push(station)
  }
  return { kind: 'hops', versions: [...versions, to] }
}

/** A product's part of a playbook, as far as its bootstrapper's image is concerned. */
interface Released {
  readonly version: string
  readonly repository: string
  readonly image: string
}

/** The same part as it would be at another version: its image has the prefix of that version, unless the playbook has one of its own. */
export function releasedAs<Spec extends Released>(
  spec: Spec,
  name: 'ucp' | 'dtr',
  version: string,
  prefixOf: (version: string) => string,
): Spec {
  if (version === spec.version) return spec
  const own = spec.image.slice(0, spec.image.lastIndexOf(`/${name}:`))
  const repository = own === prefixOf(spec.version) ? prefixOf(version) : own
  return { ...spec, version, repository, image: `${repository}/${name}:${version}` }
}

/** '2.7' of '2.7.6'. */
export function lineOf(version: string): string {
  return components(version).slice(0, 2).join('.')
}
