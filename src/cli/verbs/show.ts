import { exits } from '../exit.ts'
import type { Io } from '../io.ts'
import type { PlanFormat } from '../planFormats.ts'
import { readSaved, render } from '../review.ts'
import { age } from '../snapshot.ts'

/** Shows a saved plan in any form, as it was made: no host is asked. @throws Quit when it was tampered with */
export async function show(
  args: { readonly plan: string; readonly format: PlanFormat },
  io: Io,
): Promise<number> {
  const saved = readSaved(args.plan, io)
  ;(io.page ?? io.out)(await render(saved, args.format, io.outPaint, args.plan))
  if (saved.seen !== undefined) io.err(`the hosts were seen ${age(saved.seen.at, io.clock.now())} ago\n`)
  return exits.ok
}
