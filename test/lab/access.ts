import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandOptions, Result } from './command.ts'
import { command, must } from './command.ts'
import type { HostSpec, Layout } from './layout.ts'
import { address, hostDirectory, keyPath, knownHostsPath } from './layout.ts'

/** The password of the user `adm`, who has sudo by password. It opens nothing but lab hosts. */
export const admPassword = 'lab-adm-password'

/** root by key; ops by key, in the group docker, no sudo; adm by key or password, sudo by password. */
export type LabUser = 'root' | 'ops' | 'adm'

export async function makeKeys(of: Layout): Promise<void> {
  mkdirSync(of.runDirectory, { recursive: true })
  if (existsSync(keyPath(of))) return
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'runbook-lab', '-f', keyPath(of)])
}

/** Host keys are known before a host is on: it is we who make them. */
export function writeKnownHosts(of: Layout): void {
  const lines = of.hosts.map(host => {
    const path = join(hostDirectory(of, host.name), 'upper/etc/ssh/ssh_host_ed25519_key.pub')
    const [type = '', key = ''] = readFileSync(path, 'utf8').split(' ')
    return `${address(of, host)},${host.name} ${type} ${key}\n`
  })
  writeFileSync(knownHostsPath(of), lines.join(''))
}

/** The words of an OpenSSH call to the host, without the command. */
export function sshArgv(of: Layout, host: HostSpec, user: LabUser = 'root'): readonly string[] {
  const options = [
    ...[
      '-F',
      '/dev/null',
      '-i',
      keyPath(of),
      '-o',
      'IdentitiesOnly=yes',
      '-o',
      `UserKnownHostsFile=${knownHostsPath(of)}`,
    ],
    ...[
      '-o',
      'StrictHostKeyChecking=yes',
      '-o',
      'BatchMode=yes',
      '-o',
      'ConnectTimeout=5',
      '-o',
      'LogLevel=ERROR',
    ],
  ]
  return ['ssh', ...options, `${user}@${address(of, host)}`]
}

/** Runs a shell line on the host over ssh. */
export const ssh = (
  of: Layout,
  host: HostSpec,
  line: string,
  options: CommandOptions & { readonly user?: LabUser } = {},
): Promise<Result> => command([...sshArgv(of, host, options.user), line], options)
