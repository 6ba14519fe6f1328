import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Sources } from './secrets.ts'

type Read = { readonly value: string } | { readonly wrong: string }

/** Files of identities (`AGE-SECRET-KEY-1…`, one a line), separated by ':'. Set by whoever runs runbook, never by a playbook. */
const VARIABLE = 'RUNBOOK_AGE_IDENTITIES'
const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----'
/** A secret, not an archive. */
const MOST_BYTES = 1024 * 1024

/**
 * What `age:PATH` holds: a file encrypted to recipients, of whom one is ours, beside the playbook. So it may lie in the repository,
 * and no program besides runbook is needed to read it.
 * @see https://age-encryption.org/v1
 */
export async function readSecretAge(path: string, { env, folder }: Sources): Promise<Read> {
  const file = isAbsolute(path) ? path : join(folder, path)
  let bytes: Buffer
  try {
    if (statSync(file).size > MOST_BYTES) return { wrong: `${file} is too big for a secret` }
    bytes = readFileSync(file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    return { wrong: code === 'ENOENT' ? `there is no file ${file}` : `${file} cannot be read (${code})` }
  }
  const identities = readIdentities(env)
  if ('wrong' in identities) return identities
  // Loaded only for playbooks that have such a secret: it brings its own cryptography.
  const { armor, Decrypter } = await import('age-encryption')
  try {
    const decrypter = new Decrypter()
    for (const identity of identities.found) decrypter.addIdentity(identity)
    const text = bytes.toString('latin1').trimStart()
    const plain = await decrypter.decrypt(text.startsWith(ARMOR) ? armor.decode(text) : bytes, 'text')
    const value = plain.replace(/\r?\n$/, '')
    return value === '' ? { wrong: `${file} holds nothing` } : { value }
  } catch (error) {
    return { wrong: `${file} cannot be decrypted: ${why(error)}` }
  }
}

/** The library's words, and what to do where they do not say. */
function why(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  if (/no identity matched/i.test(message))
    return `none of the identities is one of its recipients; name others in ${VARIABLE}, or encrypt it to yours with \`age -r\``
  return message.slice(0, 200)
}

function readIdentities(
  env: NodeJS.ProcessEnv,
): { readonly found: readonly string[] } | { readonly wrong: string } {
  const config = env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? homedir(), '.config')
  const named = env[VARIABLE] ?? ''
  const paths = named === '' ? [join(config, 'runbook', 'identities.txt')] : named.split(':')
  const found: string[] = []
  for (const path of paths) {
    try {
      const mode = statSync(path).mode & 0o777
      if ((mode & 0o077) !== 0)
        return {
          wrong: `${path} is open to others (mode ${mode.toString(8).padStart(4, '0')}); chmod 0600 it`,
        }
      const lines = readFileSync(path, 'utf8').split('\n')
      found.push(...lines.map(line => line.trim()).filter(line => /^AGE-SECRET-KEY-/.test(line)))
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error)
      return { wrong: `the identities in ${path} cannot be read (${code}); name another file in ${VARIABLE}` }
    }
  }
  if (found.length === 0)
    return { wrong: `there is no identity (AGE-SECRET-KEY-1…) in ${paths.join(', ')}; age-keygen makes one` }
  return { found }
}
