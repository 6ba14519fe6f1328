import { dirname, resolve as resolvePath } from 'node:path'
import { products } from '../../catalog/index.ts'
import { asked } from '../../plan/refs.ts'
import { openSessions } from '../../run/world.ts'
import type { OutputKind } from '../flags.ts'
import { exits, Quit } from '../exit.ts'
import { fetchRun } from '../fetch.ts'
import type { Io } from '../io.ts'
import { packageVersion } from '../package.ts'
import { insistOnTool, type Kept, keptRun } from '../runs.ts'
import { fetchSecrets, secretsIn } from '../secrets.ts'
import { scopeOf, undertake } from '../undertake.ts'
import { afterFailure, type OnFailure } from '../unwind.ts'
import { factsOf, realWorld } from '../world.ts'
import { apply } from './apply.ts'

export interface ResumeArgs {
  /** A run's id; with `assume` and nothing else, the step's; with `fromHost`, the playbook. */
  readonly run?: string
  readonly step?: string
  /** 'done' or 'not-done', or with the step before it: 'STEP=done'. */
  readonly assume?: string
  readonly fromHost?: string
  readonly output: OutputKind
  readonly parallel: number
  readonly runsDir: string
  readonly lockTimeout?: string
  /** Winds the run up with a new plan from what is there. */
  readonly replan?: boolean
  /** With `replan`: do not ask. */
  readonly yes?: boolean
  readonly onFailure?: OnFailure
}

/** Goes on with a run from its journal: done is done, what was begun is asked about first. */
export async function resume(args: ResumeArgs, io: Io): Promise<number> {
  const runsDir = resolvePath(io.cwd, args.runsDir)
  const { kept, assume } = await chosen(args, runsDir, io)
  const { at, plan, origin, past } = kept
  if (args.replan === true) return replanned(args, kept, io)
  insistOnTool(kept, packageVersion())
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
  const secret = await fetchSecrets(secretsIn([plan.hosts, plan.steps, probes]), { env: io.env, folder })
  const { hosts } = plan
  const without = plan.without?.hosts ?? []
  const world = realWorld({ hosts, without, ssh: origin.ssh, folder, products, secret, may: 'change', io })
  const sessions = openSessions(plan.hosts, world.connect)
  try {
    const code = await undertake({
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
      ...(origin.winds && { continues: origin.winds }),
      lockTimeout: args.lockTimeout,
      ...(args.onFailure && { onFailure: args.onFailure }),
    })
    return await afterFailure(code, args.onFailure, at.id, { ...args, runsDir }, io)
  } finally {
    await sessions.closeAll()
  }
}

/** A new plan from the playbook and what is there now, in place of the rest of the run. */
async function replanned(args: ResumeArgs, { at, plan, origin }: Kept, io: Io): Promise<number> {
  const isHere = resolvePath(io.cwd, origin.named) === origin.playbook
  return apply(
    {
      file: isHere ? origin.named : origin.playbook,
      dryRun: false,
      yes: args.yes === true,
      output: args.output,
      parallel: args.parallel,
      runsDir: args.runsDir,
      continues: [at.id, ...(origin.winds ?? [])],
      ...(plan.without && { without: plan.without.hosts.join(',') }),
      ...(args.lockTimeout !== undefined && { lockTimeout: args.lockTimeout }),
      ...(args.onFailure !== undefined && { onFailure: args.onFailure }),
    },
    io,
  )
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
  const [, inFlag, ending] = /^(?:(.+)=)?(done|not-done)$/.exec(assume) ?? []
  if (ending === undefined)
    throw new Quit('usage', `--assume cannot be '${assume}'`, '--assume STEP=done or --assume STEP=not-done')
  const [id, named] =
    inFlag !== undefined ? [run, inFlag] : step === undefined ? [undefined, run] : [run, step]
  const kept = keptRun(runsDir, id)
  if (named === undefined || !kept.plan.steps.some(one => one.id === named))
    throw new Quit(
      'usage',
      `--assume needs a step of run ${kept.at.id}${named === undefined ? '' : `, and '${named}' is none`}`,
      `runbook resume ${kept.at.id} --assume STEP=${ending}`,
    )
  return { kept, assume: { step: named, done: ending === 'done' } }
}
