import { matches } from '../../plan/check.ts'
import type { Fact } from '../../plan/fact.ts'
import { atLeast } from '../../plan/version.ts'
import type { Json, Value } from '../../plan/step.ts'
import { isMissing, isObject, member, parseJson, textArg, authorityOf, secretArg } from '../os/text.ts'
import { readWebCertificate } from '../ucp/facts.ts'
import { WEB_CERTIFICATE } from '../ucp/scripts.ts'
import { readClusterStatus, readReports } from './clusterStatus.ts'
import { asJson, readParts } from './containers.ts'
import { clusterScript, markScript, replicaScript, settingsScript, portsScript } from './scripts.ts'
import { readSettings } from './settings.ts'

const parts = { argv: ['sh', '-c', replicaScript, 'runbook-dtr-replica'] } as const

/**
 * What a host holds of the registry: null, or `{id: {version, running, containers, up, volumes}}` for every replica id found in names
 * of containers and volumes. A host without an engine holds none.
 */
export const replica: Fact = {
  name: 'dtr.replica',
  about:
    'Replicas by their containers and volumes on a host: null, or {id: {version, running, containers, up, volumes}}.',
  scope: 'cluster',
  probe: () => parts,
  parse(exit) {
    if (isMissing(exit, 'docker')) return null
    const seen = exit.code === 0 ? readParts(exit.stdout) : undefined
    if (!seen) return undefined
    return Object.keys(seen.replicas).length === 0 ? null : asJson(seen.replicas)
  },
}

/** The bootstrapper's second phase on a host: `{running, left}`. `left`: it has ended and was not cleared away. */
export const helper: Fact = {
  name: 'dtr.helper',
  about:
    "The bootstrapper's container dtr-phase2 on a host: {running, left}. left: an interrupted run's remains.",
  scope: 'cluster',
  probe: () => parts,
  parse(exit) {
    if (isMissing(exit, 'docker')) return { running: false, left: false }
    const seen = exit.code === 0 ? readParts(exit.stdout) : undefined
    return seen && { running: seen.helper === 'running', left: seen.helper === 'ended' }
  },
}

/**
 * GET /_ping of the replica itself, args {port}: null when nothing listens, else `{code, healthy, error}`. 200 is healthy; 503 names
 * storage, authorization, metadata or content trust; with the database's majority lost it is an internal server error. `code` 0: it
 * listens and does not answer.
 */
export const ping: Fact = {
  name: 'dtr.ping',
  about:
    'GET /_ping of the replica itself, args {port}: null when nothing listens, else {code, healthy, error}.',
  scope: 'cluster',
  probe: args => ({
    argv: [
      'curl',
      '-sS',
      '-k',
      '--max-time',
      '5',
      '-w',
      '\\n%{http_code}\\n',
      `https://127.0.0.1:${textArg(args, 'port')}/_ping`,
    ],
  }),
  parse(exit) {
    if (exit.code === 7) return null
    if (exit.code === 28 || exit.code === 35 || exit.code === 52 || exit.code === 56) {
      return { code: 0, healthy: false, error: exit.stderr.trim().slice(0, 200) }
    }
    const found = /^([\s\S]*)\n(\d{3})\n?$/.exec(exit.stdout)
    if (exit.code !== 0 || found?.[1] === undefined) return undefined
    const body = parseJson(found[1])
    const error = member(body, 'Error')
    return {
      code: Number(found[2]),
      healthy: found[2] === '200' && member(body, 'Healthy') !== false,
      error: typeof error === 'string' ? error : '',
    }
  },
}

/** See `Cluster`. args {port, username, password: {secret}}: null when nothing listens, `{code}` when it refuses. */
export const cluster: Fact = {
  name: 'dtr.cluster',
  about:
    'The database as a replica tells it over its own loopback, args {port, username, password}: null when nothing listens, {code} when ' +
    'refused, else {members: {id: {ok, fresh, readonly, present}}, ids, count, healthy, even, tablesReady, writable, connected, issues, whole}.',
  scope: 'cluster',
  probe: args => ({
    argv: ['sh', '-c', clusterScript, 'runbook-dtr-cluster', textArg(args, 'port')],
    stdin: curlUser(args),
  }),
  parse: exit => (exit.code === 7 ? null : exit.code === 0 ? readClusterStatus(exit.stdout) : undefined),
}

/**
 * One member by the database, args as `dtr.cluster` and {id}: null when the database answers and does not know the id, else
 * {ok, fresh, readonly, present}. Nobody listening is no answer: it says nothing of members.
 */
export const memberOf: Fact = {
  name: 'dtr.member',
  about:
    'One member as a replica tells it, args {port, username, password, id}: null when the database does not know the id, else ' +
    '{ok, fresh, readonly, present}.',
  scope: 'cluster',
  probe: args => cluster.probe(args),
  parse(exit, args) {
    const members = member(exit.code === 0 ? readClusterStatus(exit.stdout) : undefined, 'members')
    return isObject(members) ? (member(members, textArg(args, 'id')) ?? null) : undefined
  },
}

/**
 * Whether a member stands in the way of the others, args as `dtr.member`: {unwell: true} for one that the database knows and that does not
 * report itself well or whose server is not seen; {unwell: false} for one that is well and for an id that is no member.
 */
export const unwell: Fact = {
  name: 'dtr.unwell',
  about:
    'Whether an id is a member that is not well, args {port, username, password, id}: {unwell}. An id that is no member is not unwell.',
  scope: 'cluster',
  probe: args => cluster.probe(args),
  parse(exit, args) {
    const seen = memberOf.parse(exit, args)
    return seen === undefined
      ? undefined
      : { unwell: seen !== null && !matches({ ok: true, fresh: true, present: true }, seen) }
  },
}

/** Whether parts of an id on a host are what an interrupted run of ours left, args {id}: {ours}. */
export const mark: Fact = {
  name: 'dtr.mark',
  about: 'Whether an interrupted run of ours explains the parts of an id on a host, args {id}: {ours}.',
  scope: 'cluster',
  probe: args => ({ argv: ['sh', '-c', markScript, 'runbook-dtr-mark', textArg(args, 'id')] }),
  parse: exit =>
    exit.code === 0 && /^(ours|none)\s*$/.test(exit.stdout)
      ? { ours: exit.stdout.startsWith('ours') }
      : undefined,
}

/** A replica on a host by its version, args {id, atLeast}: null when the host carries none of that id, else {reached}. */
export const reached: Fact = {
  name: 'dtr.reached',
  about:
    'Whether the replica of an id on a host is of a version or a later one, args {id, atLeast}: null or {reached}.',
  scope: 'cluster',
  probe: () => parts,
  parse(exit, args) {
    const seen = replica.parse(exit, undefined)
    if (seen === undefined) return undefined
    const version = member(member(seen, textArg(args, 'id')), 'version')
    if (version === undefined) return null
    return {
      reached: typeof version === 'string' && version !== '' && atLeast(version, textArg(args, 'atLeast')),
    }
  },
}

/** See `readSettings`. args as `dtr.cluster`; null when nothing listens. */
export const settings: Fact = {
  name: 'dtr.settings',
  about:
    'Settings of the registry, args {port, username, password}: null when nothing listens, {code} when refused, else {host, storage: ' +
    '{kind, …}, empty, createOnPush, readOnly, replicas: {id: {node, httpPort, httpsPort}}, certificate}. Secrets the registry prints are not kept.',
  scope: 'cluster',
  probe: args => ({
    argv: ['sh', '-c', settingsScript, 'runbook-dtr-settings', textArg(args, 'port')],
    stdin: curlUser(args),
  }),
  parse: exit => (exit.code === 7 ? null : exit.code === 0 ? readSettings(exit.stdout) : undefined),
}

/** The authority of the registry's own certificate, args {port}: null when nothing listens, or `{pem}` [G]. */
export const ca: Fact = {
  name: 'dtr.ca',
  about: "The authority of the registry's web certificate, args {port}: null or {pem}. Not secret.",
  scope: 'cluster',
  picks: { pem: 'cat' },
  probe: args => ({
    argv: [
      'curl',
      '-sS',
      '-k',
      '--fail',
      '--max-time',
      '10',
      `https://127.0.0.1:${textArg(args, 'port')}/ca`,
    ],
  }),
  parse: authorityOf,
}

/**
 * Where the replicas of a host listen, and from which repository they come: null, or `{id: {httpPort, httpsPort, repository}}`. Ports are
 * null while the replica does not run: then nothing is published.
 */
export const ports: Fact = {
  name: 'dtr.ports',
  about:
    'Where replicas on a host listen: null, or {id: {httpPort, httpsPort, repository}}; ports are null of one that does not run.',
  scope: 'cluster',
  probe: () => ({ argv: ['sh', '-c', portsScript, 'runbook-dtr-ports'] }),
  parse(exit) {
    if (isMissing(exit, 'docker')) return null
    const lines = exit.stdout.split('\n').filter(line => line !== '')
    if (exit.code !== 0 || lines.pop() !== 'end') return undefined
    const published = (text: string, inside: number): number | null => {
      const found = new RegExp(`(?:^|[ :])(\\d+)->${inside}/tcp`).exec(text)?.[1]
      return found === undefined ? null : Number(found)
    }
    const seen = lines.flatMap((line): [string, Json][] => {
      const [name = '', image = '', text = ''] = line.split('|')
      const id = /^dtr-nginx-([0-9a-f]{12})$/.exec(name)?.[1]
      const repository = image.split('/').slice(0, -1).join('/')
      // The front of the product listens on 80 and 443 inside its container [O: docker ps of a replica].
      return id === undefined
        ? []
        : [[id, { httpPort: published(text, 80), httpsPort: published(text, 443), repository }]]
    })
    return seen.length === 0 ? null : Object.fromEntries(seen)
  },
}

/** The web certificate a replica serves, args {port}: null when none is served, else {expires}. Undefined without openssl on the host. */
export const webCertificate: Fact = {
  name: 'dtr.webcertificate',
  about:
    'The web certificate a replica serves, args {port}: null when none is served, else {expires}, an ISO time.',
  scope: 'cluster',
  volatile: true,
  probe: args => ({
    argv: ['sh', '-c', WEB_CERTIFICATE, 'runbook-dtr-webcertificate', textArg(args, 'port')],
  }),
  parse(exit) {
    const seen = readWebCertificate(exit)
    return seen ? { expires: seen.expires } : seen
  },
}

/** When each member last reported itself, args as `dtr.cluster`, which asks with the same words. */
export const reports: Fact = {
  name: 'dtr.reports',
  about:
    'How long ago each member reported itself, args as dtr.cluster: null when nothing listens, else {id: {ageSeconds, says}}.',
  scope: 'cluster',
  volatile: true,
  probe: args => cluster.probe(args),
  parse: exit => (exit.code === 7 ? null : exit.code === 0 ? readReports(exit.stdout) : undefined),
}

export const facts: readonly Fact[] = [
  replica,
  helper,
  ping,
  cluster,
  memberOf,
  unwell,
  mark,
  reached,
  settings,
  ca,
  webCertificate,
  reports,
  ports,
]

/** curl configuration with the login of args, for standard input. */
export function curlUser(args: Json | undefined): Value {
  return login(textArg(args, 'username'), secretArg(args))
}

/** `user = "name:password"` as curl reads it: its quoting of `"` and `\` is JSON's. */
export function login(username: string, password: { readonly secret: string }): Value {
  return { join: ['user = ', { json: { join: [username, ':', password] } }, '\n'] }
}
