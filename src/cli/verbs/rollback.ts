import { dirname, resolve } from 'node:path'
import { products } from '../../catalog/index.ts'
import { digest } from '../../plan/canonical.ts'
import { preview } from '../../plan/preview.ts'
import { asked } from '../../plan/refs.ts'
import { foldAll, fresh } from '../../run/fold.ts'
import { observe } from '../../run/observe.ts'
import { wayBack } from '../../run/undo.ts'
import { openSessions } from '../../run/world.ts'
import { planText } from '../../views/text.ts'
import type { OutputKind } from '../flags.ts'
import { exits, Quit } from '../exit.ts'
import type { Io } from '../io.ts'
import { insistOnAll } from '../prospect.ts'
import { keptRun, newRun } from '../runs.ts'
import { fetchSecrets, secretsIn } from '../secrets.ts'
import { scopeOf, undertake } from '../undertake.ts'
import { factsOf, realWorld } from '../world.ts'

export interface RollbackArgs {
  readonly run?: string
  readonly yes: boolean
  readonly output: OutputKind
  readonly parallel: number
  readonly runsDir: string
  readonly lockTimeout?: string
}

/** Undoes what a run changed, the last first, back to the point of no return: a plan like any other. */
export async function rollback(args: RollbackArgs, io: Io): Promise<number> {
  return (await unwind(args, io)).code
}

/**
 * The same, with how many steps were to be undone.
 * @throws Quit 'refused' when what the run did last has no way back
 */
export async function unwind(
  args: RollbackArgs,
  io: Io,
): Promise<{ readonly code: number; readonly undone: number }> {
  const runsDir = resolve(io.cwd, args.runsDir)
  const { at: old, plan: done, origin, past } = keptRun(runsDir, args.run)
  const { plan, noReturn } = wayBack(done, foldAll(fresh(old.id, done, digest(done)), past.events))
  if (noReturn !== undefined)
    io.err(
      `point of no return: nothing undoes "${noReturn.title}" (${noReturn.id}), nor what came before it\n`,
    )
  if (plan.steps.length === 0) {
    if (noReturn !== undefined)
      throw new Quit('refused', `run ${old.id} can only go forward`, `runbook resume ${old.id}`)
    io.out(`${old.id} changed nothing\n`)
    return { code: exits.ok, undone: 0 }
  }
  if (!args.yes && !io.interactive)
    throw new Quit('usage', 'nobody is there to say yes', `runbook rollback ${old.id} --yes`)
  const folder = dirname(origin.playbook)
  const facts = factsOf(products)
  const refs = asked(plan).filter(ref => plan.without?.hosts.includes(ref.host) !== true)
  const probes = refs.map(ref => facts.get(ref.fact)?.probe(ref.args))
  const secret = await fetchSecrets(secretsIn([plan.hosts, plan.steps, probes]), { env: io.env, folder })
  const { hosts } = plan
  const without = plan.without?.hosts ?? []
  const world = realWorld({ hosts, without, ssh: origin.ssh, folder, products, secret, may: 'change', io })
  const sessions = openSessions(plan.hosts, world.connect)
  try {
    const seen = await observe(refs, world, sessions)
    insistOnAll(seen)
    const outlooks = preview(plan, seen.facts)
    const report = {
      plan,
      digest: digest(plan),
      facts: seen.facts,
      level: 'live' as const,
      outlooks,
      findings: [],
    }
    const show = args.output === 'json' ? io.err : io.out
    show(planText(report, args.output === 'json' ? io.errPaint : io.outPaint))
    if (!args.yes) {
      const given = await io.question(`\nType ${plan.name} to undo this: `)
      if (given.trim() !== plan.name) throw new Quit('unanswered', 'not agreed to; nothing was changed')
    }
    const at = newRun(runsDir, plan, { ...origin, winds: [old.id] }, world.clock.now())
    const code = await undertake({
      plan,
      at,
      observed: { facts: seen.facts, refs },
      world,
      sessions,
      output: args.output,
      parallel: args.parallel,
      next: { done: `runbook status ${origin.named}`, resume: `runbook resume ${at.id}` },
      io,
      scope: scopeOf(plan),
      continues: [old.id],
      lockTimeout: args.lockTimeout,
    })
    return { code, undone: plan.steps.length }
  } finally {
    await sessions.closeAll()
  }
}
