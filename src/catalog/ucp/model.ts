import type { Exit } from '../../plan/fact.ts'
import type { Estate, Model } from '../../twin/estate.ts'
import {
  containersOn,
  engineIsUp,
  engineState,
  engineVersion,
  nodeOf,
  peekEngine,
  swarmOf,
} from '../docker/estate.ts'
import { notFound } from '../docker/model.ts'
import { HOLD, bootstrapper, sha256 } from './modelBootstrapper.ts'
import { ownCertificateModel } from './ownCertificateModel.ts'
import { uninstall } from './modelUninstall.ts'
import { etcdHealth, repairScript } from './repairModel.ts'
import { osOf } from '../os/bareHost.ts'
import { exit } from '../os/model.ts'
import { CERTIFICATE_VOLUME } from './commands.ts'
import { controllerOn, sectionOf, twinUcp, withSetting } from './estate.ts'

/** How the twin's UCP answers: its bootstrapper, its HTTP API on the manager itself, and our named scripts. */
export const model: Model = (line, host, estate) => {
  const [program, ...words] = line.argv
  const imageAt = words.findIndex(word => /(^|\/)ucp:\d/.test(word))
  if (program === 'docker' && imageAt > 0 && words[imageAt + 1] === 'uninstall-ucp')
    return uninstall(words.slice(imageAt + 2), host, estate)
  if (program === 'docker' && imageAt > 0 && words.includes('run'))
    return bootstrapper(line, imageAt + 1, host, estate)
  if (program === 'docker' && words[0] === 'exec' && words[1] === 'ucp-kv' && words[2] === 'etcdctl')
    return etcdHealth(host, estate)
  const named = program === 'sh' && words[0] === '-c' ? (words[2] ?? '') : ''
  const certificate = ownCertificateModel(line, host, estate)
  if (certificate !== undefined) return certificate
  if (named === 'runbook-ucp-certificates') return certificates(estate, host)
  if (named === 'runbook-ucp-remains') {
    if (!engineIsUp(estate, host)) return notFound('docker')
    const { containers, volumes } = remainsOn(estate, host)
    return exit(0, `containers=${containers.length}\nvolumes=${volumes.length}\nend=1\n`)
  }
  if (named === 'runbook-ucp-sweep') return sweep(estate, host)
  const repaired = repairScript(named, host, estate, sweep)
  if (repaired) return repaired
  if (named === 'runbook-ucp-release') return release(words[3] ?? '', host, estate)
  if (named === 'runbook-ucp-certificate-put') {
    const volumes = engineState(estate, host).volumes
    const volume = (volumes[CERTIFICATE_VOLUME] ??= { driver: 'local', options: {}, files: {} })
    volume.files[words[3] ?? ''] = line.stdin ?? ''
    return exit(0)
  }
  if (named === 'runbook-ucp-webcertificate') {
    const found = controllerOn(estate, host)
    if (!found || String(found.ucp.controllerPort) !== words[3])
      return exit(4, '', 'nothing answers with a certificate\n')
    const label = nodeOf(estate, host)?.node.labels['com.docker.ucp.SANs'] ?? ''
    const names = [...found.ucp.sans, ...label.split(',').filter(name => name !== '')]
    const text = names.map(name => `${/^[\d.]+$/.test(name) ? 'IP Address' : 'DNS'}:${name}`).join(', ')
    const ends = found.ucp.certificateEnds ?? 'Jan  1 00:00:00 2031 GMT'
    return exit(0, `notAfter=${ends}\nnames=${text}\nend=1\n`)
  }
  if (named === 'runbook-ucp-front') {
    if (!engineIsUp(estate, host)) return notFound('docker')
    const found = containersOn(estate, host)['ucp-controller']
    const port = found?.exitCode === null ? `0.0.0.0:${twinUcp(estate)?.controllerPort ?? 443}->8443/tcp` : ''
    return exit(0, `${found ? `ucp-controller|${port}\n` : ''}end\n`)
  }
  if (named === 'runbook-ucp-license') return licence(estate, host)
  if (named.startsWith('runbook-ucp-')) return asAdmin(named, words.slice(3), line.stdin ?? '', host, estate)
  if (program === 'curl' && words.includes('runbook-ucp')) return http(words, host, estate)
  return undefined
}

function http(words: readonly string[], host: string, estate: Estate): Exit {
  if (!osOf(estate, host).curl) return notFound('curl')
  const url = new URL(words.at(-1) ?? '')
  const found = controllerOn(estate, host)
  if (!found || String(found.ucp.controllerPort) !== (url.port || '443')) return refused(url.port)
  const head = words.includes('--head') || words.includes('-I')
  if (url.pathname === '/_ping') return exit(0, head ? '404' : found.healthy ? '200' : '500')
  if (url.pathname === '/ca') return exit(0, found.ucp.ca)
  return exit(22, '', 'curl: (22) The requested URL returned error: 404\n')
}

function refused(port: string): Exit {
  return exit(7, '', `curl: (7) Failed to connect to 127.0.0.1 port ${port || '443'}: Connection refused\n`)
}

function asAdmin(
  named: string,
  parameters: readonly string[],
  stdin: string,
  host: string,
  estate: Estate,
): Exit | undefined {
  const [port = '', section = '', key = '', value = ''] = parameters
  const found = controllerOn(estate, host)
  if (!found || String(found.ucp.controllerPort) !== port) return refused(port)
  const [login = '', ...rest] = stdin.split('\n')
  const { username, password } = JSON.parse(login) as { username: string; password: string }
  if (username !== found.ucp.adminUsername || sha256(password) !== found.ucp.adminPasswordSha256) {
    return exit(22, '', 'UCP refused the login of its administrator\n')
  }
  if (named === 'runbook-ucp-config-get')
    return exit(0, [...sectionOf(found.ucp.toml, section), '# end\n'].join('\n'))
  if (!found.healthy) return exit(22, '', 'curl: (22) The requested URL returned error: 500\n')
  if (named === 'runbook-ucp-config-set') {
    found.ucp.toml = withSetting(found.ucp.toml, section, key, value)
    return exit(0)
  }
  if (named === 'runbook-ucp-license-put') {
    const swarm = swarmOf(estate, host)?.swarm
    if (swarm) swarm.configs['com.docker.license'] = rest.join('\n')
    return exit(0)
  }
  return undefined
}

function certificates(estate: Estate, host: string): Exit {
  if (engineVersion(estate, host) === undefined) return notFound('docker')
  if (!engineIsUp(estate, host)) return exit(1, '', 'Cannot connect to the Docker daemon\n')
  const volume = peekEngine(estate, host).volumes[CERTIFICATE_VOLUME]
  if (!volume) return exit(1, '\n', `Error: No such volume: ${CERTIFICATE_VOLUME}\n`)
  const files = volume.files
  const lines = ['ca.pem', 'cert.pem'].flatMap(name =>
    files[name] === undefined ? [] : [`${name}=${sha256(files[name])}`],
  )
  return exit(0, [...lines, ...(files['key.pem'] ? ['key.pem=yes'] : []), 'end=1\n'].join('\n'))
}

function licence(estate: Estate, host: string): Exit {
  if (!engineIsUp(estate, host)) return notFound('docker')
  const here = nodeOf(estate, host)
  if (here?.node.role !== 'manager')
    return exit(1, '', 'Error response from daemon: This node is not a swarm manager.\n')
  const text = swarmOf(estate, host)?.swarm.configs['com.docker.license']
  if (text === undefined) return exit(0, 'none=1\nend=1\n')
  const signed = /^eyJ/.test(text) ? text : /"authorization": *"([^"]*)"/.exec(text)?.[1]
  return exit(0, `${signed === undefined ? '' : `signed=${signed}\n`}end=1\n`)
}

function release(name: string, host: string, estate: Estate): Exit {
  if (!engineIsUp(estate, host)) return notFound('docker')
  if (nodeOf(estate, host)?.node.role !== 'manager')
    return exit(1, '', 'Error response from daemon: This node is not a swarm manager.\n')
  const found = Object.values(swarmOf(estate, host)?.swarm.nodes ?? {}).find(node => node.hostname === name)
  if (!found) return exit(1, '', `Error: No such node: ${name}\n`)
  Reflect.deleteProperty(found.labels, HOLD)
  return exit(0)
}

function remainsOn(
  estate: Estate,
  host: string,
): { readonly containers: string[]; readonly volumes: string[] } {
  return {
    containers: Object.keys(containersOn(estate, host)).filter(name => /^(ucp-|k8s_)/.test(name)),
    volumes: Object.keys(peekEngine(estate, host).volumes).filter(name => name.startsWith('ucp-')),
  }
}

function sweep(estate: Estate, host: string): Exit {
  if (!engineIsUp(estate, host)) return notFound('docker')
  if (swarmOf(estate, host)) return exit(1, '', 'this host is still in a swarm (active)\n')
  const { containers, volumes } = remainsOn(estate, host)
  const state = engineState(estate, host)
  for (const name of containers) Reflect.deleteProperty(state.containers, name)
  for (const name of volumes) Reflect.deleteProperty(state.volumes, name)
  return exit(0)
}
