import type { Step } from '../../../plan/step.ts'
import type { Context } from '../../product.ts'
import { plain } from '../../os/steps.ts'
import { filled, listed, named } from '../facts.ts'
import { type ExternalSpec, type Pool, pools } from '../pools.ts'

/** Members enter a balancer that somebody else owns, by the playbook's commands, and only those its list does not name. */
export function external(context: Context, spec: ExternalSpec): readonly Step[] {
  return pools(context.topology)
    .filter(pool => pool.name.endsWith('_https'))
    .flatMap(pool => pool.servers.map(server => add(context, spec, pool, server)))
}

function add(context: Context, spec: ExternalSpec, { product }: Pool, server: Pool['servers'][number]): Step {
  return {
    ...plain,
    id: `loadBalancer.add-${product}@${spec.host}:${server.host}`,
    kind: 'loadBalancer.add',
    title: `Add ${server.host} to the ${product} pool`,
    section: 'Load balancer',
    host: spec.host,
    needs: context.after,
    run: [
      {
        exec: { argv: named('add', product, server.host, filled(spec.add, { product, ...server })) },
        timeoutSeconds: 120,
      },
    ],
    goal: [listed(spec, product, server.host)],
    withinSeconds: 60,
    takes: { p50Seconds: 2, p90Seconds: 20 },
    undo: {
      run: [
        {
          exec: { argv: named('remove', product, server.host, filled(spec.remove, { product, ...server })) },
          timeoutSeconds: 120,
        },
      ],
      goal: [],
      withinSeconds: 60,
    },
  }
}
