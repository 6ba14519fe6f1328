import type { SwarmNode } from '../common/engine.ts'
import { localEngine } from '../common/engine.ts'
import type { Flags } from '../common/flags.ts'
import { Fatal, info } from '../common/log.ts'
import { json, sleep } from '../common/wire.ts'
import { clusterOf } from './cluster.ts'
import { isInstalled, ownName } from './install.ts'
import { holdLabel, renewServices } from './services.ts'
import type { ClusterState } from './state.ts'
import { passwordFits } from './state.ts'
import { stateOfNode } from './stateOfNode.ts'
import { instanceId } from './uninstall.ts'

const repository = process.env['STANDIN_REPOSITORY'] ?? 'docker'
const version = process.env['STANDIN_VERSION'] ?? '3.2.6'

/**
 * `docker/ucp upgrade`: managers one after another, then workers, by the agents of the new version; with `--manual-worker-upgrade` the
 * managers only, and each worker when somebody takes its label off [docker-enterprise.md 4.6].
 */
export async function upgrade(flags: Flags): Promise<void> {
  await ownName()
  if (!(await isInstalled())) throw new Fatal('UCP is not installed on this cluster')
  const id = await instanceId()
  if (flags.text('id') !== id) throw new Fatal(`You must specify --id ${id} to upgrade UCP on this cluster`)
  const state = await stateOfNode()
  const password = flags.text('admin-password') ?? ''
  if ((flags.text('admin-username') ?? 'admin') !== state.admin.name || !passwordFits(state.admin, password))
    throw new Fatal('Invalid administrator username or password')
  refuseWrongWay(state.version)
  info(`Upgrading UCP from version ${state.version} to ${version}`)
  const next = { ...state, version, repository }
  const isManual = flags.on('manual-worker-upgrade')
  if (isManual) await holdWorkers()
  await renewServices(localEngine, next)
  await allRenewed(next, isManual)
  info(`UCP has been upgraded to version ${version}`)
}

/** Managers cannot be rolled back, and no minor version is skipped. */
function refuseWrongWay(from: string): void {
  const [old = [], now = []] = [from, version].map(each => each.split('.').map(Number))
  const [major = 0, minor = 0, patch = 0] = now.map((each, position) => each - (old[position] ?? 0))
  if (major < 0 || (major === 0 && (minor < 0 || (minor === 0 && patch < 0))))
    throw new Fatal(`Cannot upgrade from version ${from} to ${version}: downgrades are not supported`)
  if (major > 0 || minor > 1)
    throw new Fatal(`Cannot upgrade from version ${from} to ${version}: minor versions cannot be skipped`)
}

async function holdWorkers(): Promise<void> {
  for (const node of await json<readonly SwarmNode[]>(localEngine, '/nodes')) {
    if (node.Spec.Role !== 'worker') continue
    const body = { ...node.Spec, Labels: { ...node.Spec.Labels, [holdLabel]: 'true' } }
    await json(localEngine, `/nodes/${node.ID}/update?version=${String(node.Version.Index)}`, { body })
  }
}

async function allRenewed(state: ClusterState, managersOnly: boolean): Promise<void> {
  const nodes = (await json<readonly SwarmNode[]>(localEngine, '/nodes')).filter(
    node => node.Status.State === 'ready' && !(managersOnly && node.Spec.Role === 'worker'),
  )
  const waiting = new Set(nodes.map(node => node.Description.Hostname))
  const end = Date.now() + 600_000
  while (waiting.size > 0) {
    const seen = await clusterOf(state.node).containers('?all=1')
    for (const name of waiting) {
      const own = seen.filter(each => each.Names.some(full => full.startsWith(`/${name}/ucp-`)))
      const parts = own.filter(each => !each.Names.some(full => full.includes('-agent')))
      if (parts.length < 2 || !parts.every(each => each.Image.endsWith(`:${version}`))) continue
      info(`Upgrade completed on ${name}`)
      waiting.delete(name)
    }
    if (Date.now() > end) throw new Fatal(`Timed out waiting for ${[...waiting].join(', ')} to be upgraded`)
    await sleep(1000)
  }
}
