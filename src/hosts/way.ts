import { join } from 'node:path'
import type { Host } from '../plan/step.ts'
import type { SshOptions } from './options.ts'
import { Unreachable } from './session.ts'
import { NoConfig, type SshConfig, expandTokens } from './ssh_config.ts'

/** Everything about how one host is reached, decided: the playbook first, then OpenSSH's configuration, then our defaults. */
export interface Way {
  readonly address: string
  readonly port: number
  readonly user: string
  /** What the host is called in known_hosts: its address and port, or its HostKeyAlias (with 22, so that the name stands alone). */
  readonly known: { readonly address: string; readonly port: number }
  readonly knownHostsFiles: readonly string[]
  readonly hostKeys: 'strict' | 'accept-new'
  /** Keys by file, in order. `wanted`: the playbook names it, so it is the only one. */
  readonly identities: readonly { readonly file: string; readonly wanted: boolean }[]
  /** The agent's other keys are not offered. */
  readonly identitiesOnly: boolean
  readonly agent: string | undefined
  /** Absent: straight. `jump` hops stand in the order they are passed. */
  readonly proxy?: { readonly command: string } | { readonly hops: readonly Hop[] }
  readonly family?: 4 | 6
  readonly bindAddress?: string
  /** What else could have been used to log in, each with the reason why it is not. */
  readonly unusable: readonly string[]
}

export interface Hop {
  readonly user?: string
  readonly address: string
  readonly port?: number
}

/** What a transport that cannot do something tells people to do. */
export const USE_OPENSSH = 'set ssh.transport: openssh'

const DEFAULT_KEYS = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa']

/** @throws Unreachable where the configuration cannot be read, or says what ssh2 cannot follow and must not ignore */
export async function wayTo(host: Host, options: SshOptions, home: string): Promise<Way> {
  const given = bare(host.address)
  const open = options.open?.[host.name] ?? []
  const config = await configOf(host, options)
  if (config !== undefined) refuseBeyond(host, config)
  const address = config?.hostname ?? given
  const user = (open.includes('user') ? config?.user : undefined) ?? host.user
  const port = (open.includes('port') ? config?.port : undefined) ?? host.port
  const keyName = config?.hostKeyAlias ?? address
  const tokens = { asked: given, hostname: address, port, user, home, keyName }
  const unusable: string[] = []
  const expand = (text: string): string[] => {
    const expanded = expandTokens(text, tokens)
    if (expanded === undefined) unusable.push(`${text}: a token in it is not known here; ${USE_OPENSSH}`)
    return expanded === undefined
      ? []
      : [expanded.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => process.env[name] ?? '')]
  }
  const identities =
    host.identityFile !== undefined
      ? [{ file: host.identityFile, wanted: true }]
      : (config?.identityFiles ?? DEFAULT_KEYS).flatMap(expand).map(file => ({ file, wanted: false }))
  for (const file of host.identityFile === undefined ? (config?.certificateFiles ?? []) : [])
    unusable.push(`${file}: a user certificate, which this transport cannot show; ${USE_OPENSSH}`)
  const proxy = proxyOf(host, config, tokens)
  return {
    address,
    port,
    user,
    known:
      config?.hostKeyAlias === undefined ? { address, port } : { address: config.hostKeyAlias, port: 22 },
    knownHostsFiles: (
      options.knownHostsFiles ??
      (config === undefined
        ? ['~/.ssh/known_hosts']
        : [...config.userKnownHostsFiles, ...config.globalKnownHostsFiles].flatMap(expand))
    ).map(file => inHome(file, home)),
    hostKeys: options.hostKeys ?? config?.hostKeys ?? 'strict',
    identities,
    identitiesOnly: host.identityFile !== undefined || config?.identitiesOnly === true,
    agent: agentOf(options, config, expand, home),
    ...(proxy !== undefined && { proxy }),
    ...(config?.family !== undefined && { family: config.family }),
    ...(config?.bindAddress !== undefined && { bindAddress: config.bindAddress }),
    unusable,
  }
}

/** What OpenSSH's configuration says, being told what the playbook says. @throws Unreachable where it cannot be read */
export async function configOf(host: Host, options: SshOptions): Promise<SshConfig | undefined> {
  const given = bare(host.address)
  const open = options.open?.[host.name] ?? []
  try {
    return await options.config?.(given, {
      user: open.includes('user') ? undefined : host.user,
      port: open.includes('port') ? undefined : host.port,
    })
  } catch (error) {
    if (!(error instanceof NoConfig)) throw error
    throw new Unreachable(
      host.name,
      'connect',
      `${host.name}: OpenSSH's configuration for ${given} cannot be read: ${error.message}`,
      `Make "ssh -G ${given}" work on this machine.`,
    )
  }
}

/** The address without the brackets of IPv6. */
function bare(address: string): string {
  return address.replace(/^\[(.*)\]$/, '$1')
}

/** `~/` as the home folder. */
export function inHome(file: string, home: string): string {
  return file.startsWith('~/') ? join(home, file.slice(2)) : file
}

function refuseBeyond(host: Host, config: SshConfig): void {
  // A KnownHostsCommand can only add keys: without it more is refused, never less.
  const beyond = config.beyond.filter(setting => !setting.startsWith('KnownHostsCommand'))
  if (beyond.length === 0) return
  throw new Unreachable(
    host.name,
    'connect',
    `${host.name}: OpenSSH's configuration says "${beyond.join('", "')}" for ${config.asked}, which this transport cannot follow and must not ignore`,
    `In the playbook, ${USE_OPENSSH}.`,
  )
}

function agentOf(
  options: SshOptions,
  config: SshConfig | undefined,
  expand: (text: string) => string[],
  home: string,
): string | undefined {
  const fromEnv = (name: string): string | undefined => {
    const value = process.env[name]
    return value === '' ? undefined : value
  }
  if (options.agent === false) return undefined
  if (options.agent !== undefined) return options.agent
  const wish = config?.identityAgent
  if (wish === 'none') return undefined
  if (wish === undefined || wish === 'SSH_AUTH_SOCK') return fromEnv('SSH_AUTH_SOCK')
  if (/^\$\w+$/.test(wish)) return fromEnv(wish.slice(1))
  const [path] = expand(wish)
  return path === undefined ? undefined : inHome(path, home)
}

function proxyOf(
  host: Host,
  config: SshConfig | undefined,
  tokens: Parameters<typeof expandTokens>[1],
): Way['proxy'] {
  // The playbook's jump is an answer of its own.
  if (config === undefined || host.jump !== undefined) return undefined
  if (config.proxyJump !== undefined) return { hops: config.proxyJump.split(',').map(parseHop) }
  if (config.proxyCommand === undefined) return undefined
  const odd = [tokens.asked, tokens.hostname, tokens.user].find(word => !/^[\w.:%@][\w.:%@-]*$/.test(word))
  const command = odd === undefined ? expandTokens(config.proxyCommand, tokens) : undefined
  if (command !== undefined) return { command }
  throw new Unreachable(
    host.name,
    'connect',
    odd === undefined
      ? `${host.name}: a token in ProxyCommand "${config.proxyCommand}" is not known here`
      : `${host.name}: ${JSON.stringify(odd)} will not be put into the shell line of a ProxyCommand`,
    odd === undefined ? `In the playbook, ${USE_OPENSSH}.` : 'Give the host a plain name and user.',
  )
}

/** `[user@]host[:port]` or an ssh:// URI, as ProxyJump takes them. */
export function parseHop(text: string): Hop {
  const plain = text
    .trim()
    .replace(/^ssh:\/\//, '')
    .replace(/\/$/, '')
  const at = plain.lastIndexOf('@')
  const user = at > 0 ? plain.slice(0, at) : undefined
  const rest = plain.slice(at + 1)
  const [, bracketed, name, digits] = /^(?:\[([^\]]+)\]|([^:]+|.*:.*:.*?))(?::(\d+))?$/.exec(rest) ?? []
  const address = bracketed ?? name ?? rest
  return {
    address,
    ...(user !== undefined && { user }),
    ...(digits !== undefined && { port: Number(digits) }),
  }
}
