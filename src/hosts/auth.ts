import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import type ssh2 from 'ssh2'
import type { Host } from '../plan/step.ts'
import type { SshOptions } from './options.ts'
import { USE_OPENSSH, type Way, inHome } from './way.ts'

type Ssh2 = typeof ssh2

/** One way to log in, and how an error names it. */
export interface Attempt {
  readonly method: 'publickey' | 'password' | 'keyboard-interactive'
  readonly shown: string
  readonly auth: ssh2.AnyAuthMethod
}

export interface Attempts {
  readonly attempts: readonly Attempt[]
  /** Keys that were there and could not be used, each with its reason. */
  readonly unusable: readonly string[]
  /** How many encrypted keys were left out because nobody was asked for their passphrases yet. */
  readonly locked: number
}

/**
 * The ways to log in to a host, best first: the key that the playbook names, alone (through the agent where that holds it); else
 * the given private keys; else the agent and the keys that OpenSSH's configuration names, or the default ones in ~/.ssh; and
 * after them the password where there is one, also for keyboard-interactive.
 * @param ask whether a person may be asked for passphrases of keys that nobody named; for a named one they always are
 */
export async function attemptsFor(
  host: Host,
  way: Way,
  options: SshOptions,
  home: string,
  lib: Ssh2,
  ask: boolean,
): Promise<Attempts> {
  const attempts: Attempt[] = []
  const unusable: string[] = [...way.unusable]
  let locked = 0
  const username = way.user
  const { agent } = way
  const addKey = (shown: string, key: ssh2.ParsedKey): void => {
    attempts.push({
      method: 'publickey',
      shown: `${shown} (${keyPrint(key)})`,
      auth: { type: 'publickey', username, key: key as never },
    })
  }
  const addFile = async (file: string, wanted: boolean): Promise<void> => {
    const path = inHome(file, home)
    const held = agent === undefined ? undefined : await agentFor(path, agent, lib)
    if (held !== undefined) {
      // Where the whole agent is offered it was offered before.
      if (!way.identitiesOnly) return
      attempts.push({
        method: 'publickey',
        shown: `${file} (held by the agent)`,
        auth: { type: 'agent', username, agent: held },
      })
    } else {
      const read = await readKey(path, file, options, lib, wanted || ask)
      if (read === 'locked') locked += 1
      else if (typeof read !== 'string') addKey(file, read)
      else if (wanted || !read.endsWith('no such file')) unusable.push(read)
    }
    const certificate = `${file}-cert.pub`
    if (await isThere(inHome(certificate, home)))
      unusable.push(`${certificate}: a user certificate, which this transport cannot show; ${USE_OPENSSH}`)
  }

  const useGiven = options.privateKeys !== undefined && host.identityFile === undefined
  if (useGiven) {
    for (const text of options.privateKeys) {
      const key = lib.utils.parseKey(text)
      if (key instanceof Error) unusable.push(`a given private key: ${key.message}`)
      else addKey('given key', key)
    }
  } else {
    if (agent !== undefined && !way.identitiesOnly) {
      attempts.push({
        method: 'publickey',
        shown: 'the keys of the agent',
        auth: { type: 'agent', username, agent },
      })
    }
    for (const { file, wanted } of way.identities) await addFile(file, wanted)
  }
  if (host.password !== undefined) {
    const password = await options.secret(host.password.secret)
    attempts.push(
      { method: 'password', shown: 'the password', auth: { type: 'password', username, password } },
      {
        method: 'keyboard-interactive',
        shown: 'the password (keyboard-interactive)',
        auth: {
          type: 'keyboard-interactive',
          username,
          prompt: (_name, _instructions, _lang, prompts, finish) => {
            finish(prompts.map(prompt => (prompt.echo === true ? '' : password)))
          },
        },
      },
    )
  }
  return { attempts, unusable, locked }
}

/** The agent with just the one key of which FILE or FILE.pub is the public half, if it holds it. */
async function agentFor(path: string, socket: string, lib: Ssh2): Promise<ssh2.BaseAgent | undefined> {
  const text = await readFile(`${path}.pub`, 'utf8').catch(() =>
    path.endsWith('.pub') ? readFile(path, 'utf8') : '',
  )
  const wanted = lib.utils.parseKey(text.trim())
  if (wanted instanceof Error) return undefined
  const agent = lib.createAgent(socket)
  const keys = await new Promise<readonly ssh2.ParsedKey[]>(resolve => {
    // An agent that does not answer is one that is not there.
    const timer = setTimeout(resolve, 5000, [])
    agent.getIdentities((error, found) => {
      clearTimeout(timer)
      resolve(error instanceof Error ? [] : (found ?? []).filter(key => isParsed(key)))
    })
  })
  const mine = keys.filter(key => key.getPublicSSH().equals(wanted.getPublicSSH()))
  if (mine.length === 0) return undefined
  agent.getIdentities = give => {
    give(null, [...mine])
  }
  return agent
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function isParsed(key: unknown): key is ssh2.ParsedKey {
  return typeof key === 'object' && key !== null && 'getPublicSSH' in key
}

/** Passphrases asked for in this process, by file: a person is asked once. */
const passphrases = new WeakMap<SshOptions, Map<string, Promise<string | undefined>>>()

/** The private key; else why it cannot be used; `locked` when it is encrypted and nobody may be asked yet. */
async function readKey(
  path: string,
  shown: string,
  options: SshOptions,
  lib: Ssh2,
  ask: boolean,
): Promise<ssh2.ParsedKey | string> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    return `${shown}: ${code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? String(error)})`}`
  }
  if (
    text.includes('-----BEGIN PRIVATE KEY-----') ||
    text.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----')
  ) {
    return `${shown}: a PKCS#8 key, which this transport cannot read; "ssh-keygen -p -f ${shown}" rewrites it in OpenSSH's form`
  }
  const plain = lib.utils.parseKey(text)
  if (!(plain instanceof Error))
    return plain.isPrivateKey() ? plain : `${shown}: a public key, not a private one`
  if (/-cert-v01@openssh\.com /.test(text))
    return `${shown}: a user certificate, which this transport cannot show; ${USE_OPENSSH}`
  if (!/passphrase|encrypted/i.test(plain.message)) {
    const kinds = /unsupported/i.test(plain.message)
      ? ` (a key on a FIDO token needs an agent or ${USE_OPENSSH})`
      : ''
    return `${shown}: ${plain.message}${kinds}`
  }
  if (!ask && options.passphrase !== undefined) return 'locked'
  let asked = passphrases.get(options)
  if (asked === undefined) passphrases.set(options, (asked = new Map<string, Promise<string | undefined>>()))
  let answer = asked.get(path)
  if (answer === undefined)
    asked.set(path, (answer = options.passphrase?.(shown) ?? Promise.resolve(undefined)))
  const passphrase = await answer
  if (passphrase === undefined)
    return `${shown}: encrypted, and no passphrase was given; load it into an agent with ssh-add, or name one in ssh.passphrase`
  const key = lib.utils.parseKey(text, passphrase)
  return key instanceof Error ? `${shown}: the passphrase does not fit` : key
}

function keyPrint(key: ssh2.ParsedKey): string {
  return `SHA256:${createHash('sha256').update(key.getPublicSSH()).digest('base64').replace(/=+$/, '')}`
}

export interface AuthLog {
  readonly handler: ssh2.AuthHandlerMiddleware
  readonly tried: readonly string[]
  /** What the server said it would accept, after the first refusal. */
  readonly offered: () => readonly string[]
}

/** Offers one attempt after the other, leaving out methods the server does not take. The first one goes out at once. */
export function authSequence(attempts: readonly Attempt[]): AuthLog {
  const left = [...attempts]
  const tried: string[] = []
  let offered: readonly string[] = []
  return {
    tried,
    offered: () => offered,
    handler: ((
      methods: readonly string[] | null,
      _partial: boolean | null,
      next: (auth: unknown) => void,
    ) => {
      if (methods !== null) offered = methods
      for (;;) {
        const attempt = left.shift()
        if (attempt === undefined) return false
        if (methods !== null && !methods.includes(attempt.method)) continue
        tried.push(attempt.shown)
        next(attempt.auth)
        return undefined
      }
    }) as unknown as ssh2.AuthHandlerMiddleware,
  }
}
