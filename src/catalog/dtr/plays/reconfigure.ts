import type { HostName, Op, Step, StepId, Value } from '../../../plan/step.ts'
import type { ReplicaSpec, Topology } from '../../../playbook/topology.ts'
import { FATAL_LINE } from '../../docker/api.ts'
import { steer } from '../../loadBalancer/steer.ts'
import { renew, renewed, takeOut } from '../../loadBalancer/bracket.ts'
import { RUN_LIMIT_SECONDS, reconfigureCommand } from '../commands.ts'
import { clientName } from '../intent.ts'
import { askMember, askPing, askSettings, clusterIsWhole } from '../questions.ts'
import { type Making, replicaGoal } from './converge.ts'
import { wantedStorage } from './objectStorage.ts'
import { haveImage, lane, readyForBootstrapper, section } from './ready.ts'

type Make = (needs: readonly StepId[]) => Step

/**
 * What of a registry's settings is not as the playbook means it, one step each: name and certificate, storage.
 * Runs on the version that is wanted, after any upgrade.
 */
export function reconfigure(making: Making): readonly Make[] {
  const { wanted, intent } = making
  const now: Making = { ...making, dtr: wanted.dtr, run: { ...making.run, dtr: wanted.dtr } }
  return [
    ...(intent.renames || intent.recertifies ? [front(now)] : []),
    ...(intent.migrates ? [storage(now)] : []),
  ]
}

/** Under which name and certificate clients reach it. Both in one run, since the certificate must fit the name. */
function front(making: Making): Make {
  const { donor, dtr } = making
  const { certificates } = dtr
  const name = clientName(dtr.externalUrl)
  const flags: readonly Value[] = [
    '--dtr-external-url',
    dtr.externalUrl,
    ...(certificates ? ['--dtr-ca', certificates.ca, '--dtr-cert', certificates.cert] : []),
  ]
  const certificate = making.intent.recertifies && certificates ? certificates.cert.sha256 : undefined
  return needs => ({
    ...common(making, needs),
    id: `dtr.reconfigure@${donor.host}:front`,
    title: `Have clients reach the registry as ${name}${certificate === undefined ? '' : ' with the playbook’s certificate'}`,
    run: inTurn(making, reconfigureCommand(making.run, donor, flags, certificates?.key)),
    goal: [
      {
        ...askSettings(making, donor),
        is: { host: name, ...(certificate === undefined ? {} : { certificate }) },
      },
    ],
  })
}

/** One replica after the other: out of the balancer, its ports changed, back in with the new ones (§6.3, §8.16). */
export function ports(making: Making): readonly Make[] {
  const { topology, facts, intent, dtr } = making
  return intent.moved.map(({ id }, i): Make => {
    const replica = dtr.replicas.find(one => one.id === id)
    if (!replica) throw new Error(`replica ${id} is not planned`)
    const through = dtr.replicas.find(one => !intent.moved.some(moved => moved.id === one.id)) ?? making.donor
    // The balancer as it is after this one: what comes later still has its old ports.
    const later = new Map(intent.moved.slice(i + 1).map(one => [one.id, one]))
    const mixed: Topology = {
      ...topology,
      dtr: { ...dtr, replicas: dtr.replicas.map(one => ({ ...one, ...later.get(one.id) })) },
    }
    const flags = [
      '--replica-http-port',
      String(replica.httpPort),
      '--replica-https-port',
      String(replica.httpsPort),
    ]
    return needs => ({
      ...common(making, needs),
      id: `dtr.reconfigure@${replica.host}:ports`,
      title: `Put replica ${id} on ${replica.host} to ports ${replica.httpPort} and ${replica.httpsPort}`,
      host: through.host,
      during: [{ ...askMember(making, through, id), is: { ok: false } }],
      run: [
        ...takeOut(topology, facts, replica.host),
        ...before(making),
        exec(making, reconfigureCommand(making.run, replica, flags)),
        { await: [{ ...askPing(replica), is: { code: 200 } }], withinSeconds: 600 },
        ...renew(mixed, facts, replica.host),
      ],
      // The last one leaves the balancer as the playbook means it; what those before leave does not last.
      goal: [...replicaGoal(making, replica), ...(later.size === 0 ? renewed(mixed, facts) : [])],
    })
  })
}

/** To another back end whose blobs are copied: with the flag the metadata stays, without it every tag goes (§7.3, §7.5). */
function storage(making: Making): Make {
  const { donor, topology } = making
  const { storage: to } = topology
  const flags =
    to.kind === 'nfs'
      ? [
          '--nfs-storage-url',
          to.url,
          ...(to.options === undefined ? [] : ['--nfs-options', to.options]),
          '--storage-migrated',
        ]
      : to.kind === 'path'
        ? ['--dtr-storage-volume', to.path, '--storage-migrated']
        : []
  return needs => ({
    ...common(making, needs),
    id: `dtr.reconfigure@${donor.host}:storage`,
    title: `Move the registry to ${to.kind} storage and keep its tags (the blobs are copied, the playbook says)`,
    risk: 'irreversible',
    run: inTurn(making, reconfigureCommand(making.run, donor, flags)),
    goal: [{ ...askSettings(making, donor), is: { storage: wantedStorage(to) } }],
  })
}

function common(making: Making, needs: readonly StepId[]): Omit<Step, 'id' | 'title' | 'run' | 'goal'> {
  return {
    kind: 'dtr.reconfigure',
    section,
    host: making.donor.host,
    needs,
    requires: readyForBootstrapper(making),
    // It restarts the registry replica by replica; with several no downtime is expected [D: reconfigure.md].
    during: [],
    withinSeconds: 600,
    risk: 'interrupts',
    inDoubt: 'repeat',
    lane,
    takes: { p50Seconds: 90, p90Seconds: 900 },
  }
}

function before(making: Making): readonly Op[] {
  return [{ await: [clusterIsWhole(making, making.donor)], withinSeconds: 600 }, haveImage(making)]
}

/** A run that restarts every replica in its turn: clients are steered to those whose turn it is not. */
function inTurn(making: Making, command: ReturnType<typeof reconfigureCommand>): readonly Op[] {
  const { topology, facts, dtr } = making
  const op = exec(making, command)
  const steering = steer(topology, facts, lastToCome(making), limitSeconds(dtr.replicas.length) + 1200)
  return [...before(making), ...steering.begin, op, after(making), ...steering.end]
}

/** The replica that serves until another one has been renewed. Whoever is entered through may well come first; the order is not documented. */
export function lastToCome({ dtr, donor }: Pick<Making, 'dtr' | 'donor'>): HostName {
  return dtr.replicas.findLast(one => one.id !== donor.id)?.host ?? donor.host
}

const limitSeconds = (replicas: number): number => RUN_LIMIT_SECONDS + 600 * replicas

function exec(making: Making, command: ReturnType<typeof reconfigureCommand>): Op {
  return {
    exec: command,
    timeoutSeconds: limitSeconds(making.dtr.replicas.length),
    failsOn: FATAL_LINE,
  }
}

function after(making: Making): Op {
  const { dtr, donor } = making
  const answers = (one: ReplicaSpec) => ({ ...askPing(one), is: { code: 200, healthy: true } })
  return { await: [...dtr.replicas.map(answers), clusterIsWhole(making, donor)], withinSeconds: 1200 }
}
