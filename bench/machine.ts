import { existsSync, readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { command } from '../test/lab/command.ts'

const root = join(import.meta.dirname, '..')

/** What the numbers were made on and with, one fact a line. */
export async function machineLines(): Promise<readonly string[]> {
  const said = async (argv: readonly string[]): Promise<string> => {
    try {
      const { out, err } = await command(argv)
      return `${out}${err}`.trim().split('\n')[0] ?? ''
    } catch {
      return ''
    }
  }
  const [cpu] = cpus()
  const commit = await said(['git', '-C', root, 'rev-parse', '--short=12', 'HEAD'])
  const changed = await said(['git', '-C', root, 'status', '--porcelain', '--', 'src', 'bench'])
  const system = existsSync('/etc/os-release')
    ? (/^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '')
    : ''
  return [
    `${cpus().length} processors (${cpu?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB`,
    `${system}, kernel ${release()}, load ${loadavg()[0]?.toFixed(1) ?? '?'} at the start`,
    `Node ${process.version}, ${await said(['ssh', '-V'])}`,
    `runbook at ${commit}${changed === '' ? '' : ' with changes not committed'}`,
  ]
}

/** What a peer is, or why it cannot be measured. */
export interface Peer {
  readonly version: string
  readonly missing?: string
}

const packages = ['ansible-core', 'ansible-mitogen'] as const

/** Ansible and Mitogen of Debian, put in where they are missing and can be had. */
export async function peers(say: (text: string) => void): Promise<ReadonlyMap<string, Peer>> {
  const there = async (name: string): Promise<string | undefined> => {
    const { code, out } = await command(['dpkg-query', '-W', '-f', '${Status} ${Version}', name]).catch(
      () => ({
        code: 1,
        out: '',
      }),
    )
    const [, version] = /^install ok installed (\S+)/.exec(out) ?? []
    return code === 0 ? version : undefined
  }
  const wanted: string[] = []
  for (const name of packages) if ((await there(name)) === undefined) wanted.push(name)
  if (wanted.length > 0) {
    say(`installing ${wanted.join(' ')} with apt-get`)
    const install = `apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends ${wanted.join(' ')}`
    await command(['sh', '-c', install]).catch(() => undefined)
  }
  const found = new Map<string, Peer>()
  for (const name of packages) {
    const version = await there(name)
    found.set(
      name,
      version === undefined
        ? { version: '', missing: `${name} is not installed, and apt-get could not install it` }
        : { version },
    )
  }
  return found
}
