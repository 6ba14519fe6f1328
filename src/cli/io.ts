import { createInterface } from 'node:readline/promises'
import { createColors } from 'picocolors'
import type { Clock } from '../run/world.ts'
import { type Paint, noPaint } from '../views/layout.ts'
import type { Terminal } from '../views/progress.ts'
import type { SshOptions } from '../hosts/options.ts'
import type { Host } from '../plan/step.ts'
import { Quit } from './exit.ts'
import { pagerOf, showPaged } from './pager.ts'
import { isMute } from './secretCommand.ts'

/** Another way to the hosts than their addresses: to pretend ones, behind real SSH on this machine. */
export interface Detour {
  readonly at: (host: Host) => Host
  readonly options: Pick<SshOptions, 'knownHosts' | 'privateKeys' | 'agent'>
}

/** The way to the person or the script that called. Results go to `out`, all else to `err`. */
export interface Io {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** A long result: through a pager where somebody looks at a terminal. Absent: as `out`. */
  readonly page?: (text: string) => void
  readonly outPaint: Paint
  readonly errPaint: Paint
  /** Whether each stream is painted at all. */
  readonly coloured: { readonly out: boolean; readonly err: boolean }
  /** A terminal to draw on; undefined where nothing may move. */
  readonly terminal: Terminal | undefined
  /** Somebody is there to answer. */
  readonly interactive: boolean
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  /** Time; sped up in the demonstration. */
  readonly clock: Clock
  readonly detour?: Detour
  /** What to type when a run is stopped whose folder will be gone: it cannot be gone on with. */
  readonly insteadOfResume?: string
  /** @throws Quit when nobody is there */
  readonly question: (text: string) => Promise<string>
}

/** The real one. `colour` undefined: as the streams and the environment say. `mute`: nobody is asked anything. */
export function processIo(colour: boolean | undefined, mute = false): Io {
  const { stdout, stderr, stdin } = process
  const env = mute ? { ...process.env, RUNBOOK_NO_INPUT: '1' } : process.env
  const isCi = (env['CI'] ?? '') !== '' && env['CI'] !== 'false'
  const isDumb = env['TERM'] === 'dumb'
  const mayPaint = !isDumb && (env['NO_COLOR'] ?? '') === '' && (env['RUNBOOK_NO_COLOR'] ?? '') === ''
  const coloured = { out: colour ?? (stdout.isTTY && mayPaint), err: colour ?? (stderr.isTTY && mayPaint) }
  const paint = (yes: boolean): Paint => (yes ? createColors(true) : noPaint)
  const errPaint = paint(coloured.err)
  const mayDraw = stderr.isTTY && !isDumb && !isCi
  const interactive = stdin.isTTY && stderr.isTTY && !isCi && !isMute(env)
  return {
    out: text => void stdout.write(text),
    err: text => void stderr.write(text),
    page(text) {
      const pager = pagerOf(env, stdout.isTTY && interactive)
      if (pager === undefined || !showPaged(text, pager, env)) stdout.write(text)
    },
    outPaint: paint(coloured.out),
    errPaint,
    coloured,
    terminal: mayDraw ? { stream: stderr, paint: errPaint, unicode: speaksUnicode(env) } : undefined,
    interactive,
    env,
    cwd: process.cwd(),
    clock: { now: () => Date.now(), sleep: ms => new Promise(resolve => setTimeout(resolve, ms)) },
    async question(text) {
      if (!interactive)
        throw new Quit(
          'unanswered',
          isMute(env)
            ? `--no-input was given, and this would be asked: ${text}`
            : `nobody is there to answer: ${text}`,
        )
      const reader = createInterface({ input: stdin, output: stderr })
      const gone = new AbortController()
      // Ctrl-C and Ctrl-D leave a question without an answer for ever, unless somebody takes it back.
      reader.once('SIGINT', () => gone.abort()).once('close', () => gone.abort())
      try {
        return await reader.question(text, { signal: gone.signal })
      } catch {
        stderr.write('\n')
        throw new Quit('interrupted', 'no answer')
      } finally {
        reader.close()
      }
    },
  }
}

function speaksUnicode(env: NodeJS.ProcessEnv): boolean {
  const locale = env['LC_ALL'] ?? env['LC_CTYPE'] ?? env['LANG'] ?? ''
  return /utf-?8/i.test(locale) && env['TERM'] !== 'linux'
}
