import { products } from '../../catalog/index.ts'
import { Quit } from '../exit.ts'
import { giveBack, holdHosts } from '../hold.ts'
import type { Io } from '../io.ts'
import { lookAhead } from '../prospect.ts'
import { secondsOf } from '../seconds.ts'
import { compile } from '../../catalog/compile.ts'
import { recipes } from '../../catalog/recover/index.ts'
import { fenced } from '../../run/lease.ts'
import type { DrillOutcome } from '../../run/drillEvent.ts'
import { exits } from '../exit.ts'
import { factsOf } from '../world.ts'
import { type Carrying, carryOn } from './carry.ts'

/** As often as in `conduct`: well within the time after which a holder counts as gone. */
const BEAT_MS = 20_000

/**
 * On real hosts, all of them held for as long as the drill takes. Hosts that a fault has taken away from us are held by their lease.
 * @throws Quit when somebody else has one, or one cannot be asked at the beginning
 */
export async function liveDrill(
  job: Omit<Carrying, 'signal'> & { readonly signal: AbortSignal; readonly lockTimeout?: string },
  io: Io,
): Promise<DrillOutcome> {
  const { good, drill } = job.of
  const { world: base, sessions, seen } = await lookAhead(good, products, 'change', io)
  // Recipes may ask what an apply does not.
  const world = { ...base, facts: factsOf([...recipes.flatMap(one => one.products([])), ...products]) }
  try {
    const silent = [...seen.unreachable.keys()]
    if (silent.length > 0 && job.past.length === 0)
      throw new Quit(
        'unreachable',
        `${silent.join(', ')} cannot be asked`,
        'a drill begins with all of its hosts; nothing was done',
      )
    const plan = compile(good.topology, good.digest, products, seen.facts)
    const scope = Object.keys(good.topology.hosts).filter(host => !silent.includes(host))
    const held = await holdHosts(scope, plan, sessions, {
      run: job.id,
      continues: [job.id],
      lockTimeoutSeconds: secondsOf(job.lockTimeout ?? '0s', '--lock-timeout'),
      io,
    })
    const lost = new AbortController()
    const beat = setInterval(() => {
      held.lease.beat().then(
        host => {
          if (host === undefined) return
          io.err(`${host} was taken by somebody else: the drill stops\n`)
          lost.abort()
        },
        () => undefined,
      )
    }, BEAT_MS)
    beat.unref()
    let code: number = exits.bug
    try {
      const signal = AbortSignal.any([job.signal, lost.signal])
      const outcome = await carryOn({ ...job, signal }, world, fenced(sessions, held.lease))
      code = outcome === 'done' ? exits.ok : exits.failed
      return outcome
    } finally {
      clearInterval(beat)
      const result = Object.entries(exits).find(([, number]) => number === code)?.[0] ?? String(code)
      await giveBack(held, 'released', `drill ${drill.name}: ${result}`, io)
    }
  } finally {
    await sessions.closeAll()
  }
}
