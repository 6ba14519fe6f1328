import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { command, must } from './command.ts'
import type { Layout } from './layout.ts'

const customize = join(import.meta.dirname, 'host', 'customize.sh')

/** What every host has, Docker Engine 20.10.24 of Debian 12 among it. */
const packages = [
  ...[
    'systemd',
    'systemd-sysv',
    'dbus',
    'libpam-systemd',
    'openssh-server',
    'sudo',
    'iproute2',
    'iptables',
    'procps',
  ],
  ...[
    'ca-certificates',
    'curl',
    'openssl',
    'busybox-static',
    'jq',
    'socat',
    'iputils-ping',
    'netcat-openbsd',
  ],
  ...[
    'docker.io',
    'containerd',
    'runc',
    'docker-registry',
    'haproxy',
    'nginx-light',
    'libnginx-mod-stream',
    'sshfs',
  ],
  // No kernel of ours mounts NFS: a server in user space, and clients that speak it without the kernel.
  ...['nfs-common', 'nfs-ganesha-vfs', 'libnfs-utils', 'rpcbind'],
]

/** Names one root by all that goes into it, so that a changed recipe makes a new one. */
export const rootKey = (): string =>
  createHash('sha256').update(packages.join(',')).update(readFileSync(customize)).digest('hex').slice(0, 12)

/**
 * The root file system shared by all hosts, made once by mmdebstrap (half a minute to two) and kept in the cache.
 * Never write to it while a host is up: it is their lower layer.
 */
export async function rootFileSystem(of: Layout, say: (text: string) => void): Promise<string> {
  const path = join(of.cacheDirectory, `root-${rootKey()}`)
  if (existsSync(path)) return path
  mkdirSync(of.cacheDirectory, { recursive: true })
  const making = `${path}.new`
  await removeTree(making)
  say('making the root file system with mmdebstrap')
  const mirror = (await must(['apt-get', 'indextargets', '--format', '$(REPO_URI)']))
    .split('\n')
    .find(uri => /\/debian\/?$/.test(uri))
  await must([
    'mmdebstrap',
    ...['--mode=root', '--variant=apt', `--include=${packages.join(',')}`, `--customize-hook=${customize}`],
    ...['--dpkgopt=path-exclude=/usr/share/man/*', '--dpkgopt=path-exclude=/usr/share/locale/*'],
    ...['--aptopt=Acquire::Languages "none"', 'bookworm', making],
    ...(mirror === undefined ? [] : [mirror]),
  ])
  renameSync(making, path)
  await forgetOthers(of, 'root-', path)
  return path
}

/**
 * Removes older versions of a kept thing, so that the cache does not grow with every change of the recipe. Not while
 * another lab stands on the same cache: its hosts may be using them.
 */
export async function forgetOthers(of: Layout, start: string, keep: string): Promise<void> {
  const labs = readdirSync(dirname(of.cacheDirectory)).filter(name => name.startsWith('run-'))
  if (labs.some(name => join(dirname(of.cacheDirectory), name) !== of.runDirectory)) return
  for (const name of readdirSync(of.cacheDirectory)) {
    const path = join(of.cacheDirectory, name)
    if (name.startsWith(start) && path !== keep) await removeTree(path)
  }
}

/** Removes a directory unless something is still mounted below it. */
export async function removeTree(path: string): Promise<void> {
  const mounted = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[1] ?? '')
  const below = mounted.filter(mount => mount === path || mount.startsWith(`${path}/`))
  if (below.length > 0) throw new Error(`${path} is not removed: ${below.join(', ')} still mounted`)
  if ((await command(['rm', '-rf', '--one-file-system', path])).code !== 0)
    rmSync(path, { recursive: true, force: true })
}
