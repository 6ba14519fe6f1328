import { overall, statusLine, type StatusReport, statusText } from '../views/status.ts'
import { Quit } from './exit.ts'
import type { Io } from './io.ts'

interface WatchOptions {
  readonly everySeconds: number
  /** One document a line instead of words. */
  readonly json: boolean
  /** Aborted by Ctrl-C: the end of it. */
  readonly signal: AbortSignal
}

const ESC = '\u001B['
/** The terminal's other screen, without a cursor; and back to what stood there before. */
const enter = `${ESC}?1049h${ESC}?25l`
const leave = `${ESC}?1049l${ESC}?25h`

/**
 * Looks again and again: on a terminal it draws the picture anew in place, elsewhere it writes one line a look. Ctrl-C ends it: the
 * terminal is as it was, and what was seen last stands on stdout.
 * @returns the last look
 */
export async function watch(
  look: () => Promise<StatusReport>,
  { everySeconds, json, signal }: WatchOptions,
  io: Io,
): Promise<StatusReport> {
  const screen = json ? undefined : io.terminal?.stream
  screen?.write(enter)
  let last: StatusReport | undefined
  try {
    for (;;) {
      const report = await orEnd(look(), signal)
      // Ctrl-C while hosts are asked: nobody waits for the answer.
      if (report === undefined) {
        if (last !== undefined) return last
        throw new Quit('interrupted', 'stopped before anything was seen')
      }
      last = report
      if (json)
        io.out(`${JSON.stringify({ format: 'runbook.status/1', state: overall(report), ...report })}\n`)
      else if (screen === undefined) io.out(`${statusLine(report)}\n`)
      else screen.write(picture(report, everySeconds, screen.rows, io))
      await pause(everySeconds, signal)
      if (signal.aborted) return report
    }
  } finally {
    screen?.write(leave)
    if (screen !== undefined && last !== undefined) io.out(statusText(last, io.outPaint))
  }
}

/** As many lines as there is room for, each wiped to its end, and nothing below. */
function picture(report: StatusReport, everySeconds: number, rows: number, io: Io): string {
  const paint = io.terminal?.paint ?? io.errPaint
  const head = paint.dim(`${report.at.slice(0, 19)}Z, every ${everySeconds} s, Ctrl-C ends`)
  const lines = [head, ...statusText(report, paint).trimEnd().split('\n')]
  const room = Math.max(2, rows - 1)
  const shown =
    lines.length <= room
      ? lines
      : [...lines.slice(0, room - 1), paint.dim(`... ${lines.length - room + 1} more lines`)]
  return `${ESC}H${shown.map(line => `${line}${ESC}K\n`).join('')}${ESC}J`
}

/** What is awaited, or undefined when it is over before that. */
async function orEnd<T>(awaited: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  awaited.catch(() => undefined)
  let end = (): void => undefined
  const over = new Promise<undefined>(resolve => {
    end = () => {
      resolve(undefined)
    }
    if (signal.aborted) end()
    signal.addEventListener('abort', end)
  })
  try {
    return await Promise.race([awaited, over])
  } finally {
    signal.removeEventListener('abort', end)
  }
}

/** Ends early when it is over. */
async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>(resolve => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, seconds * 1000)
    signal.addEventListener('abort', end)
  })
}
