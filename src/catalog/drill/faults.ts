import type { FaultKind, FaultSpec } from '../../plan/drill.ts'
import type { Check, HostName, Op, Step } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { plain } from '../os/steps.ts'
import { pools } from '../loadBalancer/pools.ts'
import { strikeScript, undoScript } from './scripts.ts'

/** What people read of each kind. */
const words: { readonly [kind in FaultKind]: (fault: FaultSpec, host: HostName) => string } = {
  'stop-containers': ({ match = '' }, host) => `Stop all containers ${match}* on ${host}`,
  'stop-engine': (_, host) => `Stop the engine of ${host}`,
  'stop-balancer': (_, host) => `Stop the balancer on ${host}`,
  partition: ({ peers }, host) => `Cut ${host} off from ${peers.join(', ')}`,
  'fill-disk': ({ path = '', leaveMb = 0 }, host) =>
    `Fill the disk of ${path} on ${host} up to ${leaveMb} MB`,
  'cut-storage': (_, host) => `Cut ${host} off from the storage of the images`,
  'slow-storage': ({ byMilliseconds = 0 }, host) =>
    `Make the storage of the images ${byMilliseconds} ms slower for ${host}`,
  'break-health-check': (_, host) => `Let every health check of the balancer on ${host} fail`,
  'expire-certificate': (_, host) => `Put a certificate that has ended in front of ${host}`,
  'skew-clock': ({ bySeconds = 0 }, host) => `Put the clock of ${host} ${bySeconds} s forward`,
}

/** The kind of step of each fault. */
const stepKinds = {
  'stop-containers': { kind: 'drill.stopContainers' },
  'stop-engine': { kind: 'drill.stopEngine' },
  'stop-balancer': { kind: 'drill.stopBalancer' },
  partition: { kind: 'drill.partition' },
  'fill-disk': { kind: 'drill.fillDisk' },
  'cut-storage': { kind: 'drill.cutStorage' },
  'slow-storage': { kind: 'drill.slowStorage' },
  'break-health-check': { kind: 'drill.breakHealthCheck' },
  'expire-certificate': { kind: 'drill.expireCertificate' },
  'skew-clock': { kind: 'drill.skewClock' },
} as const satisfies { readonly [kind in FaultKind]: { readonly kind: string } }

/** UCP's own place for the certificate of its controller, when somebody brings one [D: use-your-own-tls-certificates.md]. */
const CONTROLLER_CERTIFICATES = '/var/lib/docker/volumes/ucp-controller-server-certs/_data'

/** The id of one fault on one host, in a drill. It names the folder on the host, so it is short and has no odd letters. */
export function faultId(drill: string, phase: string, number: number, host: HostName): string {
  return `${drill}.${phase}.${number}.${host}`.replaceAll(/[^A-Za-z0-9._-]/g, '-')
}

/**
 * The steps of a fault phase, one for each host of each fault, in the order of the file: what is broken first is broken first. Each has
 * its undo, armed on the host as a timer before it strikes.
 */
export function faultSteps(
  faults: readonly FaultSpec[],
  topology: Topology,
  drill: string,
  phase: string,
): readonly Step[] {
  const steps: Step[] = []
  for (const [number, fault] of faults.entries()) {
    for (const host of fault.hosts) {
      const id = faultId(drill, phase, number + 1, host)
      const before = steps.at(-1)
      steps.push({
        ...plain,
        id: `${stepKinds[fault.do].kind}@${host}${number === 0 ? '' : `:${number + 1}`}`,
        ...stepKinds[fault.do],
        title: words[fault.do](fault, host),
        section: 'Faults',
        host,
        needs: before === undefined ? [] : [before.id],
        goal: [isOn(host, id)],
        run: [
          {
            exec: {
              argv: [
                'sh',
                '-c',
                strikeScript,
                'runbook-drill-strike',
                id,
                String(fault.undoAfterSeconds),
                fault.do,
                ...wordsFor(fault, host, topology),
              ],
            },
            timeoutSeconds: 300,
          },
        ],
        withinSeconds: 10,
        risk: 'interrupts',
        takes: { p50Seconds: 3, p90Seconds: 60 },
        undo: undoOf(host, id),
      })
    }
  }
  return steps
}

/** What undoes one fault: asked first, so one that the timer undid already is left. */
function undoOf(host: HostName, id: string, by = 'drill'): Required<Pick<Step, 'undo'>>['undo'] {
  const op: Op = {
    exec: { argv: ['sh', '-c', undoScript, 'runbook-drill-undo', id, by] },
    timeoutSeconds: 300,
  }
  return { goal: [{ ...known(host), is: { [id]: { state: 'undone' } } }], run: [op], withinSeconds: 10 }
}

/** The step that undoes one fault. */
export function undoStep(host: HostName, id: string, by: string): Step {
  return {
    ...plain,
    id: `drill.undo@${host}:${id}`,
    kind: 'drill.undo',
    title: `Undo ${id}`,
    section: 'Faults',
    host,
    needs: [],
    takes: { p50Seconds: 2, p90Seconds: 30 },
    ...undoOf(host, id, by),
  }
}

function isOn(host: HostName, id: string): Check {
  return { ...known(host), is: { [id]: { state: 'on' } } }
}

function known(host: HostName): Pick<Check, 'fact' | 'host'> {
  return { fact: 'drill.faults', host }
}

function wordsFor(fault: FaultSpec, host: HostName, topology: Topology): readonly string[] {
  const address = (name: HostName): string => topology.hosts[name]?.address ?? name
  switch (fault.do) {
    case 'stop-containers':
      return [fault.match ?? '']
    case 'partition':
      return [fault.peers.map(address).join(','), String(topology.hosts[host]?.port ?? 22)]
    case 'fill-disk':
      return [fault.path ?? '/var', String(fault.leaveMb ?? 0)]
    case 'cut-storage':
      return [storageOf(topology)]
    case 'slow-storage':
      return [storageOf(topology), String(fault.byMilliseconds ?? 0)]
    case 'break-health-check':
      return [
        pools(topology)
          .filter(pool => pool.name === 'dtr_https')
          .flatMap(pool => pool.servers.map(one => `${one.address}:${one.checkPort}`))
          .join(','),
      ]
    case 'expire-certificate':
      return [CONTROLLER_CERTIFICATES, 'docker restart ucp-controller']
    case 'skew-clock':
      return [String(fault.bySeconds ?? 0)]
    case 'stop-engine':
    case 'stop-balancer':
      return []
  }
}

/** The path the images lie under, or the host they come from. */
function storageOf({ storage }: Topology): string {
  switch (storage.kind) {
    case 'path':
      return storage.path
    case 'nfs':
      return new URL(storage.url).hostname
    case 's3':
      return storage.endpoint === undefined
        ? `s3.${storage.region}.amazonaws.com`
        : new URL(storage.endpoint).hostname
    case 'swift':
      return new URL(storage.authUrl).hostname
    case 'azure':
      return `${storage.accountName}.blob.${storage.realm}`
    case 'gcs':
      return 'storage.googleapis.com'
    case 'local':
      return ''
  }
}
