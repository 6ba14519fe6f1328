import type { ListedContainer, SwarmNode } from '../common/engine.ts'
import { localEngine } from '../common/engine.ts'
import type { Flags } from '../common/flags.ts'
import { Fatal, info } from '../common/log.ts'
import { call, json, sleep } from '../common/wire.ts'
import { program, serviceNames } from './services.ts'

const repository = process.env['STANDIN_REPOSITORY'] ?? 'docker'
const version = process.env['STANDIN_VERSION'] ?? '3.2.6'

/** `docker/ucp id`: the instance id on standard output. */
export async function instanceId(): Promise<string> {
  return (await json<{ readonly ID: string }>(localEngine, '/swarm')).ID
}

/** `docker/ucp uninstall-ucp`: cleans every node by a global service; the swarm stays. */
export async function uninstall(flags: Flags): Promise<void> {
  const id = await instanceId()
  if (flags.text('id') !== id)
    throw new Fatal(`You must specify --id ${id} to uninstall UCP from this cluster`)
  info('Uninstalling UCP on each node...')
  for (const name of serviceNames) await call(localEngine, `/services/${name}`, { method: 'DELETE' })
  await json(localEngine, '/services/create', {
    body: {
      Name: 'ucp-uninstall-agent',
      Mode: { Global: {} },
      EndpointSpec: { Mode: 'dnsrr' },
      TaskTemplate: {
        ContainerSpec: {
          Image: `${repository}/ucp-agent:${version}`,
          Command: [...program, 'clean'],
          Mounts: [{ Type: 'bind', Source: '/var/run/docker.sock', Target: '/var/run/docker.sock' }],
        },
        RestartPolicy: { Condition: 'none' },
      },
    },
  })
  const nodes = (await json<readonly SwarmNode[]>(localEngine, '/nodes')).filter(
    node => node.Status.State === 'ready',
  )
  const end = Date.now() + 120_000
  for (;;) {
    const filters = encodeURIComponent(JSON.stringify({ service: ['ucp-uninstall-agent'] }))
    const tasks = await json<readonly { readonly Status: { readonly State: string } }[]>(
      localEngine,
      `/tasks?filters=${filters}`,
    )
    if (tasks.filter(task => task.Status.State === 'complete').length >= nodes.length) break
    if (Date.now() > end) throw new Fatal('Uninstalling UCP took too long')
    await sleep(500)
  }
  await call(localEngine, '/services/ucp-uninstall-agent', { method: 'DELETE' })
  await removeKept(flags.on('purge-config'))
  info('UCP has been removed from this cluster successfully.')
}

async function removeKept(configsToo: boolean): Promise<void> {
  const named = (
    kind: string,
  ): Promise<readonly { readonly ID: string; readonly Spec: { readonly Name: string } }[]> =>
    json(localEngine, `/${kind}`)
  for (const secret of await named('secrets')) {
    if (secret.Spec.Name.startsWith('ucp-'))
      await call(localEngine, `/secrets/${secret.ID}`, { method: 'DELETE' })
  }
  for (const config of configsToo ? await named('configs') : []) {
    if (config.Spec.Name.startsWith('com.docker.'))
      await call(localEngine, `/configs/${config.ID}`, { method: 'DELETE' })
  }
}

/** Run on each node by the uninstall service. */
export async function clean(): Promise<void> {
  const all = await json<readonly ListedContainer[]>(localEngine, '/containers/json?all=1')
  for (const each of all) {
    if (each.Names.some(name => name.startsWith('/ucp-') && !name.startsWith('/ucp-uninstall'))) {
      await call(localEngine, `/containers/${each.Id}?force=1`, { method: 'DELETE' })
    }
  }
  const { Volumes: volumes } = await json<{ readonly Volumes: readonly { readonly Name: string }[] | null }>(
    localEngine,
    '/volumes',
  )
  for (const each of volumes ?? []) {
    if (each.Name.startsWith('ucp-'))
      await call(localEngine, `/volumes/${each.Name}?force=1`, { method: 'DELETE' })
  }
}
