import type { Estate, Model } from '../../twin/estate.ts'
import type { Exit } from '../../plan/fact.ts'
import { exit } from '../os/model.ts'
import { osOf } from '../os/bareHost.ts'
import {
  containersOn,
  engineIsUp,
  engineState,
  engineVersion,
  peekEngine,
  type TwinContainer,
} from './estate.ts'
import { haltScript, refoundScript } from './refoundModel.ts'
import { swarmCommand, swarmInfo, memberLines } from './swarmModel.ts'

/** What a shell says of a program that is not there. */
export function notFound(program: string): Exit {
  return exit(127, '', `sh: 1: ${program}: not found\n`)
}

const NO_DAEMON =
  'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n'

/**
 * How the twin's engine answers: versions, swarm, containers, volumes, configs, and the socket's API. What runs in a container
 * (`docker run`) is left to the models of the products; they may be sure that the engine is up.
 */
export const model: Model = (line, host, estate) => {
  const [program, ...words] = line.argv
  if (program === 'curl' && words.includes('--unix-socket')) {
    if (!osOf(estate, host).curl) return notFound('curl')
    if (!engineIsUp(estate, host))
      return exit(
        7,
        '',
        "curl: (7) Failed to connect to localhost port 80 after 0 ms: Couldn't connect to server\n",
      )
    return swarmCommand(['api', new URL(words.at(-1) ?? '').pathname], line.stdin, host, estate)
  }
  if (program === 'sh' && words[0] === '-c' && words[2] === 'runbook-docker-members') {
    if (engineVersion(estate, host) === undefined) return notFound('docker')
    return engineIsUp(estate, host) ? memberLines(host, estate) : exit(1, '', NO_DAEMON)
  }
  if (program === 'sh' && words[0] === '-c' && (words[2] ?? '').startsWith('runbook-docker-')) {
    if (words[2] === 'runbook-docker-halt') return haltScript(host, estate)
    if (engineVersion(estate, host) === undefined) return notFound('docker')
    return engineIsUp(estate, host)
      ? refoundScript(words[2] ?? '', words.slice(3), host, estate)
      : exit(1, '', NO_DAEMON)
  }
  if (program !== 'docker') return undefined
  const version = engineVersion(estate, host)
  if (version === undefined) return notFound('docker')
  const up = engineIsUp(estate, host)
  const verb = words[0] === 'container' && words[1] !== 'run' ? words.slice(1) : words
  if (verb[0] === 'version') return versionText(version, up)
  if (verb[0] === 'info')
    return up
      ? exit(0, `${JSON.stringify(swarmInfo(estate, host))}\n`)
      : exit(1, `${JSON.stringify(EMPTY_INFO)}\n`, NO_DAEMON)
  if (!up) return exit(1, verb[0] === 'inspect' ? '[]\n' : '', NO_DAEMON)
  if (verb[0] === 'ps') return list(estate, host, verb)
  if (verb[0] === 'inspect') return inspect(estate, host, verb)
  if (verb[0] === 'rm') return remove(estate, host, verb)
  if (verb[0] === 'volume') return volumes(estate, host, verb.slice(1))
  return swarmCommand(verb, line.stdin, host, estate)
}

const EMPTY_INFO = {
  NodeID: '',
  NodeAddr: '',
  LocalNodeState: '',
  ControlAvailable: false,
  Error: '',
  RemoteManagers: null,
}

function versionText(version: string, up: boolean): Exit {
  const client = {
    Version: version,
    ApiVersion: '1.40',
    DefaultAPIVersion: '1.40',
    GitCommit: '99e3ed8919',
    GoVersion: 'go1.13.15',
    Os: 'linux',
    Arch: 'amd64',
    BuildTime: 'Sat Jan 30 03:17:17 2021',
    Experimental: false,
  }
  if (!up) return exit(1, `${JSON.stringify({ Client: client, Server: null })}\n`, NO_DAEMON)
  const server = {
    Platform: { Name: 'Docker Engine - Enterprise' },
    Version: version,
    ApiVersion: '1.40',
    MinAPIVersion: '1.12',
    Os: 'linux',
    Arch: 'amd64',
  }
  return exit(0, `${JSON.stringify({ Client: client, Server: server })}\n`)
}

/** How `docker ps` words the state of a container at this time. */
export function statusText(container: TwinContainer, clockMs: number): string {
  if (container.exitCode !== null) return `Exited (${container.exitCode}) 2 minutes ago`
  if (container.startsMs > clockMs) return 'Created'
  const minutes = Math.floor((clockMs - container.startsMs) / 60_000)
  const since = minutes < 1 ? 'Up 30 seconds' : minutes === 1 ? 'Up About a minute' : `Up ${minutes} minutes`
  if (container.healthyMs === null) return since
  return `${since} (${container.healthyMs <= clockMs ? 'healthy' : 'health: starting'})`
}

function list(estate: Estate, host: string, words: readonly string[]): Exit {
  const all = words.includes('--all') || words.includes('-a')
  const filters = words.flatMap((word, i) =>
    word === '--filter' || word === '-f' ? [words[i + 1] ?? ''] : [],
  )
  const format = words[words.indexOf('--format') + 1] ?? '{{.Names}}'
  const lines = Object.entries(containersOn(estate, host))
    .filter(([, container]) => all || container.exitCode === null)
    .filter(([name, container]) => filters.every(filter => passes(filter, name, container, estate.clockMs)))
    .map(([name, container]) =>
      format
        .replaceAll('{{.Names}}', name)
        .replaceAll('{{.Image}}', container.image)
        .replaceAll('{{.Status}}', statusText(container, estate.clockMs)),
    )
  return exit(0, lines.map(text => `${text}\n`).join(''))
}

function passes(filter: string, name: string, container: TwinContainer, clockMs: number): boolean {
  const [key, value] = [filter.slice(0, filter.indexOf('=')), filter.slice(filter.indexOf('=') + 1)]
  // The engine matches the expression against the name with its leading slash and without it.
  if (key === 'name') return new RegExp(value).test(name) || new RegExp(value).test(`/${name}`)
  if (key === 'health') return statusText(container, clockMs).includes(`(${value})`)
  if (key === 'label')
    return value.includes('=')
      ? container.labels[value.split('=')[0] ?? ''] === value.slice(value.indexOf('=') + 1)
      : value in container.labels
  return true
}

function inspect(estate: Estate, host: string, words: readonly string[]): Exit {
  const name = words.at(-1) ?? ''
  const container = containersOn(estate, host)[name]
  if (!container) return exit(1, '\n', `Error: No such container: ${name}\n`)
  const format = words[words.indexOf('--format') + 1] ?? ''
  const status =
    container.exitCode !== null ? 'exited' : container.startsMs > estate.clockMs ? 'created' : 'running'
  const text = format
    .replaceAll('{{json .State.Status}}', JSON.stringify(status))
    .replaceAll('{{json .Config.Image}}', JSON.stringify(container.image))
    .replaceAll('{{json .Config.Labels}}', JSON.stringify(container.labels))
    .replaceAll('{{.Config.Image}}', container.image)
  return exit(0, `${text}\n`)
}

function remove(estate: Estate, host: string, words: readonly string[]): Exit {
  const name = words.at(-1) ?? ''
  const { containers } = engineState(estate, host)
  const found = containers[name]
  if (!found) return exit(1, '', `Error: No such container: ${name}\n`)
  const forced = words.some(word => /^(--force|-[a-z]*f[a-z]*)$/.test(word))
  if (found.exitCode === null && !forced)
    return exit(
      1,
      '',
      `Error response from daemon: You cannot remove a running container ${name}. Stop the container before attempting removal or force remove\n`,
    )
  Reflect.deleteProperty(containers, name)
  return exit(0, `${name}\n`)
}

function volumes(estate: Estate, host: string, words: readonly string[]): Exit | undefined {
  const name = words.at(-1) ?? ''
  const found = peekEngine(estate, host).volumes[name]
  if (words[0] === 'create') {
    engineState(estate, host).volumes[name] ??= { driver: 'local', options: {}, files: {} }
    return exit(0, `${name}\n`)
  }
  if (words[0] === 'inspect') {
    if (!found) return exit(1, '\n', `Error: No such volume: ${name}\n`)
    const seen = {
      CreatedAt: '2024-01-01T00:00:00Z',
      Driver: found.driver,
      Labels: null,
      Mountpoint: `/var/lib/docker/volumes/${name}/_data`,
      Name: name,
      Options: found.options,
      Scope: 'local',
    }
    return exit(0, `${JSON.stringify(seen)}\n`)
  }
  if (words[0] === 'rm') {
    if (!found) return exit(1, '', `Error: No such volume: ${name}\n`)
    Reflect.deleteProperty(engineState(estate, host).volumes, name)
    return exit(0, `${name}\n`)
  }
  return undefined
}
