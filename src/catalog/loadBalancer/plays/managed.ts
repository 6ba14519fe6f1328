import type { HostName, Op, Step } from '../../../plan/step.ts'
import type { Context } from '../../product.ts'
import { plain } from '../../os/steps.ts'
import { installScript } from '../../storage/packages.ts'
import { serversAre } from '../facts.ts'
import { type ManagedSpec, pools } from '../pools.ts'
import { type Rendered, activeChecks, rendered } from '../rendered.ts'
import { haproxyActivate, haproxySet, nginxActivate } from '../scripts.ts'

const section = 'Load balancer'

/** Package, configuration (tested by the balancer itself before it replaces the old one), members up. */
export function managed(context: Context, spec: ManagedSpec): readonly Step[] {
  return spec.hosts.flatMap(host => {
    const made = rendered(context.topology, spec)
    const steps = [install(context, spec, host), configure(spec, host, made)]
    // NGINX cannot tell which of its servers work; the pull through the balancer at the end does.
    return spec.kind === 'haproxy' ? [...steps, membersUp(context, host)] : steps
  })
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

function configure(spec: ManagedSpec, host: HostName, made: Rendered): Step {
  return {
    ...plain,
    id: `loadBalancer.configure@${host}`,
    kind: 'loadBalancer.configure',
    title: `Configure ${spec.kind} on ${host}`,
    section,
    host,
    needs: [`loadBalancer.install@${host}`],
    run: activate(made),
    goal: activeChecks(host, spec, made),
    withinSeconds: 30,
    takes: { p50Seconds: 3, p90Seconds: 15 },
  }
}

function membersUp(context: Context, host: HostName): Step {
  const all = pools(context.topology)
  const goal = [serversAre(host, all, 'up')]
  const servers = all.flatMap(pool => pool.servers.map(server => `${pool.name}/${server.host}`))
  return {
    ...plain,
    id: `loadBalancer.members@${host}`,
    kind: 'loadBalancer.members',
    title: `Every member up in ${host}`,
    section,
    host,
    needs: [`loadBalancer.configure@${host}`],
    run: [
      {
        exec: { argv: ['sh', '-c', haproxySet, 'runbook-haproxy-set', 'ready', ...servers] },
        timeoutSeconds: 30,
      },
      { await: goal, withinSeconds: 120 },
    ],
    goal,
    withinSeconds: 10,
    takes: { p50Seconds: 10, p90Seconds: 60 },
  }
}
