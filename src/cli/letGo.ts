import { dirname } from 'node:path'
import { products } from '../catalog/index.ts'
import type { Unreachable } from '../hosts/session.ts'
import { standings } from '../run/standing.ts'
import { openSessions } from '../run/world.ts'
import { Quit } from './exit.ts'
import { giveBack, holdHosts, isGone, standingLine } from './hold.ts'
import type { Io } from './io.ts'
import type { Kept } from './runs.ts'
import { fetchSecrets, secretsIn } from './secrets.ts'
import { realWorld } from './world.ts'

/**
 * Makes free what a run that is not at work any more still keeps others off. What it did stays.
 * @param result what the audit log of each host says of its end
 * @returns how many hosts that were, and those that could not be told
 * @throws Quit 'locked' when the run is at work
 */
export async function letGo(
  { at, plan, origin }: Pick<Kept, 'at' | 'plan' | 'origin'>,
  result: string,
  io: Io,
): Promise<{ readonly freed: number; readonly untold: readonly Unreachable[] }> {
  const folder = dirname(origin.playbook)
  const secret = await fetchSecrets(secretsIn([plan.hosts]), { env: io.env, folder })
  const world = realWorld({ hosts: plan.hosts, ssh: origin.ssh, folder, products, secret, may: 'change', io })
  const sessions = openSessions(plan.hosts, world.connect)
  try {
    const { seen, unreachable } = await standings(Object.keys(plan.hosts), sessions)
    const ours = seen.filter(one => one.holder?.run === at.id && one.state !== 'free')
    const alive = ours.find(one => one.state === 'held' && one.holder !== undefined && !isGone(one.holder))
    if (alive) {
      const help = 'stop it first, or wait until it counts as gone'
      throw new Quit('locked', `${standingLine(alive)}\nit is still at work`, help)
    }
    // A lease that was left is over already; one of ours takes its place, and ends for good.
    const held = await holdHosts(
      ours.map(one => one.host),
      plan,
      sessions,
      { run: at.id, lockTimeoutSeconds: 0, io },
    )
    await giveBack(held, 'released', result, io)
    return { freed: ours.length, untold: unreachable }
  } finally {
    await sessions.closeAll()
  }
}
