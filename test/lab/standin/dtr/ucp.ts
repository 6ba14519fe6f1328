import type { ListedContainer, SwarmNode } from '../common/engine.ts'
import type { Flags } from '../common/flags.ts'
import { Fatal, info } from '../common/log.ts'
import { prompt } from '../common/prompt.ts'
import type { Target } from '../common/wire.ts'
import { call, json } from '../common/wire.ts'

/** How to reach UCP and who we are there; handed on to phase 2. */
export interface UcpAccess {
  readonly url: string
  readonly username: string
  readonly password: string
  readonly ca?: string
  readonly insecure: boolean
}

/** A replica as its containers show it. */
export interface FoundReplica {
  readonly id: string
  readonly node: string
  readonly state: string
}

/** Reads the flags every command has; asks at the terminal for what is missing. */
export async function accessFrom(flags: Flags): Promise<UcpAccess> {
  const url =
    flags.text('ucp-url') ?? (await prompt('ucp-url (The UCP URL including domain and port):', 'ucp-url'))
  const username =
    flags.text('ucp-username') ??
    (await prompt('ucp-username (The UCP administrator username):', 'ucp-username'))
  const password = flags.text('ucp-password') ?? (await prompt('ucp-password:', 'ucp-password'))
  const ca = flags.text('ucp-ca')
  const whole = /^https?:\/\//.test(url) ? url : `https://${url}`
  return {
    url: whole.replace(/\/+$/, ''),
    username,
    password,
    insecure: flags.on('ucp-insecure-tls'),
    ...(ca === undefined ? {} : { ca }),
  }
}

export function targetOf(access: Pick<UcpAccess, 'url' | 'ca' | 'insecure'>): Target {
  return { url: access.url, insecure: access.insecure, ...(access.ca === undefined ? {} : { ca: access.ca }) }
}

/** Checks UCP's certificate and health and logs in. @throws Fatal in words close to the tool's */
export async function login(access: UcpAccess): Promise<Target> {
  info('Validating UCP cert')
  const target = targetOf(access)
  const ping = await call(target, '/_ping', { timeoutMs: 15_000 }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    const hint = /self-signed|unable to (get|verify)|SELF_SIGNED/i.test(why)
      ? ': x509: certificate signed by unknown authority'
      : ''
    throw new Fatal(`Failed to get the UCP CA or to reach UCP at ${access.url}${hint}: ${why}`)
  })
  info('Connecting to UCP')
  info('health checking ucp')
  if (ping.status !== 200)
    throw new Fatal(`UCP at ${access.url} is not healthy: ${String(ping.status)} ${ping.text}`)
  const body = { username: access.username, password: access.password }
  const answer = await call(target, '/auth/login', { body })
  if (answer.status !== 200)
    throw new Fatal(`Failed to authenticate with UCP as ${access.username}: ${answer.text}`)
  const { auth_token: token } = JSON.parse(answer.text) as { readonly auth_token: string }
  return { ...target, headers: { authorization: `Bearer ${token}` } }
}

export const nodesOf = (ucp: Target): Promise<readonly SwarmNode[]> =>
  json<readonly SwarmNode[]>(ucp, '/nodes')

/** All replicas whose containers UCP can see. */
export async function findReplicas(ucp: Target): Promise<readonly FoundReplica[]> {
  const all = await json<readonly ListedContainer[]>(ucp, '/containers/json?all=1')
  return all
    .flatMap(each => {
      const found = /^\/([^/]+)\/dtr-rethinkdb-([0-9a-f]{12})$/.exec(each.Names[0] ?? '')
      return found?.[1] === undefined || found[2] === undefined
        ? []
        : [{ id: found[2], node: found[1], state: each.State }]
    })
    .sort((left, right) => left.id.localeCompare(right.id))
}
