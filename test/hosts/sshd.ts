import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Host } from '../../src/plan/step.ts'
import type { SshOptions } from '../../src/hosts/options.ts'

const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find(path => existsSync(path))

/** Why no real OpenSSH server can be started here; undefined when one can. */
export const noSshd =
  SSHD === undefined
    ? 'there is no sshd (apt-get install -y openssh-server)'
    : userInfo().uid !== 0 && !existsSync('/run/sshd')
      ? '/run/sshd is missing and only root can make it'
      : undefined

export interface Sshd {
  readonly folder: string
  /** The last 8 kB of what the server wrote. */
  log(): string
  readonly port: number
  readonly knownHosts: string
  readonly host: Host
  readonly options: SshOptions
  stop(): void
}

/**
 * A real OpenSSH server on a free loopback port, with keys and settings of its own, for the user who runs the tests.
 * @param wrap a command that is to start it, in a namespace for example
 */
export async function startSshd(
  settings: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
  wrap: readonly string[] = [],
): Promise<Sshd> {
  if (SSHD === undefined) throw new Error(noSshd)
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const folder = mkdtempSync(join(tmpdir(), 'runbook-sshd-'))
  const key = (name: string, type = 'ed25519'): string => {
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', name, '-f', join(folder, name)])
    return join(folder, name)
  }
  const hostKey = key('host')
  key('client')
  writeFileSync(join(folder, 'authorized_keys'), readFileSync(join(folder, 'client.pub')), { mode: 0o600 })
  const port = await freePort()
  // The first value of a setting counts.
  const config = [
    ...settings,
    `Port ${String(port)}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    `PidFile ${join(folder, 'pid')}`,
    'PasswordAuthentication no',
    'PermitRootLogin yes',
    'StrictModes no',
    'UsePAM no',
  ]
  writeFileSync(join(folder, 'config'), `${config.join('\n')}\n`)
  const [program, ...words] = [...wrap, SSHD, '-D', '-e', '-f', join(folder, 'config')]
  const child = spawn(program, words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-8192)))
  await listening(port, child, () => log)
  const host: Host = {
    name: 'real',
    address: '127.0.0.1',
    port,
    user: userInfo().username,
    roles: [],
    identityFile: join(folder, 'client'),
    sudo: 'no',
  }
  const [type, base64] = readFileSync(`${hostKey}.pub`, 'utf8').split(' ')
  const knownHosts = `[127.0.0.1]:${String(port)} ${type ?? ''} ${base64 ?? ''}\n`
  return {
    folder,
    log: () => log,
    port,
    knownHosts,
    host,
    options: {
      knownHostsFiles: [],
      knownHosts,
      hostKeys: 'strict',
      connectTimeoutSeconds: 10,
      host: () => undefined,
      secret: reference => {
        throw new Error(`no secret ${reference} here`)
      },
    },
    stop() {
      child.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export function freePort(): Promise<number> {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
  })
}

/** Waits until something answers on the port. @throws Error with the log when it does not */
export async function listening(port: number, child: ChildProcess, log: () => string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) break
    const open = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      }).on('error', () => {
        resolve(false)
      })
    })
    if (open) return
    await new Promise(resolve => setTimeout(resolve, 25))
  }
  throw new Error(`sshd did not start: ${log()}`)
}
