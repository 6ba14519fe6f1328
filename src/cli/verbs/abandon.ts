import { resolve } from 'node:path'
import { exits, Quit } from '../exit.ts'
import type { Io } from '../io.ts'
import { letGo } from '../letGo.ts'
import { keptRun } from '../runs.ts'

interface AbandonArgs {
  readonly run?: string
  readonly runsDir: string
  readonly yes: boolean
}

/** Gives a run up that is not at work any more. What it did stays; what it left running on hosts goes on. */
export async function abandon(args: AbandonArgs, io: Io): Promise<number> {
  const kept = keptRun(resolve(io.cwd, args.runsDir), args.run)
  const { at, origin } = kept
  if (!args.yes) {
    const given = await io.question(`Give up run ${at.id}? Nothing it did is undone. [y/N] `)
    if (!/^y(es)?$/i.test(given.trim())) throw new Quit('unanswered', 'not agreed to; nothing was changed')
  }
  const { freed, untold } = await letGo(kept, 'abandoned', io)
  io.out(`${at.id} is given up; ${freed} hosts it held are free\n`)
  for (const lost of untold) io.err(`${lost.host} could not be told\n`)
  io.err(`next: runbook plan ${origin.named}\n`)
  return untold.length > 0 ? exits.unreachable : exits.ok
}
