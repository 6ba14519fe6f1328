import { readFileSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { Quit } from './exit.ts'
import { readSecretAge } from './secretAge.ts'
import { readSecretCommand, readSecretPrompt } from './secretCommand.ts'

/** Every `{secret: …}` in a value of any depth, each once, sorted. */
export function secretsIn(value: unknown): readonly string[] {
  const found = new Set<string>()
  const visit = (one: unknown): void => {
    if (Array.isArray(one)) one.forEach(visit)
    else if (typeof one === 'object' && one !== null) {
      if ('secret' in one && typeof one.secret === 'string') found.add(one.secret)
      Object.values(one).forEach(visit)
    }
  }
  visit(value)
  return [...found].sort()
}

/** Where references are looked up. */
export interface Sources {
  readonly env: NodeJS.ProcessEnv
  /** The playbook's folder: `file:` is relative to it, and `cmd:` runs there. */
  readonly folder: string
}

/**
 * Reads all of them before anything is done with any, `age:` too, which takes a moment.
 * @throws Quit as `readSecrets`
 */
export async function fetchSecrets(
  references: readonly string[],
  sources: Sources,
): Promise<(reference: string) => string> {
  const opened = new Map<string, Read>()
  for (const reference of references) {
    const [, path] = /^age:(.+)$/s.exec(reference) ?? []
    if (path !== undefined) opened.set(reference, await readSecretAge(path, sources))
  }
  return readSecrets(references, sources, opened)
}

type Read = { readonly value: string } | { readonly wrong: string }

/**
 * Reads all of them before anything is done with any.
 * @param opened what became of those that cannot be read at once
 * @throws Quit that names every one that is missing, empty or open to others
 */
export function readSecrets(
  references: readonly string[],
  sources: Sources,
  opened: ReadonlyMap<string, Read> = new Map(),
): (reference: string) => string {
  const known = new Map<string, string>()
  const wrong: string[] = []
  for (const reference of references) {
    const seen = opened.get(reference) ?? readSecret(reference, sources)
    if ('value' in seen) known.set(reference, seen.value)
    else wrong.push(`${reference}: ${seen.wrong}`)
  }
  if (wrong.length > 0) {
    const what = wrong.length === 1 ? 'a secret is missing' : `${wrong.length} secrets are missing`
    throw new Quit(
      'unanswered',
      `${what}\n${wrong.map(one => `  ${one}`).join('\n')}`,
      'set them, then run the same command again; nothing was changed',
    )
  }
  return reference => {
    const value = known.get(reference)
    if (value !== undefined) return value
    const seen = readSecret(reference, sources)
    if ('wrong' in seen) throw new Quit('unanswered', `a secret is missing: ${reference}: ${seen.wrong}`)
    known.set(reference, seen.value)
    return seen.value
  }
}

function readSecret(reference: string, { env, folder }: Sources): Read {
  const [, kind, rest = ''] = /^(env|file|cmd|prompt):(.+)$/s.exec(reference) ?? []
  if (kind === 'env') {
    const value = env[rest]
    if (value === undefined) return { wrong: `the environment variable ${rest} is not set` }
    return value === '' ? { wrong: `the environment variable ${rest} is empty` } : { value }
  }
  if (kind === 'file') return readSecretFile(isAbsolute(rest) ? rest : join(folder, rest))
  if (kind === 'cmd') return readSecretCommand(rest, { env, folder })
  if (kind === 'prompt') return readSecretPrompt(rest, env)
  if (reference.startsWith('age:'))
    return { wrong: 'it is not read at this point; use another kind of reference' }
  return { wrong: 'neither env:NAME nor file:PATH, age:PATH, cmd:COMMAND or prompt:QUESTION' }
}

/** The whole text but its last line end. Others may not be able to read it: what many can read is no secret. */
function readSecretFile(path: string): Read {
  try {
    const stat = statSync(path)
    if (!stat.isFile()) return { wrong: `${path} is no file` }
    if ((stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0')
      return { wrong: `${path} is open to others (mode ${mode}); chmod 0600 it` }
    }
    const value = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    return value === '' ? { wrong: `${path} is empty` } : { value }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    return { wrong: code === 'ENOENT' ? `there is no file ${path}` : `${path} cannot be read (${code})` }
  }
}
