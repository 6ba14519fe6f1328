import { products } from '../../catalog/index.ts'
import { exits } from '../exit.ts'
import type { Io } from '../io.ts'
import { loadGood } from '../load.ts'
import { insistOnAll, lookAhead } from '../prospect.ts'
import { save } from '../review.ts'
import { snapshotBytes } from '../snapshot.ts'

/** What is there now, as a snapshot that `plan --offline --from` plans from. Only read; nothing secret is in it. */
export async function inspect(
  args: { readonly file: string; readonly out?: string },
  io: Io,
): Promise<number> {
  const good = await loadGood(args.file, io)
  const { seen, sessions } = await lookAhead(good, products, 'look', io)
  await sessions.closeAll()
  const bytes = snapshotBytes(seen, new Date(io.clock.now()).toISOString())
  if (args.out === undefined) io.out(bytes)
  else save(args.out, bytes, io)
  insistOnAll(seen, good.topology.absent?.nodes)
  if (args.out !== undefined) io.err(`next: runbook plan ${args.file} --offline --from ${args.out}\n`)
  return exits.ok
}
