import type { Exit, Fact } from '../../plan/fact.ts'
import type { FactRef, HostName, Json, Value } from '../../plan/step.ts'
import { atLeast } from '../../plan/version.ts'
import type { UcpSpec } from '../../playbook/topology.ts'
import { fieldsOf, isMissing, member, shown, textArg, authorityOf, secretArg } from '../os/text.ts'
import { configGet } from './commands.ts'
import { licenseEndMs } from './licenseEnd.ts'
import { ownCertificate } from './ownCertificate.ts'
import { CERTIFICATES, FRONT, LICENSE, REMAINS, WEB_CERTIFICATE } from './scripts.ts'

/**
 * UCP on a node: null, or `{version, image}` from the tag of container `ucp-proxy`, which every node of UCP runs [L].
 * Says nothing of health.
 */
export const node: Fact = {
  name: 'ucp.node',
  about: 'UCP on a node, from the image of its ucp-proxy: null or {version, image}.',
  scope: 'cluster',
  probe: () => ({ argv: ['docker', 'container', 'inspect', '--format', '{{.Config.Image}}', 'ucp-proxy'] }),
  parse(exit) {
    if (isMissing(exit, 'docker') || (exit.code === 1 && /No such container/i.test(exit.stderr))) return null
    const image = exit.stdout.trim()
    const version = /:(\d+\.\d+\.\d+[^@\s]*)(@|$)/.exec(image)?.[1]
    return exit.code === 0 && version !== undefined ? { version, image } : undefined
  },
}

/** Whether UCP on a node has come as far as args `{least}`: null without UCP, else `{reached}`. Asks with the same words as `ucp.node`. */
export const reached: Fact = {
  name: 'ucp.reached',
  about: 'Whether UCP on a node is of version {least} or later: null without UCP, else {reached}.',
  scope: 'cluster',
  probe: () => node.probe(undefined),
  parse(exit, args) {
    const version = member(node.parse(exit, undefined), 'version')
    if (typeof version !== 'string') return node.parse(exit, undefined)
    return { reached: atLeast(version, textArg(args, 'least')) }
  },
}

/**
 * Health of one manager by GET, asked on the manager itself, args `{port}`: null when nothing listens there, else `{status, healthy}`.
 * 200 is healthy; 500 means a component of this manager is not; 503 was seen too [D: monitor page; I: launchpad_legacy#50].
 */
export const ping: Fact = {
  name: 'ucp.ping',
  about: 'GET /_ping of the manager itself, args {port}: null when nothing listens, else {status, healthy}.',
  scope: 'cluster',
  probe: args => ({
    argv: [
      'curl',
      '--silent',
      '--show-error',
      '--insecure',
      '--max-time',
      '10',
      '--user-agent',
      'runbook-ucp',
      '--output',
      '/dev/null',
      '--write-out',
      '%{http_code}',
      `https://127.0.0.1:${textArg(args, 'port')}/_ping`,
    ],
  }),
  parse(exit) {
    if (exit.code === 7) return null
    const status = Number(/^(\d{3})\s*$/.exec(exit.stdout)?.[1])
    return exit.code === 0 && status >= 100 ? { status, healthy: status === 200 } : undefined
  },
}

/**
 * One section of UCP's configuration, asked on a manager, args `{port, username, password: {secret}, section}`: null when UCP does not
 * listen there, `{login: 'refused'}`, or `{login: 'ok', settings: {key: boolean | number | string}}`. A section that is not there has
 * no settings. Each question is a login, and UCP keeps few sessions a user: ask seldom [D: ucp-configuration-file.md].
 */
export const config: Fact = {
  name: 'ucp.config',
  about:
    "One section of UCP's configuration, args {port, username, password, section}: null, {login: 'refused'} or {login: 'ok', settings}.",
  scope: 'cluster',
  probe: args =>
    configGet(Number(textArg(args, 'port')), textArg(args, 'section'), {
      username: textArg(args, 'username'),
      password: secretArg(args),
    }),
  parse(exit) {
    if (exit.code === 7) return null
    if (exit.code === 22 && exit.stderr.includes('UCP refused the login')) return { login: 'refused' }
    if (exit.code !== 0 || !/^# end$/m.test(exit.stdout)) return undefined
    const settings: Record<string, Json> = {}
    for (const found of exit.stdout.matchAll(/^\s*([A-Za-z0-9_-]+)\s*=\s*(.*?)\s*$/gm)) {
      const [, key = '', value = ''] = found
      settings[key] = /^(true|false)$/.test(value)
        ? value === 'true'
        : /^-?\d+$/.test(value)
          ? Number(value)
          : value.replace(/^"(.*)"$/, '$1')
    }
    return { login: 'ok', settings }
  },
}

/** The certificate authority of UCP's web certificate, asked on a manager, args `{port}`: null when nothing listens, or `{pem}` [D: GET /ca]. */
export const ca: Fact = {
  name: 'ucp.ca',
  about: "The authority of UCP's web certificate, args {port}: null or {pem}. Not secret.",
  scope: 'cluster',
  picks: { pem: 'cat' },
  probe: args => ({
    argv: [
      'curl',
      '--silent',
      '--show-error',
      '--insecure',
      '--fail',
      '--max-time',
      '10',
      '--user-agent',
      'runbook-ucp',
      `https://127.0.0.1:${textArg(args, 'port')}/ca`,
    ],
  }),
  parse: authorityOf,
}

/** The files in volume ucp-controller-server-certs: null without volume, else `{ca, cert}` as sha256 or null, and `{key}` as boolean. */
export const certificates: Fact = {
  name: 'ucp.certificates',
  about:
    "UCP's own server certificate on a host: null, or {ca, cert} as sha256 or null and {key} as boolean.",
  scope: 'cluster',
  probe: () => ({ argv: ['sh', '-c', CERTIFICATES, 'runbook-ucp-certificates'] }),
  parse(exit) {
    if (isMissing(exit, 'docker') || /No such volume|no such volume/.test(exit.stderr)) return null
    const seen = fieldsOf(exit.stdout)
    if (exit.code !== 0 || seen.get('end') !== '1') return undefined
    return {
      ca: seen.get('ca.pem') ?? null,
      cert: seen.get('cert.pem') ?? null,
      key: seen.get('key.pem') === 'yes',
    }
  },
}

/**
 * The web certificate a manager serves, args `{port, wanted}`: `{expires, missing}`; `expires` is an ISO time, `missing` are those of the
 * names `wanted` that are not among its names. Undefined without openssl on the host; null when nothing listens.
 */
export const webCertificate: Fact = {
  name: 'ucp.webcertificate',
  about:
    'The web certificate a manager serves, args {port, wanted: names}: null when none is served, else {expires, missing}.',
  scope: 'cluster',
  probe: args => ({
    argv: ['sh', '-c', WEB_CERTIFICATE, 'runbook-ucp-webcertificate', textArg(args, 'port')],
  }),
  parse(exit, args) {
    const seen = readWebCertificate(exit)
    if (!seen) return seen
    const wanted = member(args, 'wanted')
    const missing = Array.isArray(wanted)
      ? (wanted as readonly Json[]).filter(name => !seen.names.includes(shown(name)))
      : []
    return { expires: seen.expires, missing }
  },
}

/** Reads the output of `WEB_CERTIFICATE`: null when none is served, else its end as an ISO time and its names. */
export function readWebCertificate(
  exit: Exit,
): { readonly expires: string; readonly names: readonly string[] } | null | undefined {
  if (exit.code === 4) return null
  const seen = fieldsOf(exit.stdout)
  const endMs = Date.parse(seen.get('notAfter') ?? '')
  if (exit.code !== 0 || seen.get('end') !== '1' || Number.isNaN(endMs)) return undefined
  const names = (seen.get('names') ?? '')
    .split(',')
    .map(name => name.trim().replace(/^(DNS|IP Address):/, ''))
  return { expires: new Date(endMs).toISOString(), names }
}

/**
 * Where UCP's controller listens on a manager: null without one, else `{port}`; null as a port while it does not run. Inside its container
 * it listens on 8443 (inferred from `docker ps` of 3.x).
 */
export const front: Fact = {
  name: 'ucp.front',
  about: "Where UCP's controller listens on a manager: null without one, else {port}.",
  scope: 'cluster',
  probe: () => ({
    argv: ['sh', '-c', FRONT, 'runbook-ucp-front'],
  }),
  parse(exit) {
    if (isMissing(exit, 'docker')) return null
    const lines = exit.stdout.split('\n').filter(one => one !== '')
    if (exit.code !== 0 || lines.pop() !== 'end') return undefined
    const line = lines.find(one => one.startsWith('ucp-controller|'))
    if (line === undefined) return null
    const port = /[:| ](\d+)->8443\/tcp/.exec(line)?.[1]
    return { port: port === undefined ? null : Number(port) }
  },
}

/** The names of the web certificate a manager serves, args `{port}`, with the words of `ucp.webcertificate`: null when none is served. */
export const webNames: Fact = {
  name: 'ucp.webnames',
  about:
    'The names of the web certificate a manager serves, args {port}: null when none is served, else {names}.',
  scope: 'cluster',
  probe: args => webCertificate.probe(args),
  parse(exit) {
    const seen = readWebCertificate(exit)
    return seen ? { names: [...seen.names].filter(name => name !== '').sort() } : seen
  },
}

/**
 * When the licence ends that the swarm keeps, asked on a manager: null without one, else `{expires}` as an ISO time. Undefined where its
 * form is none of the two that are known [docker/licensing: model/license.go; Mirantis engine: claim `exp`]. Its signature is not checked.
 */
export const license: Fact = {
  name: 'ucp.license',
  about: 'The licence the swarm keeps, asked on a manager: null without one, else {expires}, an ISO time.',
  scope: 'cluster',
  volatile: true,
  probe: () => ({ argv: ['sh', '-c', LICENSE, 'runbook-ucp-license'] }),
  parse(exit) {
    if (isMissing(exit, 'docker') || /This node is not (a swarm manager|part of a swarm)/.test(exit.stderr))
      return null
    const seen = fieldsOf(exit.stdout)
    if (exit.code !== 0 || seen.get('end') !== '1') return undefined
    if (seen.get('none') === '1') return null
    const endMs = licenseEndMs(seen.get('signed') ?? '')
    return endMs === undefined ? undefined : { expires: new Date(endMs).toISOString() }
  },
}

/** What UCP left on a host: `{containers, volumes}` as numbers, volumes by their names. None of either without an engine. */
export const remains: Fact = {
  name: 'ucp.remains',
  about:
    "What UCP has or left on a host: {containers, volumes} as numbers; Kubernetes' containers count too.",
  scope: 'cluster',
  probe: () => ({ argv: ['sh', '-c', REMAINS, 'runbook-ucp-remains'] }),
  parse(exit) {
    if (isMissing(exit, 'docker')) return { containers: 0, volumes: 0 }
    const seen = fieldsOf(exit.stdout)
    const [containers, volumes] = [Number(seen.get('containers')), Number(seen.get('volumes'))]
    if (exit.code !== 0 || seen.get('end') !== '1' || Number.isNaN(containers + volumes)) return undefined
    return { containers, volumes }
  },
}

/** All questions this folder can put. */
export const facts: readonly Fact[] = [
  node,
  reached,
  ping,
  config,
  ca,
  certificates,
  ownCertificate,
  webCertificate,
  license,
  front,
  webNames,
  remains,
]

/** `ucp.ping` of one manager. */
export function askPing(ucp: UcpSpec, host: HostName): FactRef {
  return { fact: ping.name, host, args: { port: ucp.controllerPort } }
}

/** `ucp.config` of one section, asked on a manager as the playbook's administrator. */
export function askConfig(ucp: UcpSpec, host: HostName, section: string): FactRef {
  const { adminPassword, adminUsername, controllerPort } = ucp
  return {
    fact: config.name,
    host,
    args: { port: controllerPort, username: adminUsername, password: { ...adminPassword }, section },
  }
}

/** UCP's web CA as a late value, for `--ucp-ca`: asked of `manager` just before use. */
export function caFrom(ucp: UcpSpec, manager: HostName): Value {
  return { fact: { fact: ca.name, host: manager, args: { port: ucp.controllerPort } }, pick: 'pem' }
}

/** `ucp.webcertificate` of one manager, compared with the names of the playbook. */
export function askWebCertificate(ucp: UcpSpec, host: HostName): FactRef {
  return { fact: webCertificate.name, host, args: { port: ucp.controllerPort, wanted: [...ucp.sans] } }
}
