import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** What OpenSSH's configuration says of one host, as `ssh -G` prints it: the part of it that ssh2 can be told. */
export interface SshConfig {
  /** The name that was asked for. */
  readonly asked: string
  /** The name or address to connect to (HostName, or the name itself). */
  readonly hostname: string
  /** Undefined where the configuration names none: `ssh` would take the local user. */
  readonly user?: string
  readonly port: number
  /** In the order they are tried; tokens such as %h still in them, see `expandTokens`. */
  readonly identityFiles: readonly string[]
  readonly identitiesOnly: boolean
  readonly certificateFiles: readonly string[]
  /** A path, 'none', 'SSH_AUTH_SOCK' or '$VARIABLE'. */
  readonly identityAgent?: string
  /** `[user@]host[:port]` separated by commas. */
  readonly proxyJump?: string
  readonly proxyCommand?: string
  readonly userKnownHostsFiles: readonly string[]
  readonly globalKnownHostsFiles: readonly string[]
  readonly hostKeyAlias?: string
  /** `ask` and `yes` are strict; `no` still refuses a changed key here, so that it means the same as `accept-new`. */
  readonly hostKeys: 'strict' | 'accept-new'
  readonly family?: 4 | 6
  readonly bindAddress?: string
  /** Settings that change whom we trust or how we get there, and that only the system's ssh can follow, as `Name value`. */
  readonly beyond: readonly string[]
}

/** What the playbook says of the host: it goes in, so that `Match user` and %p mean the same as for `ssh`. */
export interface Said {
  readonly user?: string | undefined
  readonly port?: number | undefined
}

/** Undefined: there is no `ssh` on this machine. @throws NoConfig */
export type ReadSshConfig = (host: string, said: Said) => Promise<SshConfig | undefined>

/** `ssh -G` refused: its own words say the file and the line. */
export class NoConfig extends Error {
  override readonly name = 'NoConfig'
}

const LIMIT_MS = 10_000
const AT_ONCE = 4

/**
 * Asks the system's `ssh` what it would do: exact Host, Match and Include semantics, whatever its version. One call a host,
 * remembered; at most four at once; each is given ten seconds (a `Match exec` may run commands).
 * @param options.file in place of the user's and the system's files, as with `ssh -F`
 */
export function sshConfigReader(
  options: { readonly program?: string; readonly file?: string } = {},
): ReadSshConfig {
  const known = new Map<string, Promise<SshConfig | undefined>>()
  const program = options.program ?? 'ssh'
  const from = options.file === undefined ? [] : ['-F', options.file]
  let running = 0
  const waiting: (() => void)[] = []

  const ask = async (args: readonly string[]): Promise<string | undefined> => {
    if (running >= AT_ONCE) await new Promise<void>(start => waiting.push(start))
    running += 1
    try {
      return await output(program, args)
    } finally {
      running -= 1
      waiting.shift()?.()
    }
  }
  const read = async (host: string, { user, port }: Said): Promise<SshConfig | undefined> => {
    const words = [
      ...(user === undefined ? [] : ['-l', user]),
      ...(port === undefined ? [] : ['-p', `${port}`]),
    ]
    const text = await ask([...from, ...words, '-G', '--', host])
    if (text === undefined) return undefined
    const { user: shown, ...config } = parseSshConfig(text, host)
    // `ssh -G` shows the local user both when the configuration names it and when it names nobody. Only the first is a wish.
    const named = user ?? (shown === userInfo().username && !(await namesUser(host)) ? undefined : shown)
    return { ...config, ...(named !== undefined && { user: named }) }
  }
  const namesUser = async (host: string): Promise<boolean> => {
    if (userInfo().username === 'root') return true
    const files = options.file === undefined ? ['~/.ssh/config', '/etc/ssh/ssh_config'] : [options.file]
    const nobody = 'runbook-nobody'
    const text = [...files.map(file => `Include "${file}"`), 'Host *', `User ${nobody}`].join('\n')
    const asked = await outputWith(program, text, host)
    return parseSshConfig(asked ?? '', host).user !== nobody
  }
  return (host, said) => {
    const key = JSON.stringify([host, said.user, said.port])
    let found = known.get(key)
    if (found === undefined) known.set(key, (found = read(host, said)))
    return found
  }
}

/** Runs `ssh -G` on a configuration of our own, given by a file that only we can read. */
async function outputWith(program: string, text: string, host: string): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-'))
  try {
    writeFileSync(join(folder, 'config'), `${text}\n`, { mode: 0o600 })
    return await output(program, ['-F', join(folder, 'config'), '-G', '--', host])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function output(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, [...args], { timeout: LIMIT_MS, encoding: 'utf8' }, (error, out, err) => {
      if (error === null) resolve(out)
      else if (error.code === 'ENOENT') resolve(undefined)
      else if (error.killed === true)
        reject(new NoConfig(`"${program} -G" gave no answer within ${LIMIT_MS / 1000} s`))
      else reject(new NoConfig(err.trim().split('\n').slice(-3).join('; ') || error.message))
    })
    child.stdin?.end()
  })
}

/** Reads what `ssh -G` prints: one `name value` a line, names in small letters. What it does not know it leaves out. */
export function parseSshConfig(text: string, asked: string): SshConfig {
  const all = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const at = line.indexOf(' ')
    if (at <= 0) continue
    const name = line.slice(0, at).toLowerCase()
    const value = line.slice(at + 1).trim()
    if (value === '') continue
    const values = all.get(name)
    if (values === undefined) all.set(name, [value])
    else values.push(value)
  }
  const one = (name: string): string | undefined => {
    const value = all.get(name)?.[0]
    return value === 'none' ? undefined : value
  }
  const files = (name: string): string[] =>
    (all.get(name) ?? []).flatMap(value => value.split(/\s+/)).filter(file => file !== '' && file !== 'none')
  const port = Number(one('port') ?? 22)
  const strict = one('stricthostkeychecking') ?? 'ask'
  const family = one('addressfamily')
  const beyond = [
    ...['revokedhostkeys', 'knownhostscommand'].flatMap(name => {
      const value = one(name)
      return value === undefined ? [] : [`${SPELT[name] ?? name} ${value}`]
    }),
    ...(one('proxyusefdpass') === 'yes' && one('proxycommand') !== undefined ? ['ProxyUseFdpass yes'] : []),
  ]
  const optional = {
    user: one('user'),
    // 'none' is a wish of its own here: no agent.
    identityAgent: all.get('identityagent')?.[0],
    proxyJump: one('proxyjump'),
    proxyCommand: one('proxycommand'),
    hostKeyAlias: one('hostkeyalias'),
    family: family === 'inet' ? (4 as const) : family === 'inet6' ? (6 as const) : undefined,
    bindAddress: one('bindaddress'),
  }
  return {
    asked,
    hostname: one('hostname') ?? asked,
    port: Number.isInteger(port) && port > 0 && port < 65_536 ? port : 22,
    identityFiles: all.get('identityfile')?.filter(file => file !== 'none') ?? [],
    identitiesOnly: one('identitiesonly') === 'yes',
    certificateFiles: all.get('certificatefile')?.filter(file => file !== 'none') ?? [],
    userKnownHostsFiles: files('userknownhostsfile'),
    globalKnownHostsFiles: files('globalknownhostsfile'),
    hostKeys: ['accept-new', 'false', 'no', 'off'].includes(strict) ? 'accept-new' : 'strict',
    beyond,
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as {
      [name in keyof typeof optional]?: NonNullable<(typeof optional)[name]>
    }),
  }
}

const SPELT: { readonly [name: string]: string } = {
  revokedhostkeys: 'RevokedHostKeys',
  knownhostscommand: 'KnownHostsCommand',
}

/** Whom and where a way leads, for tokens. */
export interface TokenValues {
  readonly asked: string
  readonly hostname: string
  readonly port: number
  readonly user: string
  readonly home: string
  readonly keyName: string
}

/** Puts in OpenSSH's tokens (ssh_config(5), TOKENS). Undefined: one that we do not know. */
export function expandTokens(text: string, at: TokenValues): string | undefined {
  const local = hostname()
  const values: { readonly [token: string]: string } = {
    '%': '%',
    d: at.home,
    h: at.hostname,
    i: String(userInfo().uid),
    k: at.keyName,
    L: local.split('.')[0] ?? local,
    l: local,
    n: at.asked,
    p: String(at.port),
    r: at.user,
    u: userInfo().username,
    C: createHash('sha1')
      .update(`${local}${at.hostname}${String(at.port)}${at.user}`)
      .digest('hex'),
  }
  const tokens = [...text.matchAll(/%(.?)/gs)].map(([, token = '']) => token)
  if (tokens.some(token => !(token in values))) return undefined
  return text.replaceAll(/%(.)/gs, (_, token: string) => values[token] ?? '')
}
