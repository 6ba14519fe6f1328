import { engineState, swarmOf } from '../../src/catalog/docker/estate.ts'
import { stopReplica, twinDtr } from '../../src/catalog/dtr/state.ts'
import { keepBalancer, peekBalancer } from '../../src/catalog/loadBalancer/state.ts'
import { osOf } from '../../src/catalog/os/bareHost.ts'
import { twinUcp, withSetting } from '../../src/catalog/ucp/estate.ts'
import type { Estate, MutableJson } from '../../src/twin/estate.ts'

/** One way a cluster may be found: made from a whole one of so many replicas, or by an installation that was cut. */
export interface Start {
  readonly name: string
  /** Playbook whose cluster it is made from. */
  readonly from: 'bare' | 'one' | 'two' | 'three' | 'five'
  /** Step of the installation before which it is cut. */
  readonly cutAfter?: number
  /** Kind of the first step that is not done any more. */
  readonly before?: string
  readonly change?: (estate: Estate) => void
}

const wipe = (estate: Estate, host: string): void => {
  const engine = engineState(estate, host)
  for (const kind of [engine.containers, engine.volumes])
    for (const name of Object.keys(kind)) if (name.startsWith('dtr-')) Reflect.deleteProperty(kind, name)
}

const memberOn = (estate: Estate, host: string): string => {
  const found = Object.entries(twinDtr(estate)?.members ?? {}).find(([, one]) => one.host === host)?.[0]
  if (found === undefined) throw new Error(`no member on ${host}`)
  return found
}

const forget = (estate: Estate, host: string): void => {
  Reflect.deleteProperty(twinDtr(estate)?.members ?? {}, memberOn(estate, host))
}

const relabel = (estate: Estate, hosts: readonly string[], version: string): void => {
  for (const host of hosts)
    for (const one of Object.values(engineState(estate, host).containers))
      if (one.labels['com.docker.dtr.version'] !== undefined) one.labels['com.docker.dtr.version'] = version
}

const stop = (estate: Estate, ...hosts: readonly string[]): void => {
  for (const host of hosts) stopReplica(estate, memberOn(estate, host))
}

const helper = (estate: Estate, host: string, running: boolean): void => {
  engineState(estate, host).containers['dtr-phase2'] = {
    image: 'docker/dtr:2.7.6',
    startsMs: 0,
    healthyMs: null,
    exitCode: running ? null : 1,
    labels: {},
  }
}

const admin = (estate: Estate, servers: { readonly [server: string]: string }): void => {
  const found = peekBalancer(estate, 'lb1')
  if (!found) throw new Error('no balancer')
  keepBalancer(estate, 'lb1', { ...found, admin: { ...servers } })
}

/** Every start there is but the cut installations, which `cuts` makes. */
export const starts: readonly Start[] = [
  { name: 'bare', from: 'bare' },
  { name: 'one replica', from: 'one' },
  { name: 'two replicas', from: 'two' },
  { name: 'three replicas', from: 'three' },
  { name: 'five replicas', from: 'five' },
  {
    name: 'three, one stopped',
    from: 'three',
    change: e => {
      stop(e, 'd2')
    },
  },
  {
    name: 'three, first one stopped',
    from: 'three',
    change: e => {
      stop(e, 'd1')
    },
  },
  {
    name: 'three, two stopped (majority lost, can be started)',
    from: 'three',
    change: e => {
      stop(e, 'd2', 'd3')
    },
  },
  {
    name: 'three, all stopped',
    from: 'three',
    change: e => {
      stop(e, 'd1', 'd2', 'd3')
    },
  },
  {
    name: 'five, one stopped',
    from: 'five',
    change: e => {
      stop(e, 'd4')
    },
  },
  {
    name: 'five, two stopped',
    from: 'five',
    change: e => {
      stop(e, 'd4', 'd5')
    },
  },
  {
    name: 'five, three stopped (majority lost)',
    from: 'five',
    change: e => {
      stop(e, 'd3', 'd4', 'd5')
    },
  },
  {
    name: 'three, a ghost',
    from: 'three',
    change: e => {
      wipe(e, 'd3')
    },
  },
  {
    name: 'three, the first one a ghost',
    from: 'three',
    change: e => {
      wipe(e, 'd1')
    },
  },
  {
    name: 'three, two ghosts (majority lost for good)',
    from: 'three',
    change: e => {
      wipe(e, 'd2')
      wipe(e, 'd3')
    },
  },
  {
    name: 'five, a ghost',
    from: 'five',
    change: e => {
      wipe(e, 'd5')
    },
  },
  {
    name: 'five, two ghosts',
    from: 'five',
    change: e => {
      wipe(e, 'd4')
      wipe(e, 'd5')
    },
  },
  {
    name: 'five, a ghost and a stopped one',
    from: 'five',
    change: e => {
      wipe(e, 'd4')
      stop(e, 'd5')
    },
  },
  {
    name: 'three, a stray',
    from: 'three',
    change: e => {
      forget(e, 'd3')
    },
  },
  {
    name: 'three, the first one a stray',
    from: 'three',
    change: e => {
      forget(e, 'd1')
    },
  },
  {
    name: 'five, a stray',
    from: 'five',
    change: e => {
      forget(e, 'd5')
    },
  },
  {
    name: 'three, a stopped stray',
    from: 'three',
    change: e => {
      stop(e, 'd3')
      forget(e, 'd3')
    },
  },
  {
    name: 'three, volumes of an unknown id',
    from: 'three',
    change: e => {
      engineState(e, 'w1').volumes['dtr-rethink-ffffffffffff'] = { driver: 'local', options: {}, files: {} }
    },
  },
  {
    name: 'three, a member nobody knows where',
    from: 'three',
    change: e => {
      const dtr = twinDtr(e)
      if (dtr)
        dtr.members['ffffffffffff'] = {
          host: 'gone',
          httpPort: 80,
          httpsPort: 443,
          joinedMs: 0,
          stoppedMs: 0,
        }
    },
  },
  {
    name: 'no registry yet, volumes of somebody',
    from: 'three',
    before: 'dtr.install',
    change: e => {
      engineState(e, 'd1').volumes['dtr-rethink-ffffffffffff'] = { driver: 'local', options: {}, files: {} }
    },
  },
  {
    name: 'three, all at an older patch',
    from: 'three',
    change: e => {
      relabel(e, ['d1', 'd2', 'd3'], '2.7.3')
    },
  },
  {
    name: 'three, all a minor behind',
    from: 'three',
    change: e => {
      relabel(e, ['d1', 'd2', 'd3'], '2.6.10')
    },
  },
  {
    name: 'three, all two minors behind',
    from: 'three',
    change: e => {
      relabel(e, ['d1', 'd2', 'd3'], '2.5.14')
    },
  },
  {
    name: 'three, an upgrade half way',
    from: 'three',
    change: e => {
      relabel(e, ['d2', 'd3'], '2.7.3')
    },
  },
  {
    name: 'three, newer than declared',
    from: 'three',
    change: e => {
      relabel(e, ['d1', 'd2', 'd3'], '2.8.2')
    },
  },
  {
    name: 'five, a minor behind and a ghost',
    from: 'five',
    change: e => {
      relabel(e, ['d1', 'd2', 'd3', 'd4', 'd5'], '2.6.15')
      wipe(e, 'd5')
    },
  },
  {
    name: 'three, content trust enforced and behind',
    from: 'three',
    change: e => {
      relabel(e, ['d1', 'd2', 'd3'], '2.7.3')
      const ucp = twinUcp(e)
      if (ucp) ucp.toml = withSetting(ucp.toml, 'trust_configuration', 'require_content_trust', 'true')
    },
  },
  {
    name: 'three, other storage',
    from: 'three',
    change: e => {
      const dtr = twinDtr(e)
      if (dtr) dtr.storage = { kind: 'nfs', url: 'nfs://198.51.100.99/elsewhere' }
    },
  },
  {
    name: 'three, another client name',
    from: 'three',
    change: e => {
      const dtr = twinDtr(e)
      if (dtr) dtr.externalHost = 'old.example.com'
    },
  },
  {
    name: 'three, the certificates of UCP and registry have expired',
    from: 'three',
    change: e => {
      Object.assign(twinDtr(e) ?? {}, { certificateEnds: 'Jan  1 00:00:00 2020 GMT' })
      Object.assign(twinUcp(e) ?? {}, { certificateEnds: 'Jan  1 00:00:00 2020 GMT' })
    },
  },
  {
    name: 'three, engines a version behind',
    from: 'three',
    change: e => {
      for (const host of ['m1', 'm2', 'm3', 'd1', 'd2', 'd3', 'd4', 'd5', 'w1', 'w2'])
        osOf(e, host).packages['docker-ee'] = '5:18.09.9~3-0~ubuntu-bionic'
    },
  },
  {
    name: 'three, the engine of one replica a version behind and its neighbour stopped',
    from: 'three',
    change: e => {
      osOf(e, 'd2').packages['docker-ee'] = '5:18.09.9~3-0~ubuntu-bionic'
      stop(e, 'd3')
    },
  },
  {
    name: 'three, drift in a key of UCP and a name missing in its certificate',
    from: 'three',
    change: e => {
      const ucp = twinUcp(e)
      if (ucp) ucp.sans = ucp.sans.filter(name => name !== 'ucp.example.com')
    },
  },
  {
    name: 'three, on other ports and behind',
    from: 'three',
    change: e => {
      relabel(e, ['d1', 'd2', 'd3'], '2.6.15')
      const one = twinDtr(e)?.members[memberOn(e, 'd2')]
      if (one) Object.assign(one, { httpPort: 8081, httpsPort: 4443 })
    },
  },
  {
    name: 'three, two on other ports',
    from: 'three',
    change: e => {
      for (const host of ['d2', 'd3']) {
        const one = twinDtr(e)?.members[memberOn(e, host)]
        if (one) Object.assign(one, { httpPort: 8081, httpsPort: 4443 })
      }
    },
  },
  {
    name: 'three, one on other ports',
    from: 'three',
    change: e => {
      const one = twinDtr(e)?.members[memberOn(e, 'd2')]
      if (one) Object.assign(one, { httpPort: 8081, httpsPort: 4443 })
    },
  },
  {
    name: 'three, a member drained in the balancer',
    from: 'three',
    change: e => {
      admin(e, { 'dtr_https/d2': 'drain', 'dtr_http/d2': 'drain' })
    },
  },
  {
    name: 'three, the balancer knows one only',
    from: 'three',
    change: e => {
      const found = peekBalancer(e, 'lb1')
      if (found)
        keepBalancer(e, 'lb1', {
          ...found,
          config: found.config
            .split('\n')
            .filter(line => !/server d[23] /.test(line))
            .join('\n'),
        })
    },
  },
  {
    name: 'three, the balancer is off',
    from: 'three',
    change: e => {
      const service = osOf(e, 'lb1').services['haproxy']
      if (service) service.active = false
    },
  },
  {
    name: 'three, the engine of a replica is off',
    from: 'three',
    change: e => {
      const service = osOf(e, 'd3').services['docker']
      if (service) service.active = false
    },
  },
  {
    name: 'three, a helper of an interrupted run',
    from: 'three',
    change: e => {
      helper(e, 'd2', false)
    },
  },
  {
    name: 'no registry yet, a helper of an interrupted run',
    from: 'three',
    before: 'dtr.install',
    change: e => {
      helper(e, 'd1', false)
    },
  },
  {
    name: 'three, another bootstrapper at work',
    from: 'three',
    change: e => {
      helper(e, 'd2', true)
    },
  },
  {
    name: 'three, a manager off',
    from: 'three',
    change: e => {
      const service = osOf(e, 'm3').services['docker']
      if (service) service.active = false
    },
  },
  {
    name: 'three, every engine off',
    from: 'three',
    change: e => {
      for (const host of Object.keys(e.hosts)) {
        const service = osOf(e, host).services['docker']
        if (service) service.active = false
      }
    },
  },
  {
    name: 'three, one drained in the balancer, another stopped',
    from: 'three',
    change: e => {
      admin(e, { 'dtr_https/d2': 'drain', 'dtr_http/d2': 'drain' })
      stop(e, 'd3')
    },
  },
  {
    name: 'three, one drained in the balancer, another on other ports',
    from: 'three',
    change: e => {
      admin(e, { 'dtr_https/d2': 'drain', 'dtr_http/d2': 'drain' })
      const one = twinDtr(e)?.members[memberOn(e, 'd3')]
      if (one) Object.assign(one, { httpPort: 8081, httpsPort: 4443 })
    },
  },
  {
    name: 'three, two managers off (swarm majority lost)',
    from: 'three',
    change: e => {
      for (const host of ['m2', 'm3']) {
        const service = osOf(e, host).services['docker']
        if (service) service.active = false
      }
    },
  },
  {
    name: 'three, a replica host cannot be reached',
    from: 'three',
    change: e => {
      const host = e.hosts['d3']
      if (host) host.up = false
    },
  },
  {
    name: 'three, a manager cannot be reached',
    from: 'three',
    change: e => {
      const host = e.hosts['m3']
      if (host) host.up = false
    },
  },
  {
    name: 'no UCP yet, a host in a foreign swarm',
    from: 'three',
    before: 'ucp.install',
    change: e => {
      e.shared['swarms'] = {
        ...(e.shared['swarms'] as { [id: string]: MutableJson } | undefined),
        foreign: {
          tokens: { manager: 'SWMTKN-m', worker: 'SWMTKN-w' },
          nodes: {
            n1: {
              hostname: 'd2',
              role: 'manager',
              addr: '198.51.100.22',
              availability: 'active',
              labels: {},
              joinedMs: 0,
              readyMs: 0,
            },
          },
          configs: {},
          agents: [],
        },
      }
      const engine = engineState(e, 'd2')
      engine.swarm = 'foreign'
      engine.node = 'n1'
    },
  },
  {
    name: 'three, a replica host outside its swarm',
    from: 'three',
    change: e => {
      const swarm = swarmOf(e, 'd3')?.swarm
      for (const [id, node] of Object.entries(swarm?.nodes ?? {}))
        if (node.hostname === 'd3') Reflect.deleteProperty(swarm?.nodes ?? {}, id)
      engineState(e, 'd3').swarm = null
      wipe(e, 'd3')
    },
  },
  {
    name: 'three, the scheduling switch is off',
    from: 'three',
    change: e => {
      const ucp = twinUcp(e)
      if (ucp)
        ucp.toml = withSetting(ucp.toml, 'scheduling_configuration', 'enable_admin_ucp_scheduling', 'false')
    },
  },
  {
    name: 'three, no curl on a replica',
    from: 'three',
    change: e => {
      osOf(e, 'd2').curl = false
    },
  },
]
