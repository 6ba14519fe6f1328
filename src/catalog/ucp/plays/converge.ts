import { type Facts, factKey } from '../../../plan/fact.ts'
import type { Change, Check, HostName, Op, Step, StepId } from '../../../plan/step.ts'
import type { CertificateSpec, Topology, UcpSpec } from '../../../playbook/topology.ts'
import { isAddress } from '../address.ts'
import { enginePost, jsonBody } from '../../docker/api.ts'
import { engineRuns } from '../../docker/engine.ts'
import { tokenFrom } from '../../docker/swarmFacts.ts'
import { plain } from '../../os/steps.ts'
import type { Play } from '../../product.ts'
import { strikeOff } from './depart.ts'
import { recertifySteps, stands } from './recertify.ts'
import { configSteps, sanSteps } from './settings.ts'
import { returning } from '../returning.ts'
import { trustOf, trustSwitchedOff } from '../trust.ts'
import { upgrade, wayOf } from './upgrade.ts'
import {
  certificateHolder,
  founder,
  isLicensed,
  managerChecks,
  nodeIs,
  schedulingIsOn,
  workerChecks,
} from '../cluster.ts'
import {
  BOOTSTRAPPER,
  LICENSE_PATH,
  bootstrap,
  certificatePut,
  configSet,
  installCommand,
  licensePut,
} from '../commands.ts'

const MANAGERS = 'UCP managers'
const WORKERS = 'UCP workers'
const SETTINGS = 'UCP settings'

/** UCP from nothing, in the order of §8.1: first manager, the other managers one by one, workers together, licence, scheduling switch. */
export const converge: Play = ({ topology, facts, after }) => {
  const { ucp } = topology
  if (!ucp) return []
  const first = founder(ucp, facts)
  const certificates =
    ucp.certificates && !stands(ucp, facts)
      ? [certificatesStep(ucp.certificates, certificateHolder(ucp, facts) ?? first, after)]
      : []
  const struck = strikeOff({ topology, facts }, after)
  const steps: Step[] = [...struck, ...certificates]
  const before = [...certificates, ...struck.slice(-1)].map(step => step.id)
  const opening = before.length > 0 ? before : after
  // Content trust refuses the new images: where the playbook wants it off, that comes before any hop.
  const way = wayOf(ucp, facts)
  const off = trustSwitchedOff(ucp)
  const rises = way?.kind === 'hops' && way.versions.length > 0
  const isDue = rises && off !== undefined && trustOf(ucp, first, facts) === true
  const trust = isDue ? configSteps({ ...ucp, config: off }, first, false, opening) : []
  steps.push(...trust)
  const upgrades = upgrade(topology, ucp, facts, first, trust.length > 0 ? trust.map(one => one.id) : opening)
  // What runs in an older version is not installed again.
  const founding = upgrades.length > 0 ? upgrades : [installStep(topology, ucp, first, opening)]
  steps.push(...founding)
  let last: StepId = founding.at(-1)?.id ?? ''
  for (const host of ucp.managers.filter(manager => manager !== first)) {
    const join = managerStep(topology, ucp, host, first, [last])
    steps.push(join)
    last = join.id
  }
  const workers = ucp.workers.map(host => workerStep(topology, ucp, host, first, [last]))
  steps.push(...workers)
  const joined = workers.length > 0 ? workers.map(step => step.id) : [last]
  const license = ucp.license ? [licenseStep(ucp, ucp.license, first, joined, facts)] : []
  steps.push(...license)
  const settled = license.length > 0 ? license.map(step => step.id) : joined
  const scheduling = topology.dtr ? [schedulingStep(ucp, first, settled)] : []
  const set = scheduling.length > 0 ? scheduling.map(step => step.id) : settled
  steps.push(...scheduling, ...sanSteps(ucp, facts, first, set), ...recertifySteps(topology, ucp, facts, set))
  const done = new Set(trust.map(one => one.id))
  steps.push(
    ...configSteps(ucp, first, topology.dtr !== undefined, [steps.at(-1)?.id ?? last]).filter(
      one => !done.has(one.id),
    ),
  )
  return steps.map(step => returning(step, topology, ucp, first, facts))
}

function certificatesStep(
  { ca, cert, key }: CertificateSpec,
  host: HostName,
  needs: readonly StepId[],
): Step {
  return {
    ...plain,
    id: `ucp.certificates@${host}`,
    kind: 'ucp.certificates',
    title: `Lay UCP's own certificate ready on ${host}`,
    section: MANAGERS,
    host,
    needs,
    requires: [{ fact: 'ucp.node', host, is: null }],
    goal: [{ fact: 'ucp.certificates', host, is: { ca: ca.sha256, cert: cert.sha256, key: true } }],
    run: [
      { exec: certificatePut('ca.pem', { file: ca.file, sha256: ca.sha256 }), timeoutSeconds: 60 },
      { exec: certificatePut('cert.pem', { file: cert.file, sha256: cert.sha256 }), timeoutSeconds: 60 },
      { exec: certificatePut('key.pem', key), timeoutSeconds: 60 },
    ],
    withinSeconds: 5,
    takes: { p50Seconds: 2, p90Seconds: 5 },
  }
}

function installStep(topology: Topology, ucp: UcpSpec, host: HostName, needs: readonly StepId[]): Step {
  const license: readonly Op[] = ucp.license
    ? [
        { exec: { argv: ['install', '-d', '-m', '0700', '/etc/runbook'] }, timeoutSeconds: 10 },
        {
          write: LICENSE_PATH,
          content: { file: ucp.license.file, sha256: ucp.license.sha256 },
          mode: '0600',
        },
      ]
    : []
  return {
    ...plain,
    id: `ucp.install@${host}`,
    kind: 'ucp.install',
    title: `Install UCP ${ucp.version} on ${host}, which starts the swarm`,
    section: MANAGERS,
    host,
    needs,
    requires: [
      engineRuns(topology.docker, host),
      { fact: 'docker.swarm', host, is: { worker: false } },
      { fact: 'ucp.node', host, is: null },
      // The name is the product's own lock: a container left over from a broken run must be looked at first.
      { fact: 'docker.container', host, args: { name: BOOTSTRAPPER }, is: null },
    ],
    goal: managerChecks(ucp, host, host),
    run: [...license, bootstrap(installCommand(topology, ucp, host))],
    // After its last line the agents still start; also the time an install in doubt gets to end by itself.
    withinSeconds: 600,
    takes: { p50Seconds: 90, p90Seconds: 600 },
  }
}

/** The host asks the engine of `through` to let it in, by the engine's own API so that the token is no argument. */
export function joinOp(
  topology: Topology,
  host: HostName,
  through: HostName,
  role: 'manager' | 'worker',
): Op {
  const address = topology.hosts[host]?.address ?? ''
  const manager = { fact: { fact: 'docker.swarm', host: through }, pick: 'nodeAddr' } as const
  const body = jsonBody({
    ListenAddr: '0.0.0.0:2377',
    ...(!isAddress(address) ? {} : { AdvertiseAddr: address }),
    RemoteAddrs: [{ join: [manager, ':2377'] }],
    JoinToken: tokenFrom(through, role),
  })
  // The engine goes on joining by itself after this message, so it is the goal that tells.
  const failsOn = String.raw`"message"\s*:\s*"(?!Timeout was reached before node joined)`
  return enginePost('/swarm/join', body, { timeoutSeconds: 60, failsOn })
}

function joinRequires(topology: Topology, host: HostName, through: HostName): readonly Check[] {
  return [
    engineRuns(topology.docker, host),
    { fact: 'docker.swarm', host, is: { state: 'inactive' } },
    { fact: 'docker.swarm', host: through, is: { state: 'active', manager: true, quorum: true } },
  ]
}

/** A host that joins, as what it shall be. */
function joinStep(
  topology: Topology,
  host: HostName,
  through: HostName,
  needs: readonly StepId[],
  own: Pick<Step, 'kind' | 'title' | 'section' | 'goal' | 'withinSeconds' | 'takes' | 'undo'>,
): Step {
  return {
    ...plain,
    ...own,
    id: `ucp.join@${host}`,
    host,
    needs,
    requires: joinRequires(topology, host, through),
    run: [joinOp(topology, host, through, own.kind === 'ucp.joinManager' ? 'manager' : 'worker')],
  }
}

function managerStep(
  topology: Topology,
  ucp: UcpSpec,
  host: HostName,
  through: HostName,
  needs: readonly StepId[],
): Step {
  return joinStep(topology, host, through, needs, {
    kind: 'ucp.joinManager',
    title: `Join ${host} as a manager and wait until its UCP is healthy`,
    section: MANAGERS,
    goal: managerChecks(ucp, host, through),
    withinSeconds: 600,
    takes: { p50Seconds: 120, p90Seconds: 480 },
    undo: leaves(host, through, [
      { exec: { argv: ['docker', 'node', 'demote', host] }, on: through, timeoutSeconds: 60 },
      { await: [nodeIs(through, host, { role: 'worker' })], withinSeconds: 120 },
    ]),
  })
}

function workerStep(
  topology: Topology,
  ucp: UcpSpec,
  host: HostName,
  through: HostName,
  needs: readonly StepId[],
): Step {
  return joinStep(topology, host, through, needs, {
    kind: 'ucp.joinWorker',
    title: `Join ${host} as a worker`,
    section: WORKERS,
    goal: workerChecks(ucp, host, through),
    withinSeconds: 300,
    takes: { p50Seconds: 30, p90Seconds: 180 },
    undo: leaves(host, through, []),
  })
}

/** Out of the swarm again: leave on the node itself, then delete the node once managers see that it is down [§4.8]. */
function leaves(host: HostName, through: HostName, before: readonly Op[]): Change {
  return {
    goal: [
      { fact: 'docker.swarm', host, is: { state: 'inactive' } },
      { fact: 'docker.node', host: through, args: { name: host }, is: null },
    ],
    run: [
      ...before,
      { exec: { argv: ['docker', 'swarm', 'leave'] }, timeoutSeconds: 120 },
      { await: [nodeIs(through, host, { state: 'down' })], withinSeconds: 120 },
      { exec: { argv: ['docker', 'node', 'rm', host] }, on: through, timeoutSeconds: 60 },
    ],
    withinSeconds: 30,
  }
}

function licenseStep(
  ucp: UcpSpec,
  license: { readonly file: string; readonly sha256: string },
  host: HostName,
  needs: readonly StepId[],
  facts: Facts,
): Step {
  return {
    ...plain,
    id: `ucp.license@${host}`,
    kind: 'ucp.license',
    title: 'See that UCP has its licence',
    section: SETTINGS,
    host,
    needs,
    requires: managerChecks(ucp, host, host).slice(-1),
    goal: [isLicensed(host)],
    // The install brings it; only a UCP that was there before gets it over its API.
    run:
      facts.get(factKey({ fact: 'ucp.node', host })) === null
        ? []
        : [{ exec: licensePut(ucp, { file: license.file, sha256: license.sha256 }), timeoutSeconds: 120 }],
    withinSeconds: 60,
    takes: { p50Seconds: 2, p90Seconds: 10 },
  }
}

function schedulingStep(ucp: UcpSpec, host: HostName, needs: readonly StepId[]): Step {
  return {
    ...plain,
    id: `ucp.scheduling@${host}`,
    kind: 'ucp.scheduling',
    title: 'Let administrators run containers on managers and DTR nodes',
    section: SETTINGS,
    host,
    needs,
    requires: managerChecks(ucp, host, host).slice(-1),
    goal: [schedulingIsOn(ucp, host)],
    run: [
      {
        exec: configSet(
          ucp.controllerPort,
          { section: 'scheduling_configuration', key: 'enable_admin_ucp_scheduling', value: 'true' },
          ucp,
        ),
        timeoutSeconds: 120,
      },
    ],
    withinSeconds: 60,
    takes: { p50Seconds: 3, p90Seconds: 15 },
  }
}
