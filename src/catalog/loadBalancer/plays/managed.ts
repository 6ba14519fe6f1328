import { type Facts, factKey } from '../../../plan/fact.ts'
import type { HostName, Json, Op, Step } from '../../../plan/step.ts'
import type { Context } from '../../product.ts'
import { plain } from '../../os/steps.ts'
import { isObject, member } from '../../os/text.ts'
import { installScript } from '../../storage/packages.ts'
import { haproxy, serversAre } from '../facts.ts'
import { type ManagedSpec, type Pool, pools } from '../pools.ts'
import { type Rendered, activeChecks, rendered } from '../rendered.ts'
import { haproxyActivate, haproxySet, nginxActivate } from '../scripts.ts'

const section = 'Load balancer'

/** Package, then configuration, tested by the balancer itself before it replaces the old one. */
export function managed(context: Context, spec: ManagedSpec): readonly Step[] {
  return spec.hosts.flatMap(host => [install(context, spec, host), configure(context, spec, host)])
}

function install(context: Context, spec: ManagedSpec, host: HostName): Step {
  const names =
    spec.kind === 'haproxy'
      ? ['haproxy', 'socat', 'haproxy', 'socat']
      : ['nginx', 'libnginx-mod-stream', 'nginx', 'nginx-mod-stream']
  const wanted = spec.kind === 'haproxy' ? ['haproxy', 'socat'] : ['nginx']
  return {
    ...plain,
    id: `loadBalancer.install@${host}`,
    kind: 'loadBalancer.install',
    title: `Have ${spec.kind} on ${host}`,
    section,
    host,
    needs: context.after,
    run: [{ exec: { argv: ['sh', '-c', installScript, 'runbook-install', ...names] }, timeoutSeconds: 900 }],
    goal: wanted.map(name => ({ fact: 'os.package', host, args: { name }, is: {} })),
    withinSeconds: 10,
    takes: { p50Seconds: 15, p90Seconds: 90 },
  }
}

/** Ops that write the candidate, let the balancer test it, and put it to work. */
export function activate(made: Rendered, on?: HostName): readonly Op[] {
  const where = on === undefined ? {} : { on }
  const script = made.service === 'haproxy' ? haproxyActivate : nginxActivate
  return [
    { write: made.candidate, content: made.text, mode: '0644', ...where },
    { exec: { argv: made.test }, timeoutSeconds: 30, ...where },
    {
      exec: { argv: ['sh', '-c', script, `runbook-${made.service}-activate`] },
      timeoutSeconds: 120,
      ...where,
    },
  ]
}

/**
 * One step, so that what is planned is what runs: HAProxy takes its servers as up the moment it has read them. Every member
 * is put back that somebody had taken out. NGINX cannot tell which of its servers work; the push through it at the end does.
 */
function configure(context: Context, spec: ManagedSpec, host: HostName): Step {
  const made = rendered(context.topology, spec)
  const all = pools(context.topology)
  const servers = all.flatMap(pool => pool.servers.map(server => `${pool.name}/${server.host}`))
  const up = spec.kind === 'haproxy' ? [serversAre(host, all, 'up')] : []
  const ready = ['sh', '-c', haproxySet, 'runbook-haproxy-set', 'ready', ...servers]
  const hosts = notServing(context.facts, host, all)
  return {
    ...plain,
    id: `loadBalancer.configure@${host}`,
    kind: 'loadBalancer.configure',
    title: `Configure ${spec.kind} on ${host}`,
    section,
    host,
    needs: [`loadBalancer.install@${host}`],
    run: [
      ...activate(made),
      ...(spec.kind === 'haproxy' ? [{ exec: { argv: ready }, timeoutSeconds: 30 }] : []),
      ...(up.length > 0 ? [{ await: up, withinSeconds: 120 }] : []),
    ],
    goal: [...activeChecks(host, spec, made), ...up],
    ...(up.length > 0 && hosts.length > 0 && { mayFollow: { checks: up, hosts } }),
    withinSeconds: 30,
    takes: { p50Seconds: 5, p90Seconds: 30 },
  }
}

/**
 * Hosts of servers to which a HAProxy of ours does not send now: by its own checks it does again once they serve. One that somebody
 * took out stays out, and one that is not in its configuration yet comes with the configuration: both are this step's work, unless
 * another step changes the replica and puts it in.
 */
function notServing(facts: Facts, lb: HostName, all: readonly Pool[]): readonly HostName[] {
  const seen = facts.get(factKey({ fact: haproxy.name, host: lb })) ?? null
  if (seen === null) return []
  const servers = member(seen, 'servers')
  const out = all.flatMap(pool => pool.servers.filter(one => stateIn(servers, pool, one.host) !== 'up'))
  return [...new Set(out.map(({ host }) => host))].sort()
}

function stateIn(servers: Json | undefined, pool: Pool, host: HostName): Json | undefined {
  return isObject(servers) ? member(servers[pool.name], host) : undefined
}
