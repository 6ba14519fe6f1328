import { spawn } from 'node:child_process'

/** How a program ended. A program killed by a signal, or by our time limit, has a code above 128. */
export interface Result {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface CommandOptions {
  readonly input?: string | Uint8Array
  /** Killed with SIGKILL afterwards. Default ten minutes. */
  readonly timeoutMs?: number
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
}

/** Runs a program and answers how it ended. Rejects only when it could not be started. */
export function command(argv: readonly string[], options: CommandOptions = {}): Promise<Result> {
  const [file = '', ...args] = argv
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 600_000)
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.stdin.on('error', () => undefined)
    child.on('error', error => {
      clearTimeout(timer)
      reject(error)
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({
        code: code ?? (signal === 'SIGKILL' ? 137 : 129),
        out: Buffer.concat(out).toString(),
        err: Buffer.concat(err).toString(),
      })
    })
    child.stdin.end(options.input)
  })
}

/** Runs a program that has to succeed and answers its standard output. */
export async function must(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await command(argv, options)
  if (result.code !== 0) {
    const words = argv.join(' ').slice(0, 300)
    throw new Error(
      `\`${words}\` ended with ${String(result.code)}: ${(result.err || result.out).trim().slice(-2000)}`,
    )
  }
  return result.out
}

export const sleep = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })

/** Asks again until the answer is not undefined. @throws when `withinMs` has passed, naming `what`. */
export async function until<T>(
  what: string,
  withinMs: number,
  ask: () => Promise<T | undefined>,
  everyMs = 100,
): Promise<T> {
  const end = Date.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > end) throw new Error(`gave up after ${String(withinMs)} ms waiting for ${what}`)
    await sleep(everyMs)
  }
}
