import { resolve } from 'node:path'
import { drill as product } from '../../catalog/drill/index.ts'
import { products } from '../../catalog/index.ts'
import { factKey } from '../../plan/fact.ts'
import { asked } from '../../plan/refs.ts'
import { execute } from '../../run/execute.ts'
import { observe } from '../../run/observe.ts'
import { openSessions } from '../../run/world.ts'
import { loadDrill } from '../../playbook/drill.ts'
import { undoPlanOf } from '../drill/phasePlan.ts'
import { exits } from '../exit.ts'
import type { Io } from '../io.ts'
import { loadGood } from '../load.ts'
import { fetchSecrets, secretsIn } from '../secrets.ts'
import { realWorld } from '../world.ts'

/**
 * The one lever: asks every host of a drill or a playbook for faults that are on, and undoes them. Needs no journal, no lease and no
 * agreement, does nothing else, and may be pulled while the drill runs. What it cannot reach, the timer there undoes.
 */
export async function drillStop(args: { readonly file: string }, io: Io): Promise<number> {
  const read = loadDrill(resolve(io.cwd, args.file))
  const playbook = read.file === undefined ? args.file : resolve(io.cwd, args.file, '..', read.file.cluster)
  const good = await loadGood(playbook, io)
  const { topology, folder } = good
  const secret = await fetchSecrets(secretsIn([topology.hosts]), { env: io.env, folder })
  const world = realWorld({
    ...{ hosts: topology.hosts, ssh: topology.ssh, folder, secret, io },
    products: [...products, product],
    may: 'change',
  })
  const sessions = openSessions(topology.hosts, world.connect)
  try {
    const refs = Object.keys(topology.hosts).map(host => ({ fact: 'drill.faults', host }))
    const { facts, unreachable } = await observe(refs, world, sessions)
    const on = refs.flatMap(ref => {
      const seen = facts.get(factKey(ref)) as
        { readonly [id: string]: { readonly state: string } } | null | undefined
      return Object.entries(seen ?? {}).flatMap(([fault, { state }]) =>
        state === 'undone' ? [] : [{ fault, host: ref.host }],
      )
    })
    const silent = refs.filter(ref => !facts.has(factKey(ref))).map(ref => ref.host)
    const plan = undoPlanOf(good, on, 'stop')
    const run = await execute(plan, world, {
      runId: `stop-${new Date(io.clock.now()).toISOString().replaceAll(/[^0-9]/g, '')}`,
      observed: { facts, refs: asked(plan) },
      width: 20,
      emit: () => undefined,
      signal: new AbortController().signal,
      sessions,
    })
    for (const { fault, host } of on) {
      const done = run.steps.get(`drill.undo@${host}:${fault}`)?.state === 'done'
      io.out(`${host}: ${fault} ${done ? 'undone' : 'could NOT be undone'}\n`)
    }
    if (on.length === 0) io.out('no fault is on\n')
    for (const host of silent)
      io.err(
        `${host}: could not be asked${unreachable.has(host) ? '' : ' about its faults'}; a fault there is undone by its own timer\n`,
      )
    io.err(
      `nothing else was done. A drill that was cut short: runbook drill resume; or, to give it up: runbook lock break ${playbook} --reason WHY\n`,
    )
    if (run.outcome !== 'done') return exits.failed
    return silent.length > 0 ? exits.unreachable : exits.ok
  } finally {
    await sessions.closeAll()
  }
}
