import type { Exit, Fact } from '../../plan/fact.ts'
import type { Json } from '../../plan/step.ts'
import { coversVersion } from '../../plan/version.ts'
import { isMissing, isObject, member, parseJson, textArg } from '../os/text.ts'
import { facts as swarmFacts } from './swarmFacts.ts'

/** True when the engine's client says that no engine listens. */
function isStopped(exit: Exit): boolean {
  return /Cannot connect to the Docker daemon|[Ff]ailed to connect to the docker API/.test(exit.stderr)
}

/**
 * The engine of a host: null when it is not installed, else `{version, running, asWanted}`. When it does not run, `version` is the
 * client's (both come in one release). `asWanted` answers args `{wanted}`: '19.03' wants 19.03.x; true when nothing is asked for.
 * Undefined when an engine is there and does not answer.
 */
export const engine: Fact = {
  name: 'docker.engine',
  about:
    'The engine: null when it is not installed, else {version, running, asWanted}. args {wanted}: version by whole components.',
  scope: 'host',
  probe: () => ({ argv: ['docker', 'version', '--format', '{{json .}}'] }),
  parse(exit, args) {
    if (isMissing(exit, 'docker')) return null
    const answer = parseJson(exit.stdout)
    const server = member(member(answer, 'Server'), 'Version')
    const client = member(member(answer, 'Client'), 'Version')
    const wanted = member(args, 'wanted')
    const seen = (version: string, running: boolean): Json => ({
      version,
      running,
      asWanted: typeof wanted === 'string' ? coversVersion(wanted, version.replace(/[+~].*$/, '')) : true,
    })
    if (exit.code === 0 && typeof server === 'string' && server !== '') return seen(server, true)
    if (isStopped(exit) && typeof client === 'string' && client !== '') return seen(client, false)
    return undefined
  },
}

/**
 * An engine of another version than args `{wanted}`: null when there is none (no engine, or one as wanted), else `{version}`.
 * Asks with the same words as `docker.engine`, so it costs nothing beside it.
 */
export const otherEngine: Fact = {
  name: 'docker.otherengine',
  about: 'An engine of another version than args {wanted}: null when there is none, else {version}.',
  scope: 'host',
  probe: args => engine.probe(args),
  parse(exit, args) {
    const seen = engine.parse(exit, args)
    if (seen === undefined || seen === null) return seen
    return member(seen, 'asWanted') === true ? null : { version: member(seen, 'version') ?? '' }
  },
}

/**
 * Containers whose names begin with `{prefix}`, stopped ones too: `{[name]: {up, health, image}}`. `up` is false for exited, created and
 * dead ones; `health` is null without a health check, else healthy, unhealthy or starting. `{}`: none, or no engine at all.
 */
export const containers: Fact = {
  name: 'docker.containers',
  about:
    'Containers by the beginning of their names, args {prefix}: {[name]: {up, health, image}}, stopped ones too.',
  scope: 'cluster',
  // The filter only keeps the answer short; it matches anywhere in a name.
  probe: args => ({
    argv: [
      'docker',
      'ps',
      '--all',
      '--no-trunc',
      '--filter',
      `name=${textArg(args, 'prefix')}`,
      '--format',
      '{{.Names}}|{{.Image}}|{{.Status}}',
    ],
  }),
  parse(exit, args) {
    if (isMissing(exit, 'docker')) return {}
    if (exit.code !== 0) return undefined
    const found: Record<string, Json> = {}
    for (const line of exit.stdout.split('\n').filter(text => text !== '')) {
      const [names, image, status, more] = line.split('|')
      if (!names || image === undefined || status === undefined || more !== undefined) return undefined
      // Old links put further names behind a comma.
      const name = names.split(',')[0] ?? ''
      if (name.startsWith(textArg(args, 'prefix'))) found[name] = { ...stateOf(status), image }
    }
    return found
  },
}

function stateOf(status: string): { readonly up: boolean; readonly health: string | null } {
  const health = /\((healthy|unhealthy|health: starting)\)/.exec(status)?.[1]
  return {
    up: status.startsWith('Up ') && !status.includes('(Paused)'),
    health: health === undefined ? null : health.replace('health: ', ''),
  }
}

const MISSING_OBJECT = /No such (container|volume)/i

/** A container by its exact `{name}`: null, or `{state, image, labels}`. `state`: created, running, paused, restarting, exited, dead. */
export const container: Fact = {
  name: 'docker.container',
  about: 'A container by exact name, args {name}: null, or {state, image, labels}.',
  scope: 'cluster',
  probe: args => ({
    argv: [
      'docker',
      'container',
      'inspect',
      '--format',
      '{"state":{{json .State.Status}},"image":{{json .Config.Image}},"labels":{{json .Config.Labels}}}',
      textArg(args, 'name'),
    ],
  }),
  parse(exit) {
    if (isMissing(exit, 'docker') || (exit.code === 1 && MISSING_OBJECT.test(exit.stderr))) return null
    const seen = parseJson(exit.stdout)
    const state = member(seen, 'state')
    const image = member(seen, 'image')
    if (exit.code !== 0 || typeof state !== 'string' || typeof image !== 'string') return undefined
    const labels = member(seen, 'labels')
    return { state, image, labels: isObject(labels) ? labels : {} }
  },
}

/** A volume by its exact `{name}`: null, or `{driver, mountpoint, options, labels}`. */
export const volume: Fact = {
  name: 'docker.volume',
  about: 'A volume by exact name, args {name}: null, or {driver, mountpoint, options, labels}.',
  scope: 'cluster',
  probe: args => ({ argv: ['docker', 'volume', 'inspect', '--format', '{{json .}}', textArg(args, 'name')] }),
  parse(exit) {
    if (isMissing(exit, 'docker') || (exit.code === 1 && MISSING_OBJECT.test(exit.stderr))) return null
    const seen = parseJson(exit.stdout)
    const driver = member(seen, 'Driver')
    const mountpoint = member(seen, 'Mountpoint')
    if (exit.code !== 0 || typeof driver !== 'string' || typeof mountpoint !== 'string') return undefined
    const [options, labels] = [member(seen, 'Options'), member(seen, 'Labels')]
    return {
      driver,
      mountpoint,
      options: isObject(options) ? options : {},
      labels: isObject(labels) ? labels : {},
    }
  },
}

/** All questions this folder can put. */
export const facts: readonly Fact[] = [engine, otherEngine, containers, container, volume, ...swarmFacts]
