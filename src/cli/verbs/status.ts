import { products } from '../../catalog/index.ts'
import { statusDocument, type StatusReport, statusText } from '../../views/status.ts'
import type { Io } from '../io.ts'
import { loadGood } from '../load.ts'
import { lookAhead } from '../prospect.ts'
import { secondsOf } from '../seconds.ts'
import { onInterrupt } from '../signals.ts'
import { exitOfStatus, reportOf } from '../statusReport.ts'
import { type Survey, survey } from '../survey.ts'
import { watch } from '../watch.ts'

export interface StatusArgs {
  readonly file: string
  readonly json: boolean
  /** Look again and again, until Ctrl-C. */
  readonly watch?: boolean
  /** How long between two looks, '10s'. */
  readonly every?: string
}

/** What is there now. Hosts that cannot be asked are part of the answer. @returns a code that says how it is, see `exitOfStatus` */
export async function status(args: StatusArgs, io: Io): Promise<number> {
  const everySeconds = secondsOf(args.every ?? '10s', '--every')
  const good = await loadGood(args.file, io)
  const { topology, digest } = good
  const first = await lookAhead(good, products, 'look', io)
  const { world, sessions } = first
  let seen: Survey | undefined = first.seen
  const look = async (): Promise<StatusReport> => {
    const now = seen ?? (await survey(topology, digest, products, world, sessions))
    seen = undefined
    return await reportOf(topology, now, args.file, world, sessions)
  }
  try {
    if (args.watch === true) {
      const interrupt = onInterrupt(
        () => undefined,
        () => undefined,
      )
      try {
        return exitOfStatus(
          await watch(look, { everySeconds, json: args.json, signal: interrupt.signal }, io),
        )
      } finally {
        interrupt.release()
      }
    }
    const report = await look()
    io.out(args.json ? statusDocument(report) : statusText(report, io.outPaint))
    if (!args.json) for (const command of report.next) io.err(`next: ${command}\n`)
    return exitOfStatus(report)
  } finally {
    await sessions.closeAll()
  }
}
