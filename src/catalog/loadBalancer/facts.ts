import type { Fact } from '../../plan/fact.ts'
import type { Check, HostName, Json } from '../../plan/step.ts'
import { nginxPaths } from './nginxConfig.ts'
import type { ExternalSpec, Pool } from './pools.ts'
import { haproxyState } from './scripts.ts'

/** State of one server as HAProxy's runtime socket tells it. 'none': it is not checked. */
export type ServerState = 'up' | 'down' | 'drain' | 'maint' | 'none'

/** `null | {description, servers: {pool: {server: ServerState}}}` of the HAProxy process that runs now. */
export const haproxy: Fact = {
  name: 'loadBalancer.haproxy',
  about:
    'What the running HAProxy has loaded, by its runtime socket: {description, servers: {pool: {host: up|down|drain|maint|none}}}. ' +
    'null: no HAProxy of ours runs.',
  scope: 'cluster',
  probe: () => ({ argv: ['sh', '-c', haproxyState, 'runbook-haproxy-state'] }),
  parse: exit => {
    if (exit.code === 3) return null
    // A socket left by a process that is gone.
    if (exit.code === 1 && /Connection refused/.test(exit.stderr)) return null
    return exit.code === 0 ? readHaproxy(exit.stdout) : undefined
  },
}

/** Reads `show info;show stat`. Undefined when either part is missing. */
export function readHaproxy(text: string): Json | undefined {
  const description = /^description: ?(.*)$/im.exec(text)?.[1]?.trim() ?? ''
  const lines = text.split('\n')
  const at = lines.findIndex(line => line.startsWith('# pxname,'))
  if (at < 0 || !/^Name: HAProxy/m.test(text)) return undefined
  const columns = (lines[at] ?? '').slice(2).split(',')
  const status = columns.indexOf('status')
  const servers: Record<string, Record<string, ServerState>> = {}
  for (const line of lines.slice(at + 1)) {
    if (line === '') break
    const cells = line.split(',')
    const [pool, server] = cells
    if (!pool || !server || cells.length <= status) return undefined
    servers[pool] = { ...servers[pool], [server]: stateOf(cells[status] ?? '') }
  }
  return { description, servers }
}

/** 'UP', 'UP 1/3', 'DOWN', 'DRAIN', 'MAINT (via x/y)', 'no check' … */
function stateOf(status: string): ServerState {
  const word = status.split(' ')[0]?.toLowerCase() ?? ''
  return word === 'up' || word === 'down' || word === 'drain' || word === 'maint'
    ? word
    : word === 'nolb'
      ? 'drain'
      : 'none'
}

/** `null | {description}` of the NGINX process that runs now, by its loopback port. */
export const nginx: Fact = {
  name: 'loadBalancer.nginx',
  about: 'Which configuration the running NGINX has loaded: {description}. null: nothing of ours answers.',
  scope: 'host',
  probe: () => ({ argv: ['curl', '-sS', '--max-time', '5', `http://127.0.0.1:${nginxPaths.statusPort}/`] }),
  parse: exit => {
    if (exit.code === 7) return null
    const found = /^(runbook [0-9a-f]{16})\s*$/.exec(exit.stdout)
    return exit.code === 0 && found?.[1] !== undefined ? { description: found[1] } : undefined
  },
}

/** Members of one product in a balancer somebody else owns, by its own `list` command: `{host: true}`. */
export const external: Fact = {
  name: 'loadBalancer.external',
  about: "Members of args {product} by the playbook's own list command, args {argv}: {host: true}.",
  scope: 'cluster',
  probe: args => {
    const { argv, product } = args as { readonly argv: readonly string[]; readonly product: string }
    return { argv: named('list', product, '', argv) }
  },
  parse: exit => {
    if (exit.code !== 0) return undefined
    const names = exit.stdout
      .split('\n')
      .map(line => line.trim())
      .filter(line => line !== '')
    return Object.fromEntries(names.map(name => [name, true]))
  },
}

export const facts: readonly Fact[] = [haproxy, nginx, external]

/** The running HAProxy has every pool's server in this state. */
export function serversAre(lb: HostName, pools: readonly Pool[], state: ServerState, only?: HostName): Check {
  const servers = Object.fromEntries(
    pools.map(pool => [
      pool.name,
      Object.fromEntries(
        pool.servers.filter(one => only === undefined || one.host === only).map(one => [one.host, state]),
      ),
    ]),
  )
  return { fact: haproxy.name, host: lb, is: { servers } }
}

/**
 * A command of the playbook's own, under a name that says what it is for: readers of a plan and the twin know it by that.
 * The command runs as it is written.
 */
export function named(
  verb: 'add' | 'remove' | 'list',
  product: string,
  member: string,
  argv: readonly string[],
): readonly string[] {
  return ['sh', '-c', 'shift 2; exec "$@"', `runbook-balancer-${verb}`, product, member, ...argv]
}

/** The words of one of the playbook's own commands, with {product}, {host}, {address} and {port} filled in. */
export function filled(
  argv: readonly string[],
  words: { readonly [name: string]: string | number },
): readonly string[] {
  return argv.map(word =>
    word.replaceAll(/\{(product|host|address|port)\}/g, (whole, name: string) =>
      String(words[name] ?? whole),
    ),
  )
}

/** `member` is (or shall be) among a product's members. */
export function listed(spec: ExternalSpec, product: string, member: HostName): Check {
  return {
    fact: external.name,
    host: spec.host,
    args: { argv: filled(spec.list, { product }), product },
    is: { [member]: true },
  }
}
