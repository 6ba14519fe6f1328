import { dirname, resolve } from 'node:path'
import { products } from '../../catalog/index.ts'
import { asked } from '../../plan/refs.ts'
import { openSessions } from '../../run/world.ts'
import type { OutputKind } from '../flags.ts'
import { exits, Quit } from '../exit.ts'
import { fetchRun } from '../fetch.ts'
import type { Io } from '../io.ts'
import { type Kept, keptRun } from '../runs.ts'
import { readSecrets, secretsIn } from '../secrets.ts'
import { scopeOf, undertake } from '../undertake.ts'
import { factsOf, realWorld } from '../world.ts'

export interface ResumeArgs {
  /** A run's id; with `assume` and nothing else, the step's; with `fromHost`, the playbook. */
  readonly run?: string
  readonly step?: string
  readonly assume?: 'done' | 'not-done'
  readonly fromHost?: string
  readonly output: OutputKind
  readonly parallel: number
  readonly runsDir: string
  readonly lockTimeout?: string
}

/** Goes on with a run from its journal: done is done, what was begun is asked about first. */
export async function resume(args: ResumeArgs, io: Io): Promise<number> {
  const runsDir = resolve(io.cwd, args.runsDir)
  const { kept, assume } = await chosen(args, runsDir, io)
  const { at, plan, origin, past } = kept
  if (past.note !== undefined) io.err(`${at.journal}: ${past.note}\n`)
  const last = past.events.at(-1)
  if (last?.kind === 'run-ended' && last.outcome === 'done') {
    io.out(`${at.id} is done already\n`)
    io.err(`next: runbook status ${origin.named}\n`)
    return exits.ok
  }
  const folder = dirname(origin.playbook)
  const refs = asked(plan).filter(ref => plan.without?.hosts.includes(ref.host) !== true)
  const facts = factsOf(products)
  const probes = refs.map(ref => facts.get(ref.fact)?.probe(ref.args))
  const secret = readSecrets(secretsIn([plan.hosts, plan.steps, probes]), { env: io.env, folder })
  const { hosts } = plan
  const without = plan.without?.hosts ?? []
  const world = realWorld({ hosts, without, ssh: origin.ssh, folder, products, secret, may: 'change', io })
  const sessions = openSessions(plan.hosts, world.connect)
  try {
    return await undertake({
      plan,
      at,
      past,
      ...(assume && { assume }),
      observed: { facts: new Map(), refs },
      world,
      sessions,
      output: args.output,
      parallel: args.parallel,
      next: { done: `runbook status ${origin.named}`, resume: `runbook resume ${at.id}` },
      io,
      scope: scopeOf(plan),
      lockTimeout: args.lockTimeout,
    })
  } finally {
    await sessions.closeAll()
  }
}

/** Which run is meant, fetched first where it is elsewhere, and what a person says about its step in doubt. */
async function chosen(
  { run, step, assume, fromHost }: ResumeArgs,
  runsDir: string,
  io: Io,
): Promise<{ readonly kept: Kept; readonly assume?: { readonly step: string; readonly done: boolean } }> {
  if (fromHost !== undefined) {
    if (run === undefined)
      throw new Quit('usage', '--from-host needs the playbook', 'runbook resume --from-host HOST FILE')
    return { kept: keptRun(runsDir, await fetchRun(fromHost, run, runsDir, io)) }
  }
  if (assume === undefined) return { kept: keptRun(runsDir, run) }
  const [id, named] = step === undefined ? [undefined, run] : [run, step]
  const kept = keptRun(runsDir, id)
  if (named === undefined || !kept.plan.steps.some(one => one.id === named))
    throw new Quit(
      'usage',
      `--assume needs a step of run ${kept.at.id}${named === undefined ? '' : `, and '${named}' is none`}`,
      `runbook resume ${kept.at.id} --assume ${assume} STEP`,
    )
  return { kept, assume: { step: named, done: assume === 'done' } }
}
