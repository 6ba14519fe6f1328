import type { Estate } from '../../twin/estate.ts'
import { containersOn, engineIsUp, hasQuorum, swarmOf } from '../docker/estate.ts'

/** What the twin keeps of UCP, at `estate.shared.ucp`. Absent: not installed. */
export interface TwinUcp {
  /** Key of its swarm in `estate.shared.swarms`. */
  swarm: string
  version: string
  /** 'docker/ucp': what stands before the tag of the bootstrapper. */
  repository: string
  controllerPort: number
  adminUsername: string
  /** sha256 of the password: the estate is printed by tests. */
  adminPasswordSha256: string
  sans: string[]
  podCidr: string
  /** Text of `GET /api/ucp/config-toml`. */
  toml: string
  /** PEM text of `GET /ca`. */
  ca: string
  /** When its own bootstrapper last made a backup; absent: never. */
  backedUpMs?: number
  /** When its web certificate ends, as openssl prints it; absent: in 2031. */
  certificateEnds?: string
  /** The certificate files it was installed with, by name; absent: it has made its own. */
  external?: { [name: string]: string }
  /** sha256 of the certificate file that a manager's controller has read, where it was restarted for one. */
  served?: { [host: string]: string }
  /** Its databases still count managers of a swarm that was founded anew without them. */
  stale?: { etcd: boolean; auth: boolean }
}

/** UCP as the twin has it; undefined when it is not installed. Effects may change it in place. */
export function twinUcp(estate: Estate): TwinUcp | undefined {
  return estate.shared['ucp'] as unknown as TwinUcp | undefined
}

/** Whether a host is one of UCP's controllers, and how it answers: undefined when nothing listens there. */
export function controllerOn(
  estate: Estate,
  host: string,
): { readonly ucp: TwinUcp; readonly healthy: boolean } | undefined {
  const ucp = twinUcp(estate)
  const swarm = swarmOf(estate, host)
  if (!ucp || swarm?.id !== ucp.swarm || !engineIsUp(estate, host)) return undefined
  const controller = containersOn(estate, host)['ucp-controller']
  if (!controller || controller.exitCode !== null) return undefined
  const settled = controller.healthyMs === null || controller.healthyMs <= estate.clockMs
  return { ucp, healthy: settled && hasQuorum(estate, swarm.swarm) && ucp.stale === undefined }
}

/** One boolean, number or text of a section of UCP's configuration; undefined when it is not set. */
export function settingOf(toml: string, section: string, key: string): string | undefined {
  return sectionOf(toml, section)
    .map(line => /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(line))
    .find(found => found?.[1] === key)?.[2]
}

/** The lines of a section, without its heading. */
export function sectionOf(toml: string, section: string): readonly string[] {
  const lines: string[] = []
  let on = false
  for (const line of toml.split('\n')) {
    if (/^\s*\[/.test(line)) on = line.trim() === `[${section}]`
    else if (on) lines.push(line)
  }
  return lines
}

/** The document with one key set and everything else as it was. */
export function withSetting(toml: string, section: string, key: string, value: string): string {
  const lines = toml.replace(/\n$/, '').split('\n')
  const head = lines.findIndex(line => line.trim() === `[${section}]`)
  if (head < 0) return `${[...lines, `[${section}]`, `  ${key} = ${value}`].join('\n')}\n`
  const next = lines.findIndex((line, i) => i > head && /^\s*\[/.test(line))
  const end = next < 0 ? lines.length : next
  const at = lines.findIndex((line, i) => i > head && i < end && new RegExp(`^\\s*${key}\\s*=`).test(line))
  if (at >= 0) lines[at] = `  ${key} = ${value}`
  else lines.splice(end, 0, `  ${key} = ${value}`)
  return `${lines.join('\n')}\n`
}
