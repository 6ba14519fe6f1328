import { dirname, resolve } from 'node:path'
import { products } from '../../catalog/index.ts'
import { standings } from '../../run/standing.ts'
import { openSessions } from '../../run/world.ts'
import { exits, Quit } from '../exit.ts'
import { giveBack, holdHosts, isGone, standingLine } from '../hold.ts'
import type { Io } from '../io.ts'
import { keptRun } from '../runs.ts'
import { fetchSecrets, secretsIn } from '../secrets.ts'
import { realWorld } from '../world.ts'

interface AbandonArgs {
  readonly run?: string
  readonly runsDir: string
  readonly yes: boolean
}

/** Gives a run up that is not at work any more. What it did stays; what it left running on hosts goes on. */
export async function abandon(args: AbandonArgs, io: Io): Promise<number> {
  const { at, plan, origin } = keptRun(resolve(io.cwd, args.runsDir), args.run)
  if (!args.yes) {
    const given = await io.question(`Give up run ${at.id}? Nothing it did is undone. [y/N] `)
    if (!/^y(es)?$/i.test(given.trim())) throw new Quit('unanswered', 'not agreed to; nothing was changed')
  }
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
    await giveBack(held, 'released', 'abandoned', io)
    io.out(`${at.id} is given up; ${ours.length} hosts it held are free\n`)
    for (const lost of unreachable) io.err(`${lost.host} could not be told\n`)
    io.err(`next: runbook plan ${origin.named}\n`)
    return unreachable.length > 0 ? exits.unreachable : exits.ok
  } finally {
    await sessions.closeAll()
  }
}
