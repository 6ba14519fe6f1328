import { existsSync, readFileSync } from 'node:fs'
import { command } from './command.ts'

/** Exit code of the lab's command when this machine cannot carry a lab (sysexits: service unavailable). */
export const cannotExitCode = 69

/** This machine cannot carry a lab; the message says why in one line. */
export class MachineCannot extends Error {
  override readonly name = 'MachineCannot'
}

const needed: readonly (readonly [program: string, debianPackage: string])[] = [
  ['mmdebstrap', 'mmdebstrap'],
  ['ip', 'iproute2'],
  ['iptables', 'iptables'],
  ['unshare', 'util-linux'],
  ['ssh', 'openssh-client'],
  ['tar', 'tar'],
  ['jq', 'jq'],
]

async function has(program: string): Promise<boolean> {
  return (await command(['sh', '-c', `command -v ${program}`])).code === 0
}

/**
 * Checks that this machine can carry a lab and installs the few programs that are missing.
 * @throws MachineCannot with the reason
 */
export async function prepareMachine(): Promise<void> {
  const { platform, arch } = process
  if (platform !== 'linux' || arch !== 'x64') {
    throw new MachineCannot(`needs Linux on x86-64, this is ${platform} on ${arch}`)
  }
  if (process.getuid?.() !== 0) throw new MachineCannot('needs root, to make namespaces and mounts')
  const mounts = readFileSync('/proc/mounts', 'utf8')
  if (!/ cgroup rw/.test(mounts))
    throw new MachineCannot('needs writable cgroup v1 hierarchies under /sys/fs/cgroup')
  if (!readFileSync('/proc/filesystems', 'utf8').includes('overlay'))
    throw new MachineCannot('needs overlayfs')
  if (!existsSync('/dev/fuse')) throw new MachineCannot('needs /dev/fuse, for the shared storage')
  const unshare = await command([
    'unshare',
    '--mount',
    '--uts',
    '--ipc',
    '--pid',
    '--net',
    '--cgroup',
    '--fork',
    'true',
  ])
  if (unshare.code !== 0) throw new MachineCannot(`may not make namespaces: ${unshare.err.trim()}`)
  await installMissing()
}

async function installMissing(): Promise<void> {
  const missing: string[] = []
  for (const [program, name] of needed) if (!(await has(program))) missing.push(name)
  if (missing.length === 0) return
  if (!(await has('apt-get')))
    throw new MachineCannot(`lacks ${missing.join(', ')} and has no apt-get to install them`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await command(['apt-get', 'update', '-q'], { env })
  const install = await command(['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...missing], {
    env,
  })
  if (install.code !== 0) {
    throw new MachineCannot(
      `could not install ${missing.join(', ')}: ${install.err.trim().split('\n').at(-1) ?? ''}`,
    )
  }
}

/** Why there can be no lab here, or undefined when there can. */
export async function whyNoLab(): Promise<string | undefined> {
  try {
    await prepareMachine()
    return undefined
  } catch (error) {
    if (error instanceof MachineCannot) return error.message
    throw error
  }
}
