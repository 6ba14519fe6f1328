/** The whole components of a version from the left: '19.03.15-ce' is [19, 3, 15]. What follows the first '-' is left out. */
export function components(version: string): readonly number[] {
  return (version.split('-')[0] ?? '').split('.').map(Number)
}

/** Below 0: `a` is older. 0: equal in every component. Missing components count as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [components(a), components(b)]
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

export function atLeast(version: string, least: string): boolean {
  return compareVersions(version, least) >= 0
}

/** '19.03' covers every 19.03.x and not 19.030: whole components are compared, as many as `prefix` has. */
export function coversVersion(prefix: string, version: string): boolean {
  const seen = components(version)
  return components(prefix).every((component, i) => seen[i] === component)
}
