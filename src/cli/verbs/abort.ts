import { dirname, resolve } from 'node:path'
import { products } from '../../catalog/index.ts'
import { abortJob } from '../../hosts/abort.ts'
import { Unreachable } from '../../hosts/session.ts'
import { digest } from '../../plan/canonical.ts'
import { showOp } from '../../plan/show.ts'
import type { Step } from '../../plan/step.ts'
import { fold, fresh } from '../../run/fold.ts'
import { openSessions } from '../../run/world.ts'
import { clean } from '../../views/clean.ts'
import { exits, Quit } from '../exit.ts'
import { newNonce, self } from '../hold.ts'
import type { Io } from '../io.ts'
import { keptRun } from '../runs.ts'
import { fetchSecrets, secretsIn } from '../secrets.ts'
import { realWorld } from '../world.ts'

export interface AbortArgs {
  readonly run?: string
  readonly step?: string
  readonly reason?: string
  readonly yes: boolean
  readonly runsDir: string
}

/** A command of a run that its host may still be at. */
interface AtWork {
  readonly step: Step
  readonly host: string
  readonly job: string
  readonly shown: string
}

/**
 * Ends commands of a run that are at work on their hosts, whether or not their controller still lives. Nothing is undone. How far they got
 * nobody knows, so their steps are in doubt.
 */
export async function abort(args: AbortArgs, io: Io): Promise<number> {
  const { at, plan, origin, past } = keptRun(resolve(io.cwd, args.runsDir), args.run)
  if (args.step !== undefined && !plan.steps.some(({ id }) => id === args.step))
    throw new Quit('usage', `run ${at.id} has no step '${args.step}'`, `runbook abort ${at.id}`)
  const { steps } = past.events.reduce(fold, fresh(at.id, plan, digest(plan)))
  const open = plan.steps.flatMap((step): readonly AtWork[] => {
    const run = steps.get(step.id)
    const op = run?.open === undefined ? undefined : step.run[run.open]
    if (run?.open === undefined || op === undefined || !('exec' in op)) return []
    const job = `${at.id}.${step.id}.${String(run.attempt)}.${String(run.open)}`
    return [{ step, host: op.on ?? step.host, job, shown: showOp(op) }]
  })
  const chosen = open.filter(({ step }) => args.step === undefined || step.id === args.step)
  if (chosen.length === 0) {
    io.out(`no command of ${args.step ?? at.id} is at work, by its journal\n`)
    return exits.ok
  }
  for (const { step, host, shown } of chosen) io.err(`${clean(`${step.id} on ${host}: ${shown}`)}\n`)
  if (!args.yes) {
    const given = await io.question(
      'Kill this? How far it got will be in doubt, and nothing is undone. [y/N] ',
    )
    if (!/^y(es)?$/i.test(given.trim())) throw new Quit('unanswered', 'not agreed to; nothing was changed')
  }
  const folder = dirname(origin.playbook)
  const secret = await fetchSecrets(secretsIn([plan.hosts]), { env: io.env, folder })
  const world = realWorld({ hosts: plan.hosts, ssh: origin.ssh, folder, products, secret, may: 'change', io })
  const sessions = openSessions(plan.hosts, world.connect)
  let code: number = exits.ok
  try {
    for (const one of chosen) {
      const { who, from } = self(io.env)
      const now = new Date(world.clock.now()).toISOString()
      const why = args.reason === undefined ? '' : `: ${args.reason}`
      const audit = { at: now, who, from, did: 'aborted', run: at.id, step: one.step.id }
      const said = {
        audit: { ...audit, ...(args.reason !== undefined && { reason: args.reason }) },
        words: `ended by hand (runbook abort) by ${who}@${from} at ${now}${why}`,
      }
      try {
        const session = await sessions.to(one.host)
        const end = await abortJob(session, one.job, `${at.id}.abort-${newNonce()}`, said)
        if (end === undefined) code = exits.inDoubt
        io.out(`${one.step.id} on ${one.host}: ${wordsOf(end)}\n`)
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        code = exits.unreachable
        io.err(`${one.host} could not be told: ${clean(error.message)}\n`)
      }
    }
  } finally {
    await sessions.closeAll()
  }
  io.err(`next: runbook resume ${at.id}\n`)
  return code
}

function wordsOf(end: Awaited<ReturnType<typeof abortJob>>): string {
  switch (end?.state) {
    case 'aborted':
      return 'killed with its process group; its step is in doubt'
    case 'ended':
      return `had ended by itself with exit code ${String(end.code)}; nothing was done`
    case 'gone':
      return 'is not at work any more and left no exit code; nothing was done'
    case 'unknown':
      return 'the host knows no such command: it never began, or was forgotten'
    case undefined:
      return 'nobody saw whether it ended; look at the host'
  }
}
