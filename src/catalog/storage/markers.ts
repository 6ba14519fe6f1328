import type { Json } from '../../plan/step.ts'

/**
 * Every replica host writes one small file of its own beside the registry's data and must then see everybody's.
 * A host that looks at another disk sees only its own, so sharing is proved in both directions without anything that
 * differs from run to run.
 */

/** The one line in a host's marker, the file `.runbook-CLUSTER.HOST` in the root of the storage. */
export function markerText(cluster: string, host: string): string {
  return `runbook ${cluster} ${host}`
}

/** What `storage.marks` must contain for these hosts: host → content. */
export function expectedMarks(
  cluster: string,
  hosts: readonly string[],
): { readonly [host: string]: string } {
  return Object.fromEntries(hosts.map(host => [host, markerText(cluster, host)]))
}

/**
 * Reads the listing that every marker script prints: `mark HOST CONTENT` a line, then `end`.
 * Undefined without the `end` line: the listing was cut short.
 */
export function readMarks(stdout: string): { readonly [host: string]: Json } | undefined {
  const lines = stdout.split('\n').filter(line => line !== '')
  if (lines.at(-1) !== 'end') return undefined
  const marks: Record<string, Json> = {}
  for (const line of lines.slice(0, -1)) {
    const found = /^mark (\S+) (.*)$/.exec(line)
    if (found?.[1] === undefined || found[2] === undefined) return undefined
    marks[found[1]] = found[2]
  }
  return marks
}
