import type { Exit } from '../../plan/fact.ts'
import type { Estate } from '../../twin/estate.ts'
import { containerOn, engineState } from '../docker/estate.ts'
import { exit } from '../os/model.ts'
import { logLine } from '../ucp/logText.ts'
import { COMPONENTS, type Message } from './messages.ts'
import { type TwinDtr, hasMajority, isRunning } from './state.ts'

/** Seen: 114 to 160 s and 100 to 183 s, about 20 s for destroy [O]. */
export const takesMs = {
  install: 130_000,
  restore: 150_000,
  join: 140_000,
  remove: 60_000,
  destroy: 20_000,
  upgrade: 200_000,
  reconfigure: 60_000,
  'emergency-repair': 60_000,
} as const

/** Containers are made one after another; the twin lets them all run from now. */
export function start(estate: Estate, host: string, id: string, image: string, version: string): void {
  const repository = image.slice(0, image.lastIndexOf(':')).replace(/dtr$/, 'dtr-')
  for (const name of COMPONENTS) {
    engineState(estate, host).containers[`dtr-${name}-${id}`] = {
      image: `${repository}${name.replace('rethinkdb', 'rethink').replace('scanningstore', 'postgres')}:${version}`,
      startsMs: estate.clockMs,
      healthyMs: name === 'nginx' ? estate.clockMs + 20_000 : null,
      exitCode: null,
      labels: { 'com.docker.dtr.version': version, 'com.docker.dtr.replica': id },
    }
  }
}

/** Why a replica cannot be the way in: none of the members, not at work, without a majority, or of another version than the image. */
export function unfitEntry(estate: Estate, dtr: TwinDtr, id: string, image: string): string | undefined {
  const entry = dtr.members[id]
  if (!entry || !isRunning(estate, id, entry.host)) return `Replica ${id} was not found`
  if (!hasMajority(estate, dtr))
    return 'Failed to connect to the database: no majority of replicas is available'
  const version = versionOf(estate, id, entry.host)
  const wanted = image.slice(image.lastIndexOf(':') + 1)
  return version === wanted ? undefined : `The bootstrapper is ${wanted}, the replica ${id} is ${version}`
}

/** As the containers' label says; '' when there are none. */
export function versionOf(estate: Estate, id: string, host: string): string {
  return containerOn(estate, host, `dtr-rethinkdb-${id}`)?.labels['com.docker.dtr.version'] ?? ''
}

/** An end as the vendor's tool ends: fatal lines, exit 1. */
export function refuse(...messages: readonly string[]): Exit {
  return exit(1, '', print(messages.map((text): Message => ['fatal', text])))
}

/** Messages in the tool's own form. */
export function print(messages: readonly Message[]): string {
  return messages.map(([level, text]) => `${logLine(level, text)}\n`).join('')
}
