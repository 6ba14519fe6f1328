import { spawnSync } from 'node:child_process'
import type { Sources } from './secrets.ts'

type Read = { readonly value: string } | { readonly wrong: string }

/** Password managers. A playbook from a stranger may name one of these, and no other program. */
const KNOWN = ['age', 'bw', 'gopass', 'op', 'pass', 'secret-tool', 'security', 'sops', 'vault']
/** More names, separated by commas, set by whoever runs runbook: never by a playbook. */
const MORE = 'RUNBOOK_SECRET_COMMANDS'
const LIMIT_MS = 60_000
const MOST_BYTES = 1024 * 1024

/** What a password manager prints, without its last line end. No shell sees the words; quotes keep words together. */
export function readSecretCommand(text: string, { env, folder }: Sources): Read {
  const words = splitWords(text)
  if (words === undefined) return { wrong: 'a quote is not closed' }
  const [program = '', ...args] = words
  const allowed = [...KNOWN, ...(env[MORE] ?? '').split(',').map(name => name.trim())].filter(
    name => name !== '',
  )
  if (!allowed.includes(program))
    return { wrong: `'${program}' is not one of ${allowed.join(', ')}; allow it with ${MORE}=${program}` }
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    env,
    stdio: [isMute(env) ? 'ignore' : 'inherit', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    maxBuffer: MOST_BYTES,
    encoding: 'utf8',
  })
  if (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (code === 'ENOENT') return { wrong: `there is no program '${program}' on this machine` }
    return {
      wrong:
        code === 'ETIMEDOUT' ? `'${program}' gave no answer within 60 s` : `'${program}' failed (${code})`,
    }
  }
  const said = stderr.trim().split('\n').at(-1) ?? ''
  if (status !== 0)
    return {
      wrong: `'${program}' ended with ${String(status)}${said === '' ? '' : `: ${said.slice(0, 200)}`}`,
    }
  const value = stdout.replace(/\r?\n$/, '')
  return value === '' ? { wrong: `'${program}' printed nothing` } : { value }
}

/** `--no-input`, or RUNBOOK_NO_INPUT: nobody is to be asked anything, by no program. */
export function isMute(env: NodeJS.ProcessEnv): boolean {
  const value = env['RUNBOOK_NO_INPUT'] ?? ''
  return value !== '' && value !== '0' && value !== 'false'
}

/** Asks the person at the terminal, without showing what is typed. Elsewhere it is missing. */
export function readSecretPrompt(question: string, env: NodeJS.ProcessEnv): Read {
  if (isMute(env)) return { wrong: 'nobody is asked: --no-input was given' }
  const isCi = (env['CI'] ?? '') !== '' && env['CI'] !== 'false'
  if (!process.stdin.isTTY || !process.stderr.isTTY || isCi)
    return { wrong: 'nobody is there to be asked: stdin or stderr is no terminal, or CI is set' }
  const script = `printf '%s: ' "$1" >&2; stty -echo; trap 'stty echo' EXIT; IFS= read -r answer; echo >&2; printf %s "$answer"`
  const { status, stdout } = spawnSync('sh', ['-c', script, 'sh', question], {
    stdio: ['inherit', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  return status !== 0 || stdout === '' ? { wrong: 'no answer was typed' } : { value: stdout }
}

/** Words as a shell would split them, without any of its expansions. Undefined: a quote is not closed. */
export function splitWords(text: string): readonly string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? ''
    if (quote !== '') {
      if (char === quote) quote = ''
      else word = (word ?? '') + char
    } else if (char === "'" || char === '"') {
      quote = char
      word ??= ''
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + char
  }
  if (quote !== '') return undefined
  return word === undefined ? words : [...words, word]
}
