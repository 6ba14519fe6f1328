import { products } from '../catalog/index.ts'
import type { Connect } from '../hosts/session.ts'
import type { Host } from '../plan/step.ts'
import type { Topology } from '../playbook/topology.ts'
import { connectTwin } from '../twin/connect.ts'
import type { Estate } from '../twin/estate.ts'
import { serveTwin } from '../twin/server.ts'
import { demoClock } from './demoClock.ts'
import type { Io } from './io.ts'
import { bareEstate } from './stage.ts'

/** A pretend cluster that real SSH on this machine leads to. */
export interface Pretence {
  /** For verbs: time and hosts are the pretended ones. */
  readonly io: Io
  readonly estate: Estate
  readonly close: () => Promise<void>
}

export interface PretendOptions {
  /** So many pretended seconds go by in a real one. */
  readonly faster: number
  /** Puts itself between the servers and the estate, to make things go wrong. */
  readonly spoil?: (connect: Connect) => Connect
}

/** Serves the hosts of a playbook, fresh from their installer, on loopback. */
export async function pretend(topology: Topology, io: Io, options: PretendOptions): Promise<Pretence> {
  const clock = demoClock(Date.now(), options.faster)
  const estate = bareEstate(topology, clock.now())
  const twin = connectTwin(
    estate,
    products.map(product => product.model),
    clock,
  )
  const served = await serveTwin(options.spoil?.(twin) ?? twin, Object.values(topology.hosts))
  const detour = {
    // Somebody who does not know the hosts' names yet comes by address.
    at: (host: Host) =>
      served.at(topology.hosts[host.name] ? host : { ...host, name: byAddress(topology, host) }),
    options: { knownHosts: served.knownHosts, privateKeys: [served.clientKey], agent: false as const },
  }
  return { io: { ...io, clock, detour }, estate, close: () => served.close() }
}

function byAddress(topology: Topology, { name, address }: Host): string {
  return Object.values(topology.hosts).find(one => one.address === address)?.name ?? name
}
