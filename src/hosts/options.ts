import type { Socket } from 'node:net'
import type { Host, HostName } from '../plan/step.ts'
import type { Pins } from './pins.ts'
import type { ReadSshConfig } from './ssh_config.ts'

/** What a playbook may leave to OpenSSH's configuration. */
export type LeftOpen = 'user' | 'port'

/** What `connectSsh` has to know beyond the host itself. */
export interface SshOptions {
  /** What makes the connections: ssh2 in this process (default), or this machine's `ssh`. */
  readonly transport?: 'ssh2' | 'openssh'
  /** Which `ssh` that is, and a configuration in place of the user's and the system's. For tests. */
  readonly openssh?: { readonly program?: string; readonly file?: string }
  /** Keys that hosts must show, besides being on file. */
  readonly pins?: Pins
  /**
   * Files in OpenSSH's known_hosts form, tried in order; `~/` is the home folder. New keys go to the first.
   * Absent: as OpenSSH's configuration says, else `~/.ssh/known_hosts`.
   */
  readonly knownHostsFiles?: readonly string[]
  /** More lines in the same form, from elsewhere than a file. */
  readonly knownHosts?: string
  /**
   * `strict`: a host whose key is not on file is refused. `accept-new`: its key is put on file; a changed key is still refused.
   * Absent: as OpenSSH's configuration says, else strict.
   */
  readonly hostKeys?: 'strict' | 'accept-new'
  /** For each of: TCP connection, SSH banner and key exchange, authentication. */
  readonly connectTimeoutSeconds: number
  /** How long a lost connection is tried again before a host counts as lost. Default 60. */
  readonly reconnectSeconds?: number
  /** Finds a host by name: `host.jump` names another one. */
  readonly host: (name: HostName) => Host | undefined
  /** OpenSSH's configuration. Absent: there is none to honour. */
  readonly config?: ReadSshConfig
  /** What of each host the playbook does not say, so that the configuration may. */
  readonly open?: { readonly [host: HostName]: readonly LeftOpen[] }
  /** Resolves `{secret: 'env:NAME'}` and the like. Called only when a password is needed. */
  readonly secret: (reference: string) => string | Promise<string>
  /** Asks for the passphrase of an encrypted private key, once for each file. Undefined: none to be had. */
  readonly passphrase?: (identityFile: string) => Promise<string | undefined>
  /** Path of the agent's socket. Default: as the configuration says, else SSH_AUTH_SOCK. `false`: no agent. */
  readonly agent?: string | false
  /** Private keys (text) to try in place of the agent and the files in ~/.ssh. Used where a host has no `identityFile`. */
  readonly privateKeys?: readonly string[]
  /** Default: the user's home folder. */
  readonly home?: string
  /** Opens the TCP connection. Default: net.connect without Nagle's delay. For tests and proxies. */
  readonly dial?: (address: string, port: number) => Socket
}
