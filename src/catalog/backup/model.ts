import type { Exit } from '../../plan/fact.ts'
import type { Estate, EstateHost, Model, Pending } from '../../twin/estate.ts'
import { engineIsUp, engineState, swarmOf } from '../docker/estate.ts'
import { notFound } from '../docker/model.ts'
import { hostSeconds, twinDtr } from '../dtr/state.ts'
import { osOf } from '../os/bareHost.ts'
import { exit } from '../os/model.ts'
import { controllerOn, twinUcp } from '../ucp/estate.ts'
import { sha256 } from '../ucp/modelBootstrapper.ts'
import { archiveOfDtr, archiveOfSwarm, archiveOfUcp } from './modelArchives.ts'
import { clear, restoreSwarm, restoreUcp } from './modelRestore.ts'
import { pretendTar, pretendUntar } from './pretendTar.ts'

/** How the twin answers the scripts of backup and restore. Archives are real tars, with the estate's own state in them. */
export const model: Model = (line, host, estate) => {
  const [program, flag, , named = '', ...words] = line.argv
  if (program !== 'sh' || flag !== '-c') return undefined
  const own = estate.hosts[host]
  if (!own || !/^runbook-(backup|restore)-/.test(named)) return undefined
  const { files } = own
  const [folder = '', file = ''] = words
  switch (named) {
    case 'runbook-backup-part':
      return exit(
        0,
        `${files[`${folder}/${file}.kept`] ? 'kept=1\n' : ''}${files[`${folder}/${file}`] ? 'staged=1\n' : ''}end=1\n`,
      )
    case 'runbook-backup-kept':
      files[`${folder}/${file}.kept`] = { content: '', mode: '0600' }
      Reflect.deleteProperty(files, `${folder}/${file}`)
      return exit(0)
    case 'runbook-backup-sets':
      return sets(files, folder, estate, host)
    case 'runbook-backup-set': {
      const content = files[`${folder}/${file}.json`]?.content.replaceAll('\n', '')
      return exit(0, `${content === undefined ? '' : `${content}\n`}end=1\n`)
    }
    case 'runbook-restore-key':
      Reflect.deleteProperty(files, `${folder}/papers.tar`)
      return exit(0)
    case 'runbook-restore-mark':
      files[`${folder}/images.restored.kept`] = { content: '', mode: '0600' }
      return exit(0)
  }
  if (!engineIsUp(estate, host)) return notFound('docker')
  switch (named) {
    case 'runbook-backup-papers':
      return papers(files, folder, estate, host)
    case 'runbook-backup-swarm':
      return swarm(folder, host, estate)
    case 'runbook-backup-ucp':
      return ucp(words, line.stdin ?? '', host, estate)
    case 'runbook-backup-printed':
      return printed(line, words, host, estate)
    case 'runbook-backup-images': {
      const tags = twinDtr(estate)?.tags ?? {}
      return put(
        files,
        `${folder}/images.tar`,
        pretendTar({ 'docker/registry/v2/tags': JSON.stringify(tags) }),
      )
    }
    case 'runbook-restore-swarm':
      return restoreSwarm(folder, file, host, estate)
    case 'runbook-restore-clear':
      return clear(host, estate)
    case 'runbook-restore-ucp':
      return restoreUcp(folder, words.slice(1), host, estate)
    case 'runbook-restore-images': {
      if (!pretendUntar(files[`${folder}/images.tar`]?.content ?? ''))
        return exit(2, '', 'tar: not a tar archive\n')
      Reflect.deleteProperty(files, `${folder}/images.tar`)
      files[`${folder}/images.restored.kept`] = { content: '', mode: '0600' }
      return exit(0)
    }
  }
  return undefined
}

function put(files: EstateHost['files'], path: string, content: string): Exit {
  files[path] = { content, mode: '0600' }
  return exit(0)
}

function sets(files: EstateHost['files'], folder: string, estate: Estate, host: string): Exit {
  const now = hostSeconds(estate, host)
  const lines = Object.entries(files)
    .filter(([path]) => path.startsWith(`${folder}/`) && path.endsWith('.json'))
    .map(([, { content }]) => `set=${String(now)} ${content.replaceAll('\n', '')}\n`)
  return exit(0, `now=${String(now)}\n${lines.join('')}end=1\n`)
}

function papers(files: EstateHost['files'], folder: string, estate: Estate, host: string): Exit {
  const found = controllerOn(estate, host)
  const swarm = swarmOf(estate, host)
  if (!found || !swarm) return exit(7, '', 'curl: (7) Failed to connect to 127.0.0.1\n')
  const license = swarm.swarm.configs['com.docker.license']
  const playbook = files[`${folder}/papers/playbook.yml`]?.content ?? ''
  Reflect.deleteProperty(files, `${folder}/papers/playbook.yml`)
  return put(
    files,
    `${folder}/papers.tar`,
    pretendTar({
      // Only ASCII: the twin's archives are texts.
      'playbook.yml': playbook.replaceAll(/[^\n -~]/g, '?'),
      'swarm-ca.pem': `-----BEGIN CERTIFICATE-----\n${sha256(swarm.id)}\n-----END CERTIFICATE-----\n`,
      'ucp-ca.pem': found.ucp.ca,
      ...(license !== undefined && { 'license.lic': license.replaceAll(/[^\n -~]/g, '?') }),
    }),
  )
}

const STOPPED_MS = 15_000

/** The engine is down while its state is archived, and comes back whatever becomes of the archive. */
function swarm(folder: string, host: string, estate: Estate): Exit | Pending {
  const archive = archiveOfSwarm(estate, host)
  if (archive === undefined) return exit(3, '', 'runbook: there is no /var/lib/docker/swarm\n')
  const { services } = osOf(estate, host)
  const unit = services['docker']
  if (unit) unit.active = false
  return {
    tookMs: STOPPED_MS,
    finish(now) {
      const started = osOf(now, host).services['docker']
      if (started) started.active = true
      return put(now.hosts[host]?.files ?? {}, `${folder}/swarm.tar`, archive)
    },
  }
}

function ucp(words: readonly string[], stdin: string, host: string, estate: Estate): Exit | Pending {
  const [port = '', folder = ''] = words
  const found = controllerOn(estate, host)
  if (!found || String(found.ucp.controllerPort) !== port)
    return exit(7, '', `curl: (7) Failed to connect to 127.0.0.1 port ${port}: Connection refused\n`)
  const [login = '', request = ''] = stdin.split('\n')
  const { username, password } = JSON.parse(login) as { username: string; password: string }
  if (username !== found.ucp.adminUsername || sha256(password) !== found.ucp.adminPasswordSha256)
    return exit(22, '', 'UCP refused the login of its administrator\n')
  if (!found.healthy) return exit(22, '', 'curl: (22) The requested URL returned error: 500\n')
  const asked = JSON.parse(request) as { noPassphrase?: boolean; hostPath?: string; fileName?: string }
  if (asked.hostPath !== `${folder}/ucp` || asked.fileName !== 'ucp.tar')
    return exit(22, '', 'curl: (22) The requested URL returned error: 400\n')
  if (asked.noPassphrase !== true)
    return exit(1, '', 'not modelled: an archive that UCP encrypts; `backup.encrypt` is\n')
  return {
    tookMs: 60_000,
    finish: now => {
      const after = twinUcp(now)
      if (after) after.backedUpMs = now.clockMs
      return put(now.hosts[host]?.files ?? {}, `${folder}/ucp.tar`, archiveOfUcp(now))
    },
  }
}

/** A bootstrapper whose output is the archive. */
function printed(
  line: Parameters<Model>[0],
  words: readonly string[],
  host: string,
  estate: Estate,
): Exit | Pending {
  const [folder = '', file = '', ...command] = words
  const at = command.findIndex(word => /(^|\/)(dtr|ucp):\d/.test(word))
  const image = command[at] ?? ''
  const flag = (name: string): string => command[command.indexOf(name, at) + 1] ?? ''
  if (command.some(word => word === '-t' || word === '-it' || word === '--tty'))
    return exit(1, '', 'the input device is not a TTY\n')
  if (command[command.indexOf('--log-driver') + 1] !== 'none')
    return exit(1, '', 'not modelled: a log driver that keeps the stream\n')
  const archive = /(^|\/)dtr:/.test(image)
    ? archiveOfDtr(estate, image, flag('--existing-replica-id'), line.env)
    : flag('--id') === twinUcp(estate)?.swarm
      ? archiveOfUcp(estate)
      : exit(1, '', 'level=fatal msg="the instance id does not match the one of this cluster"\n')
  if (typeof archive !== 'string') return archive
  if (/(^|\/)ucp:/.test(image) && engineState(estate, host).containers['ucp'])
    return exit(
      125,
      '',
      'docker: Error response from daemon: Conflict. The container name "/ucp" is already in use\n',
    )
  return {
    tookMs: 60_000,
    finish: now => put(now.hosts[host]?.files ?? {}, `${folder}/${file}`, archive),
  }
}
