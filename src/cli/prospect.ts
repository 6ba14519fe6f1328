import { products as whole } from '../catalog/index.ts'
import type { Product } from '../catalog/product.ts'
import type { Pins } from '../hosts/pins.ts'
import { openSessions, type Sessions, type World } from '../run/world.ts'
import { clean } from '../views/clean.ts'
import { Quit } from './exit.ts'
import type { Io } from './io.ts'
import { leaveOut } from './leaveOut.ts'
import { judged } from './majorities.ts'
import type { Good } from './load.ts'
import { fetchSecrets, secretsIn } from './secrets.ts'
import { offline, type Survey, survey } from './survey.ts'
import { factsOf, realWorld } from './world.ts'

/** What is there, what would happen, and the open sessions it was learnt through. */
export interface Prospect {
  readonly world: World
  readonly sessions: Sessions
  readonly seen: Survey
  /** The SSH keys that the hosts showed, where the way to them knows of such. */
  readonly hostKeys: Pins
}

/**
 * Asks the hosts; changes nothing.
 * @param to 'look': sessions that can change nothing, and only the secrets that questions need. 'change': those of the steps too,
 *   so that none is missed half-way.
 * @param pins SSH keys that the hosts must show, as they did when the plan was made
 * @throws Quit when secrets are missing
 */
export async function lookAhead(
  good: Good,
  products: readonly Product[],
  to: 'look' | 'change',
  io: Io,
  pins?: Pins,
): Promise<Prospect> {
  const { topology, folder } = good
  const bare = leaveOut(offline(topology, good.digest, products), good.without)
  const facts = factsOf(products)
  const probes = bare.refs.map(ref => facts.get(ref.fact)?.probe(ref.args))
  const secret = await fetchSecrets(
    secretsIn([topology.hosts, bare.refs, probes, to === 'change' ? bare.plan.steps : []]),
    {
      env: io.env,
      folder,
    },
  )
  const { hosts } = topology
  const ssh = { ...topology.ssh, ...(pins !== undefined && { pins }) }
  const { without } = good
  const world = realWorld({ hosts, without, ssh, folder, products, secret, may: to, io })
  const sessions = openSessions(hosts, world.connect)
  const seen = await survey(topology, good.digest, products, world, sessions, without)
  return {
    world,
    sessions,
    seen: judged(seen, without, topology, products === whole),
    hostKeys: await keysOf(seen, sessions),
  }
}

/** The keys of all hosts that were asked something, in the order of their names. */
async function keysOf({ refs, unreachable }: Survey, sessions: Sessions): Promise<Pins> {
  const asked = [...new Set(refs.map(ref => ref.host))].filter(host => !unreachable.has(host)).sort()
  const keys = await Promise.all(
    asked.map(async host => {
      const session = await sessions.to(host).catch(() => undefined)
      return [host, await session?.hostKey?.().catch(() => undefined)] as const
    }),
  )
  return Object.fromEntries(keys.flatMap(([host, key]) => (key === undefined ? [] : [[host, key]])))
}

/**
 * The hosts that could not be asked, each with what to do.
 * @param leaving hosts that may be dead: they shall leave the cluster, or are left out. Absent: nobody can choose that here
 * @throws Quit when there is one of the others
 */
export function insistOnAll(seen: Pick<Survey, 'unreachable'>, leaving?: readonly string[]): void {
  const lost = [...seen.unreachable.values()].filter(({ host }) => leaving?.includes(host) !== true)
  if (lost.length === 0) return
  const list = lost
    .map(one => `  ${one.host}: ${clean(one.message)}\n    = help: ${clean(one.help)}`)
    .join('\n')
  const names = lost.map(one => one.host).join(',')
  throw new Quit(
    'unreachable',
    `${lost.length === 1 ? 'a host' : `${lost.length} hosts`} could not be asked\n${list}`,
    `nothing was changed${leaving === undefined ? '' : `; --without ${names} goes on with what does not need ${lost.length === 1 ? 'it' : 'them'}`}`,
  )
}

/** @throws Quit when what was seen on the hosts breaks a rule */
export function insistOnRules(seen: Pick<Survey, 'findings'>): void {
  const errors = seen.findings.filter(finding => finding.severity === 'error')
  if (errors.length > 0) {
    throw new Quit(
      'refused',
      `${errors.length === 1 ? 'a rule says no' : `${errors.length} rules say no`}: ${errors.map(finding => finding.code).join(', ')}`,
      `nothing was changed; \`runbook explain ${errors[0]?.code ?? ''}\` says why`,
    )
  }
}
