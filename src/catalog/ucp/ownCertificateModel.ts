import type { Exit } from '../../plan/fact.ts'
import type { Estate, Model } from '../../twin/estate.ts'
import { containersOn, engineIsUp, engineState, peekEngine } from '../docker/estate.ts'
import { notFound } from '../docker/model.ts'
import { exit } from '../os/model.ts'
import { CERTIFICATE_VOLUME } from './commands.ts'
import { controllerOn, twinUcp } from './estate.ts'
import { sha256 } from './modelBootstrapper.ts'

/** How the twin's UCP takes a certificate of one's own. What a controller serves is what its files were when it was last started. */
export const ownCertificateModel: Model = (line, host, estate) => {
  const [program, ...words] = line.argv
  const named = program === 'sh' && words[0] === '-c' ? (words[2] ?? '') : ''
  if (named === 'runbook-ucp-owncertificate') return own(estate, host, words[3] ?? '')
  if (named === 'runbook-ucp-certificate-keep') return keep(estate, host, words[3] ?? '')
  if (named === 'runbook-ucp-certificate-back') return back(estate, host, words[3] ?? '')
  if (program === 'docker' && words[0] === 'restart' && words.at(-1) === 'ucp-controller')
    return restart(estate, host)
  return undefined
}

const names = ['ca.pem', 'cert.pem', 'key.pem']

/** Files in a manager's volume: UCP copies those of the install to managers that join [D: use-your-own-tls-certificates.md]. */
function filesOn(estate: Estate, host: string): { readonly [name: string]: string } | undefined {
  const found = peekEngine(estate, host).volumes[CERTIFICATE_VOLUME]?.files
  if (found !== undefined) return found
  return controllerOn(estate, host) === undefined ? undefined : ownOf(estate)
}

/** What UCP serves where nobody has put anything: the certificate of its install, or one it has made itself. */
function ownOf(estate: Estate): { readonly [name: string]: string } {
  const ucp = twinUcp(estate)
  return (
    ucp?.external ?? {
      'ca.pem': ucp?.ca ?? '',
      'cert.pem': `made by UCP ${ucp?.swarm ?? ''}`,
      'key.pem': 'made',
    }
  )
}

function own(estate: Estate, host: string, port: string): Exit {
  if (!engineIsUp(estate, host)) return notFound('docker')
  const files = filesOn(estate, host)
  if (!files) return exit(1, '\n', `Error: No such volume: ${CERTIFICATE_VOLUME}\n`)
  const found = controllerOn(estate, host)
  const serves = found?.ucp.served?.[host] ?? sha256(ownOf(estate)['cert.pem'] ?? '')
  const isThere = found !== undefined && String(found.ucp.controllerPort) === port
  const lines = names
    .slice(0, 2)
    .flatMap(name => (files[name] === undefined ? [] : [`${name}=${sha256(files[name])}`]))
  const served = !isThere ? 'none' : sha256(files['cert.pem'] ?? '') === serves ? 'yes' : 'no'
  return exit(
    0,
    [...lines, ...(files['key.pem'] ? ['key.pem=yes'] : []), `served=${served}`, 'end=1\n'].join('\n'),
  )
}

function keep(estate: Estate, host: string, tag: string): Exit {
  const files = filesOn(estate, host)
  if (!files) return exit(1, '\n', `Error: No such volume: ${CERTIFICATE_VOLUME}\n`)
  const volumes = engineState(estate, host).volumes
  const own = (volumes[CERTIFICATE_VOLUME] ??= { driver: 'local', options: {}, files: { ...files } }).files
  for (const name of Object.keys(own))
    if (name.startsWith('.before-') && !name.startsWith(`.before-${tag}.`)) Reflect.deleteProperty(own, name)
  for (const name of names) if (own[name] !== undefined) own[`.before-${tag}.${name}`] ??= own[name]
  return exit(0)
}

function back(estate: Estate, host: string, tag: string): Exit {
  const own = engineState(estate, host).volumes[CERTIFICATE_VOLUME]?.files
  for (const name of names) {
    const kept = own?.[`.before-${tag}.${name}`]
    if (own === undefined || kept === undefined)
      return exit(1, '', `what was there before ${tag} is not kept\n`)
    own[name] = kept
  }
  return exit(0)
}

function restart(estate: Estate, host: string): Exit {
  if (!engineIsUp(estate, host)) return notFound('docker')
  const ucp = twinUcp(estate)
  if (!ucp || !containersOn(estate, host)['ucp-controller'])
    return exit(1, '', 'Error response from daemon: No such container: ucp-controller\n')
  const files = filesOn(estate, host)
  ucp.served = { ...ucp.served, [host]: sha256(files?.['cert.pem'] ?? '') }
  return exit(0, 'ucp-controller\n')
}
