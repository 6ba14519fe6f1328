import { createHash } from 'node:crypto'
import type { Exit } from '../../plan/fact.ts'
import type { Estate, MutableJson, Pending } from '../../twin/estate.ts'
import { isAdmin } from '../dtr/modelApi.ts'
import { type TwinDtr, pingOf, storeName, twinDtr } from '../dtr/state.ts'
import { serversOf, serverState } from '../loadBalancer/model.ts'
import { peekBalancer } from '../loadBalancer/state.ts'
import { exit } from '../os/model.ts'
import { osOf } from '../os/bareHost.ts'

/** A try goes on for so long before a client gives up, and takes so long when all is well. */
const GIVES_UP_MS = 3_000
const TAKES_MS = 200
/** A registry that cannot write a manifest for want of space says so from here on. */
const FULL_BELOW_MB = 100

/** What a client of the twin's registry sees, through its balancer. Words as in `canaryScript`. */
export function canary(
  estate: Estate,
  host: string,
  [verb = '', registry = '', repository = '', what = '', digest = '']: readonly string[],
  config: string,
): Exit | Pending {
  if (estate.hosts[host]?.up !== true) return exit(7)
  return {
    tookMs: frontOf(estate) === undefined ? GIVES_UP_MS : TAKES_MS,
    finish: now => answer(now, { verb, registry, repository, what, digest, config }),
  }
}

interface Try {
  readonly verb: string
  readonly registry: string
  readonly repository: string
  readonly what: string
  readonly digest: string
  readonly config: string
}

const refused = (registry: string): Exit => exit(7, '', `curl: (7) Failed to connect to ${registry}\n`)

function answer(estate: Estate, { verb, registry, repository, what, digest, config }: Try): Exit {
  const dtr = twinDtr(estate)
  const front = frontOf(estate)
  if (!dtr || front === undefined || dtr.externalHost !== registry) return refused(registry)
  if (!isAdmin(estate, config)) return exit(22, '', 'status 401\n')
  const space = repository.split('/')[0] ?? ''
  const full = verb === 'make' || verb === 'have' ? `${space}/${what}` : repository
  switch (verb) {
    case 'prepare':
    case 'make':
      if (!dtr.repositories.includes(full)) dtr.repositories.push(full)
      return exit(0)
    case 'have':
      return dtr.repositories.includes(full) ? exit(0) : exit(3, 'absent\n')
    case 'push': {
      const at = dtr.members[front]?.host ?? ''
      if (osOf(estate, at).freeDiskMb < FULL_BELOW_MB) return exit(22, '', 'status 500\n')
      const made = `sha256:${createHash('sha256').update(`${repository}:${what}`).digest('hex')}`
      dtr.tags[`${repository}:${what}`] = { digest: made, stores: [storeName(estate, dtr, front)] }
      return exit(0, `digest ${made}\n`)
    }
    case 'pull': {
      const found = Object.entries(dtr.tags).find(
        ([tag, one]) => tag.startsWith(`${repository}:`) && one.digest === what,
      )?.[1]
      return comes(estate, dtr, front, found) ? exit(0, `digest ${what}\n`) : exit(22, '', 'status 404\n')
    }
    case 'find': {
      const found = dtr.tags[`${repository}:${what}`]
      return found?.digest === digest && comes(estate, dtr, front, found)
        ? exit(0, `digest ${digest}\n`)
        : exit(3, 'absent\n')
    }
  }
  return exit(64)
}

/** Metadata is replicated, blobs are not: they come where the replica reads from the store that they were written to. */
function comes(
  estate: Estate,
  dtr: TwinDtr,
  front: string,
  found: { readonly stores: readonly string[] } | undefined,
): boolean {
  return found?.stores.includes(storeName(estate, dtr, front)) === true
}

/** The replica that a client gets: one that a balancer has up, or where there is none the one of the registry's own name. */
function frontOf(estate: Estate): string | undefined {
  const dtr = twinDtr(estate)
  if (!dtr) return undefined
  const answers = (id: string): boolean => {
    const one = dtr.members[id]
    return one !== undefined && pingOf(estate, one.host, one.httpsPort)?.code === 200
  }
  const balancers = Object.keys(estate.hosts).filter(host => peekBalancer(estate, host) !== undefined)
  const ids = Object.keys(dtr.members)
  if (balancers.length === 0) return ids.find(answers)
  for (const lb of balancers) {
    const found = peekBalancer(estate, lb)
    if (!found || estate.hosts[lb]?.up !== true || osOf(estate, lb).services[found.kind]?.active !== true)
      continue
    if (checksAreBroken(estate, lb)) continue
    const up =
      found.kind === 'haproxy'
        ? (serversOf(found.config)['dtr_https'] ?? [])
            .filter(one => serverState(estate, lb, 'dtr_https', one) === 'UP')
            .map(one => one.host)
        : Object.values(dtr.members).map(one => one.host)
    const id = ids.find(key => up.includes(dtr.members[key]?.host ?? '') && answers(key))
    if (id !== undefined) return id
  }
  return undefined
}

function checksAreBroken(estate: Estate, host: string): boolean {
  const faults = (estate.hosts[host]?.state['drill'] ?? {}) as { readonly [id: string]: MutableJson }
  return Object.values(faults).some(
    one =>
      typeof one === 'object' &&
      one !== null &&
      !Array.isArray(one) &&
      one['kind'] === 'break-health-check' &&
      one['state'] === 'on',
  )
}
