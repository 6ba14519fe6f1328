import { dirname, resolve } from 'node:path'
import { products } from '../../catalog/index.ts'
import { asked } from '../../plan/refs.ts'
import { observe } from '../../run/observe.ts'
import { openSessions } from '../../run/world.ts'
import type { OutputKind } from '../commands.ts'
import { conduct } from '../conduct.ts'
import { exits } from '../exit.ts'
import type { Io } from '../io.ts'
import { insistOnAll } from '../prospect.ts'
import { keptRun } from '../runs.ts'
import { readSecrets, secretsIn } from '../secrets.ts'
import { factsOf, realWorld } from '../world.ts'

interface ResumeArgs {
  readonly run?: string
  readonly output: OutputKind
  readonly parallel: number
  readonly runsDir: string
}

/** Goes on with a run from its journal: done is done, what was begun is asked about first. */
export async function resume(args: ResumeArgs, io: Io): Promise<number> {
  const { at, plan, origin, past } = keptRun(resolve(io.cwd, args.runsDir), args.run)
  if (past.note !== undefined) io.err(`${at.journal}: ${past.note}\n`)
  const last = past.events.at(-1)
  if (last?.kind === 'run-ended' && last.outcome === 'done') {
    io.out(`${at.id} is done already\n`)
    io.err(`next: runbook status ${origin.named}\n`)
    return exits.ok
  }
  const folder = dirname(origin.playbook)
  const refs = asked(plan)
  const facts = factsOf(products)
  const probes = refs.map(ref => facts.get(ref.fact)?.probe(ref.args))
  const secret = readSecrets(secretsIn([plan.hosts, plan.steps, probes]), { env: io.env, folder })
  const world = realWorld({ hosts: plan.hosts, ssh: origin.ssh, folder, products, secret, may: 'change', io })
  const sessions = openSessions(plan.hosts, world.connect)
  try {
    const seen = await observe(refs, world, sessions)
    insistOnAll(seen)
    return await conduct({
      plan,
      at,
      past,
      observed: { facts: seen.facts, refs },
      world,
      sessions,
      output: args.output,
      parallel: args.parallel,
      next: { done: `runbook status ${origin.named}`, resume: `runbook resume ${at.id}` },
      io,
    })
  } finally {
    await sessions.closeAll()
  }
}
