import { products } from '../../catalog/index.ts'
import { margins } from '../../plan/quorum.ts'
import { clean } from '../../views/clean.ts'
import { statusDocument, type StatusReport, statusText } from '../../views/status.ts'
import { exits } from '../exit.ts'
import type { Io } from '../io.ts'
import { loadGood } from '../load.ts'
import { lookAhead } from '../prospect.ts'

/** What is there now. Hosts that cannot be asked are part of the answer. */
export async function status(
  args: { readonly file: string; readonly json: boolean },
  io: Io,
): Promise<number> {
  const good = await loadGood(args.file, io)
  const { seen, sessions } = await lookAhead(good, products, 'look', io)
  await sessions.closeAll()
  const { topology } = good
  const report: StatusReport = {
    name: topology.name,
    rows: products
      .filter(product => product.wanted(topology))
      .flatMap(product => product.status(topology, seen.facts)),
    quorums: margins(seen.plan.quorums, seen.facts),
    unreachable: Object.fromEntries(
      [...seen.unreachable].map(([host, error]) => [host, clean(error.message)]),
    ),
  }
  io.out(args.json ? statusDocument(report) : statusText(report, io.outPaint))
  return seen.unreachable.size > 0 ? exits.unreachable : exits.ok
}
