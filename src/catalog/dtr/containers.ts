import type { Json } from '../../plan/step.ts'

/** What a host holds of one replica. */
export interface Part {
  /** From the label com.docker.dtr.version of its database container; '' when there is no container. */
  readonly version: string
  /** Every container is up, and those a registry cannot do without are among them. */
  readonly running: boolean
  readonly containers: number
  readonly up: number
  readonly volumes: number
}

/** What `replicaScript` saw. */
export interface Parts {
  readonly replicas: { readonly [id: string]: Part }
  readonly helper: 'none' | 'running' | 'ended'
}

/** Without any of these there is no registry; how many others there are differs by version. */
const NEEDED = ['api', 'garant', 'nginx', 'registry', 'rethinkdb']

/** Twelve hex digits at the end: Launchpad's own pattern of digits misses random ids [L]. */
const NAME = /^dtr-([a-z-]+)-([0-9a-f]{12})$/

/** Reads the output of `replicaScript`. Undefined when it was cut short. */
export function readParts(stdout: string): Parts | undefined {
  const lines = stdout.split('\n').filter(line => line !== '')
  const at = lines.indexOf('volumes')
  if (at < 0 || lines.at(-1) !== 'end') return undefined
  const found = new Map<string, { version: string; names: string[]; up: number; volumes: number }>()
  const part = (id: string) => {
    const known = found.get(id) ?? { version: '', names: [], up: 0, volumes: 0 }
    found.set(id, known)
    return known
  }
  let helper: Parts['helper'] = 'none'
  for (const line of lines.slice(0, at)) {
    const [names, version, status] = line.split('|')
    if (names === undefined || version === undefined || status === undefined) return undefined
    const up = status.startsWith('Up ') && !status.includes('(Paused)')
    if (names === 'dtr-phase2') helper = up ? 'running' : 'ended'
    const [, component, id] = NAME.exec(names) ?? []
    if (component === undefined || id === undefined) continue
    const one = part(id)
    one.names.push(component)
    if (up) one.up += 1
    if (version !== '' && (one.version === '' || component === 'rethinkdb')) one.version = version
  }
  for (const name of lines.slice(at + 1, -1)) {
    const id = NAME.exec(name)?.[2]
    if (id !== undefined) part(id).volumes += 1
  }
  const replicas = Object.fromEntries(
    [...found]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, one]) => {
        const running = one.up === one.names.length && NEEDED.every(name => one.names.includes(name))
        const seen: Part = {
          version: one.version,
          running,
          containers: one.names.length,
          up: one.up,
          volumes: one.volumes,
        }
        return [id, seen]
      }),
  )
  return { replicas, helper }
}

/** As a fact's answer. */
export function asJson(value: object): Json {
  return value as Json
}
