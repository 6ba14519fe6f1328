import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, listening } from './sshd.ts'

const DROPBEAR = ['/usr/sbin/dropbear', '/usr/bin/dropbear'].find(path => existsSync(path))

/** Why dropbear cannot be started here; undefined when it can. */
export const noDropbear = DROPBEAR === undefined ? 'dropbear is not installed (dropbear-bin)' : undefined

export interface Dropbear {
  readonly port: number
  readonly knownHosts: string
  readonly stop: () => void
}

/** A dropbear on a free loopback port, with a key of its own; `login` may log in with the public key in the file. */
export async function startDropbear(folder: string, login: string, publicKey: string): Promise<Dropbear> {
  mkdirSync(`/home/${login}/.ssh`, { recursive: true, mode: 0o700 })
  writeFileSync(`/home/${login}/.ssh/authorized_keys`, readFileSync(publicKey), { mode: 0o600 })
  execFileSync('chown', ['-R', login, `/home/${login}`])
  const port = await freePort()
  const key = join(folder, `dropbear-${String(port)}`)
  execFileSync('dropbearkey', ['-t', 'ed25519', '-f', key], { stdio: 'ignore' })
  const shown = execFileSync('dropbearkey', ['-y', '-f', key], { encoding: 'utf8' })
  const [type = '', base64 = ''] = (/^ssh-ed25519 .*$/m.exec(shown)?.[0] ?? '').split(' ')
  const child = spawn(
    DROPBEAR ?? '',
    ['-F', '-E', '-r', key, '-p', `127.0.0.1:${String(port)}`, '-P', `${key}.pid`],
    { stdio: 'ignore' },
  )
  await listening(port, child, () => 'dropbear')
  return {
    port,
    knownHosts: `[127.0.0.1]:${String(port)} ${type} ${base64}\n`,
    stop: () => void child.kill(),
  }
}
