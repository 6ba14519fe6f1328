import { engineState } from '../../../src/catalog/docker/estate.ts'
import { stopReplica, twinDtr } from '../../../src/catalog/dtr/state.ts'
import { keepBalancer, peekBalancer } from '../../../src/catalog/loadBalancer/state.ts'
import { osOf } from '../../../src/catalog/os/bareHost.ts'
import type { RecipeName } from '../../../src/catalog/recover/recipe.ts'
import type { Estate } from '../../../src/twin/estate.ts'

const memberOn = (estate: Estate, host: string): string =>
  Object.entries(twinDtr(estate)?.members ?? {}).find(([, one]) => one.host === host)?.[0] ?? ''
const wipe = (estate: Estate, host: string): void => {
  const engine = engineState(estate, host)
  for (const kind of [engine.containers, engine.volumes])
    for (const name of Object.keys(kind)) if (name.startsWith('dtr-')) Reflect.deleteProperty(kind, name)
}
const off = (estate: Estate, host: string): void => {
  const found = estate.hosts[host]
  if (found) found.up = false
}
const rebuilt = (estate: Estate, bare: Estate, host: string): void => {
  const fresh = bare.hosts[host]
  if (fresh) estate.hosts[host] = fresh
}

/** One way to lose something, and what brings it back. */
export interface Loss {
  /** In the sweep: 'recover: WHAT'. */
  readonly what: string
  /** Playbook whose cluster it is. */
  readonly from: string
  readonly recipe: RecipeName
  readonly lost?: readonly string[]
  /** What was lost and recovered from before. */
  readonly after?: string
  /** @param bare the same hosts before anything was done to them */
  readonly change: (estate: Estate, bare: Estate) => void
  /** Kinds and hosts of what runs, in order. */
  readonly does: readonly string[]
}

export const losses: readonly Loss[] = [
  {
    what: 'a replica that stopped',
    from: 'dtr-ha',
    recipe: 'dtr-replica-loss',
    change: estate => {
      stopReplica(estate, memberOn(estate, 'd2'))
    },
    does: ['dtr.start@d2', 'dtr.whole@d1'],
  },
  {
    what: 'a replica of which nothing is left',
    from: 'dtr-ha',
    recipe: 'dtr-replica-loss',
    change: estate => {
      wipe(estate, 'd2')
    },
    does: ['dtr.remove@d1', 'dtr.join@d2', 'dtr.whole@d1'],
  },
  {
    what: 'a registry host that is gone',
    from: 'dtr-ha',
    recipe: 'dtr-node-loss',
    lost: ['d3'],
    change: estate => {
      off(estate, 'd3')
    },
    does: ['ucp.strike@m1', 'dtr.remove@d1', 'dtr.whole@d1'],
  },
  {
    what: 'a registry host on a new machine',
    from: 'dtr-ha',
    recipe: 'dtr-node-loss',
    change: (estate, bare) => {
      rebuilt(estate, bare, 'd3')
    },
    does: [
      'docker.install@d3',
      'ucp.strike@m1',
      'ucp.joinWorker@d3',
      'storage.client@d3',
      'dtr.remove@d1',
      'dtr.join@d3',
      'dtr.whole@d1',
    ],
  },
  {
    what: 'a manager that is gone',
    from: 'dtr-ha',
    recipe: 'ucp-manager-loss',
    lost: ['m3'],
    change: estate => {
      off(estate, 'm3')
    },
    does: ['ucp.demote@m1', 'ucp.strike@m1'],
  },
  {
    what: 'a manager whose engine stopped',
    from: 'dtr-ha',
    recipe: 'ucp-manager-loss',
    change: estate => {
      const unit = osOf(estate, 'm3').services['docker']
      if (unit) unit.active = false
    },
    does: ['docker.start@m3', 'ucp.joinManager@m3'],
  },
  {
    what: 'a manager on a new machine',
    from: 'dtr-ha',
    recipe: 'ucp-manager-loss',
    change: (estate, bare) => {
      rebuilt(estate, bare, 'm3')
    },
    does: ['docker.install@m3', 'ucp.demote@m1', 'ucp.strike@m1', 'ucp.joinManager@m3'],
  },
  {
    what: 'a balancer with a member out',
    from: 'dtr-ha',
    recipe: 'lb-loss',
    change: estate => {
      const found = peekBalancer(estate, 'lb1')
      if (found) keepBalancer(estate, 'lb1', { ...found, admin: { 'dtr_https/d1': 'drain' } })
    },
    does: ['loadBalancer.configure@lb1'],
  },
  {
    what: 'a balancer on a new machine',
    from: 'dtr-ha',
    recipe: 'lb-loss',
    change: (estate, bare) => {
      rebuilt(estate, bare, 'lb1')
    },
    does: ['loadBalancer.install@lb1', 'loadBalancer.configure@lb1'],
  },
  {
    what: 'two of three replicas destroyed',
    from: 'dtr-ha',
    recipe: 'dtr-majority-loss',
    change: estate => {
      wipe(estate, 'd1')
      wipe(estate, 'd3')
    },
    does: ['dtr.repair@d2', 'dtr.join@d1', 'dtr.join@d3', 'dtr.whole@d2'],
  },
  {
    what: 'two of three registry hosts gone',
    from: 'dtr-ha',
    recipe: 'dtr-majority-loss',
    lost: ['d1', 'd3'],
    change: estate => {
      off(estate, 'd1')
      off(estate, 'd3')
    },
    does: ['dtr.repair@d2', 'dtr.whole@d2'],
  },
  {
    what: 'two of three managers gone',
    from: 'dtr-ha',
    recipe: 'ucp-quorum-loss',
    lost: ['m1', 'm2'],
    change: estate => {
      off(estate, 'm1')
      off(estate, 'm2')
    },
    does: ['docker.refound@m3', 'ucp.etcd@m3', 'ucp.authStore@m3', 'ucp.forget@m3', 'ucp.nodesBack@m3'],
  },
  {
    what: 'two of three managers on new machines',
    from: 'dtr-ha',
    recipe: 'ucp-quorum-loss',
    change: (estate, bare) => {
      rebuilt(estate, bare, 'm1')
      rebuilt(estate, bare, 'm2')
    },
    does: [
      'docker.install@m1',
      'docker.install@m2',
      'docker.refound@m3',
      'ucp.etcd@m3',
      'ucp.authStore@m3',
      'ucp.nodesBack@m3',
      'ucp.rejoin@m1',
      'ucp.rejoin@m2',
    ],
  },
  {
    what: 'a site with two managers and two replicas',
    from: 'dtr-ha',
    recipe: 'dc-loss',
    lost: ['m1', 'm2', 'd1', 'd2', 'w1'],
    change: estate => {
      for (const host of ['m1', 'm2', 'd1', 'd2', 'w1']) off(estate, host)
    },
    does: [
      'docker.refound@m3',
      'ucp.etcd@m3',
      'ucp.authStore@m3',
      'ucp.forget@m3',
      'ucp.nodesBack@m3',
      'dtr.repair@d3',
      'dtr.whole@d3',
    ],
  },
  {
    what: 'a site that comes back with its engines off',
    from: 'dtr-ha',
    after: 'a site with two managers and two replicas',
    recipe: 'site-rejoin',
    change: estate => {
      for (const host of ['m1', 'm2', 'd1', 'd2', 'w1']) {
        Object.assign(estate.hosts[host] ?? {}, { up: true })
        const unit = osOf(estate, host).services['docker']
        if (unit) unit.active = false
      }
    },
    does: [],
  },
  {
    what: 'storage that went away and is back, two replicas still on the old mount',
    from: 'dtr-ha',
    recipe: 'storage-loss',
    change: estate => {
      for (const host of ['d1', 'd3']) {
        const own = twinDtr(estate)?.members[memberOn(estate, host)]
        if (own) own.staleMount = true
      }
    },
    does: ['dtr.restart@d1', 'dtr.restart@d3'],
  },
]
