import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import type { ListedContainer, SwarmNode } from '../common/engine.ts'
import { exitOf, follow, nodeAddress, outputOf, removeContainer, start } from '../common/engine.ts'
import type { Flags } from '../common/flags.ts'
import { Fatal, info, log, warn } from '../common/log.ts'
import { prompt } from '../common/prompt.ts'
import type { Target } from '../common/wire.ts'
import { json, sleep } from '../common/wire.ts'
import type { AtReplica, Phase2 } from './phase2.ts'
import { bootstrapper, removeObjects } from './replica.ts'
import { readBackup } from './restore.ts'
import type { FoundReplica } from './ucp.ts'
import { accessFrom, findReplicas, login, nodesOf } from './ucp.ts'

/** `install`, `restore` and `join` up to the point where the target node takes over. */
export async function place(command: 'install' | 'join' | 'restore', flags: Flags): Promise<void> {
  info(
    {
      install: 'Beginning Docker Trusted Registry installation',
      join: 'Beginning Docker Trusted Registry replica join',
      restore: 'Beginning Docker Trusted Registry restore',
    }[command],
  )
  // One of them, and no more: the store is not in the backup [docker-enterprise.md 3.7].
  const stores = ['dtr-use-default-storage', 'dtr-storage-volume', 'nfs-storage-url']
  if (command === 'restore' && stores.filter(name => (flags.text(name) ?? '') !== '').length !== 1)
    throw new Fatal(`Exactly one of ${stores.map(name => `--${name}`).join(', ')} is required for a restore`)
  const restored = command === 'restore' ? readBackup() : undefined
  const access = await accessFrom(flags)
  const ucp = await login(access)
  const ports = {
    http: portOf(flags, 'replica-http-port', 80),
    https: portOf(flags, 'replica-https-port', 443),
  }
  const nodes = (await nodesOf(ucp)).filter(node => node.Status.State === 'ready')
  const free = await withoutConflicts(ucp, nodes, Object.values(ports))
  info(`The UCP cluster contains the following nodes without port conflicts: ${free.join(', ')}`)
  info('Searching containers in UCP for DTR replicas')
  const replicas = await findReplicas(ucp)
  if (command === 'join')
    info(`This cluster contains the replicas: ${replicas.map(each => each.id).join(' ')}`)
  const existing = command === 'join' ? await existingId(flags, replicas) : undefined
  const node = await targetNode(flags, nodes, free)
  const id = flags.text('replica-id') ?? randomBytes(6).toString('hex')
  if (!/^[0-9a-f]{12}$/.test(id))
    throw new Fatal(`Invalid replica ID ${id}: expected 12 hexadecimal characters`)
  if (replicas.some(each => each.id === id))
    throw new Fatal(`A replica with ID ${id} already exists in this cluster`)
  info(`verifying [${String(ports.http)} ${String(ports.https)}] ports on ${node.Description.Hostname}`)
  for (const port of Object.values(ports)) {
    if (await answers(nodeAddress(node), port))
      throw new Fatal(`Port ${String(port)} on node ${node.Description.Hostname} is already in use`)
  }
  if (node.Spec.Role === 'manager') {
    warn(
      `Node: ${node.Description.Hostname} is a manager, it is **not** recommended to install DTR on a manager node`,
    )
    warn('Installation will continue in 10 seconds')
    await sleep(10_000)
  }
  await runPhase2(ucp, node.Description.Hostname, {
    command,
    access,
    id,
    node: node.Description.Hostname,
    nodeAddress: nodeAddress(node),
    ports,
    options: optionsOf(flags),
    ...(existing === undefined ? {} : { existing }),
    ...(restored === undefined ? {} : { restored }),
  })
}

/** `remove`, `reconfigure`, `emergency-repair`, `upgrade`, `backup`: phase 2 runs where the existing replica is. */
export async function atReplica(command: AtReplica, flags: Flags): Promise<void> {
  info(
    {
      remove: 'Beginning Docker Trusted Registry replica remove',
      reconfigure: 'Starting phase1 reconfigure',
      'emergency-repair': 'Beginning Docker Trusted Registry emergency repair',
      upgrade: 'Beginning Docker Trusted Registry upgrade',
      backup: 'Beginning Docker Trusted Registry backup',
    }[command],
  )
  const access = await accessFrom(flags)
  const ucp = await login(access)
  info('Searching containers in UCP for DTR replicas')
  const replicas = await findReplicas(ucp)
  info(`This cluster contains the replicas: ${replicas.map(each => each.id).join(' ')}`)
  const existing = await existingId(flags, replicas)
  const at = replicas.find(each => each.id === existing)
  if (at === undefined) throw new Fatal(`Replica ${existing} was not found in this cluster`)
  if (command === 'emergency-repair' && !flags.on('yes')) {
    const answer = await prompt('All other replicas will be removed from the cluster. Continue? (y/n)', 'yes')
    if (!/^y/i.test(answer)) throw new Fatal('Aborted')
  }
  const victims = command === 'remove' ? await victimsOf(flags) : []
  if (victims.includes(existing))
    throw new Fatal('The replica to remove cannot be the existing replica: choose another one as entry point')
  await runPhase2(ucp, at.node, {
    command,
    access,
    id: existing,
    existing,
    node: at.node,
    nodeAddress: '',
    ports: { http: portOf(flags, 'replica-http-port', 0), https: portOf(flags, 'replica-https-port', 0) },
    options: { ...optionsOf(flags), victims: victims.join(',') },
  })
}

/** `destroy`: deletes what is there of one replica and tells nobody. */
export async function destroy(flags: Flags): Promise<void> {
  info('Beginning Docker Trusted Registry replica destroy')
  const ucp = await login(await accessFrom(flags))
  info('Searching containers in UCP for DTR replicas')
  const replicas = await findReplicas(ucp)
  info(`This cluster contains the replicas: ${replicas.map(each => each.id).join(' ')}`)
  const id =
    flags.text('replica-id') ??
    (await prompt(`Choose a replica to destroy [${replicas[0]?.id ?? ''}]:`, 'replica-id'))
  info('Force removing replica')
  await removeObjects(ucp, id)
  info('Replica removed.')
}

async function victimsOf(flags: Flags): Promise<readonly string[]> {
  const given = flags.list('replica-ids').length > 0 ? flags.list('replica-ids') : flags.list('replica-id')
  return given.length > 0 ? given : [await prompt('Choose a replica to remove:', 'replica-ids')]
}

async function existingId(flags: Flags, replicas: readonly FoundReplica[]): Promise<string> {
  const [first] = replicas
  const given = flags.text('existing-replica-id')
  if (given !== undefined && given !== '') return given
  const answer = await prompt(`Choose a replica to join to [${first?.id ?? ''}]:`, 'existing-replica-id')
  return answer === '' ? (first?.id ?? '') : answer
}

function portOf(flags: Flags, name: string, fallback: number): number {
  const port = Number(flags.text(name) ?? String(fallback))
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Fatal(`Invalid value for --${name}`)
  return port
}

function optionsOf(flags: Flags): Phase2['options'] {
  const names = [
    ...[
      'dtr-external-url',
      'dtr-ca',
      'dtr-cert',
      'dtr-key',
      'dtr-storage-volume',
      'nfs-storage-url',
      'nfs-options',
    ],
    ...['overlay-subnet', 'log-level', 'skip-network-test', 'unsafe-join', 'storage-migrated', 'prune'],
    'offline-backup',
  ]
  return Object.fromEntries(
    names.flatMap(name => {
      const value = flags.text(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

async function withoutConflicts(
  ucp: Target,
  nodes: readonly SwarmNode[],
  ports: readonly number[],
): Promise<readonly string[]> {
  const all = await json<readonly ListedContainer[]>(ucp, '/containers/json')
  return nodes
    .map(node => node.Description.Hostname)
    .filter(name => {
      const here = all.filter(each => each.Names[0]?.startsWith(`/${name}/`) === true)
      const taken = here.flatMap(each => each.Ports.map(port => port.PublicPort))
      const controller =
        here.some(each => each.Names[0]?.endsWith('/ucp-controller') === true) && ports.includes(443)
      return !controller && !ports.some(port => taken.includes(port))
    })
    .sort()
}

async function targetNode(
  flags: Flags,
  nodes: readonly SwarmNode[],
  free: readonly string[],
): Promise<SwarmNode> {
  const name = flags.text('ucp-node') ?? free[0]
  const node = nodes.find(each => each.Description.Hostname === name)
  if (node === undefined || name === undefined)
    throw new Fatal(`Node ${name ?? ''} is not a ready node of this UCP cluster`)
  if (!free.includes(name)) {
    throw new Fatal(
      `Make sure that there is a node in your UCP cluster where port 80 and port 443 are open. Node ${name} has port conflicts`,
    )
  }
  return Promise.resolve(node)
}

const answers = (host: string, port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect({ host, port, timeout: 2000 })
    const end = (open: boolean): void => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => {
      end(true)
    })
    socket.once('error', () => {
      end(false)
    })
    socket.once('timeout', () => {
      end(false)
    })
  })

/** Runs the second phase on a node through UCP and relays what it says. */
async function runPhase2(ucp: Target, node: string, work: Phase2): Promise<void> {
  const name = 'dtr-phase2'
  const problem = `Failed to execute phase2: Problem running container '${name}' from image '${bootstrapper}'`
  let id: string
  try {
    id = await start(ucp, name, {
      Image: bootstrapper,
      Cmd: ['phase2'],
      Env: [`constraint:node==${node}`, `DTR_PHASE2=${JSON.stringify(work)}`],
      Labels: { 'com.docker.dtr.version': work.command },
    })
  } catch (error) {
    throw new Fatal(`${problem}: ${error instanceof Error ? error.message : String(error)}`)
  }
  info(`Waiting for running ${name} container to finish`)
  await follow(ucp, id, (stream, piece) => {
    if (stream === 'err') process.stderr.write(piece)
  })
  const code = await exitOf(ucp, id)
  // A backup: it has to be whole.
  process.stdout.write(await outputOf(ucp, id))
  await removeContainer(ucp, id)
  if (code !== 0)
    throw new Fatal(`${problem}: non-zero return code returned from ${bootstrapper} : ${String(code)}`)
  log('debug', 'phase 2 has ended')
}
