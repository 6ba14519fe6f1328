import { exits, Quit } from './exit.ts'
import type { Io } from './io.ts'
import { letGo } from './letGo.ts'
import { keptRun } from './runs.ts'
import type { RollbackArgs } from './verbs/rollback.ts'

/** What is done when a step fails. 'stop': hold everything as it is, which is the default. */
export type OnFailure = 'stop' | 'rollback'

/**
 * After a run that failed, whose hosts are still closed to others for a known reason: undoes what it changed, back to the point of no return. A run in doubt is never undone
 * by itself, as what it began may still be at work.
 * @returns 16 when something was undone to the end; the run's own code where nothing undoes what it did, or nothing was changed; the
 *   code of the way back where that did not get through
 */
export async function afterFailure(
  code: number,
  onFailure: OnFailure | undefined,
  run: string,
  args: Omit<RollbackArgs, 'run' | 'yes'>,
  io: Io,
): Promise<number> {
  if (onFailure !== 'rollback' || code !== exits.failed) return code
  const { unwind } = await import('./verbs/rollback.ts')
  io.err(`--on-failure rollback: undoing what ${run} changed\n`)
  try {
    const back = await unwind({ ...args, run, yes: true }, io)
    if (back.undone === 0) {
      await letGo(keptRun(args.runsDir, run), 'failed', io)
      return code
    }
    return back.code === exits.ok ? exits.rolledBack : back.code
  } catch (error) {
    if (!(error instanceof Quit) || error.exit !== 'refused') throw error
    await letGo(keptRun(args.runsDir, run), 'failed', io)
    io.err(`${error.message}; it was left as it is\nnext: ${error.help ?? ''}\n`)
    return code
  }
}
