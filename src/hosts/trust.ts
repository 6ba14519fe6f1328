import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  type KnownHost,
  algorithmsFor,
  fingerprint,
  hostName,
  judge,
  keyType,
  knownHostsLine,
  parseKnownHosts,
} from './known_hosts.ts'
import type { SshOptions } from './options.ts'

/** Why a host key was not trusted, and what to do about it. */
export interface Distrust {
  readonly message: string
  readonly help: string
}

/** The keys on file, kept up to date with those accepted during the run. */
export interface Trust {
  /** Undefined when the key may be trusted. */
  check(address: string, port: number, key: Uint8Array): Distrust | undefined
  /** Host key algorithms to ask for first. */
  algorithms(address: string, port: number): string[]
}

/** Reads the files once. A file that is not there is empty; one that cannot be read is an error. @throws Error */
export function readTrust(options: SshOptions, home: string): Trust {
  const files = options.knownHostsFiles.map(file =>
    file.startsWith('~/') ? join(home, file.slice(2)) : file,
  )
  const known: KnownHost[] = parseKnownHosts(options.knownHosts ?? '', 'given')
  for (const file of files) known.push(...parseKnownHosts(readIfThere(file), file))
  const first = files[0]

  return {
    algorithms: (address, port) => algorithmsFor(known, address, port),
    check(address, port, key) {
      const verdict = judge(known, address, port, key)
      if (verdict.ok) return undefined
      const name = hostName(address, port)
      const shown = `${keyType(key)} ${fingerprint(key)}`
      const places =
        verdict.why === 'unknown'
          ? ''
          : verdict.expected.map(line => `${line.file}:${String(line.line)}`).join(', ')
      switch (verdict.why) {
        case 'changed':
          return {
            message: `the host key of ${name} has changed: it shows ${shown}, on file is ${verdict.expected.map(shownLine).join(' and ')} (${places})`,
            help: `Somebody may be in between. If the host was rebuilt, compare the fingerprint on its console (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then: ssh-keygen -R '${name}'`,
          }
        case 'revoked':
          return {
            message: `the host key of ${name}, ${shown}, is marked @revoked (${places})`,
            help: 'Do not connect. Give the host a new key.',
          }
        case 'authority':
          return {
            message: `only a certificate authority is on file for ${name} (${places}), and this transport cannot check host certificates`,
            help: `Put the plain key on file after comparing its fingerprint ${fingerprint(key)}: ssh-keyscan -p ${String(port)} ${address} >> ${first ?? '~/.ssh/known_hosts'}`,
          }
        case 'unknown':
          break
      }
      if (options.hostKeys !== 'accept-new') {
        return {
          message: `the host key of ${name} is not on file: it shows ${shown}`,
          help: `Compare the fingerprint on the host's console, then: ssh-keyscan -p ${String(port)} ${address} >> ${first ?? '~/.ssh/known_hosts'}. Or set ssh.hostKeys: accept-new.`,
        }
      }
      const line = knownHostsLine(address, port, key)
      if (first !== undefined) {
        try {
          append(first, line)
        } catch (error) {
          return {
            message: `the new host key of ${name} could not be put on file: ${String(error)}`,
            help: `Make ${first} writable.`,
          }
        }
      }
      known.push(...parseKnownHosts(line, first ?? 'this run'))
      return undefined
    },
  }
}

function shownLine(line: KnownHost): string {
  return `${line.type} ${fingerprint(Buffer.from(line.key, 'base64'))}`
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** One write in append mode: lines of several processes do not mix. */
function append(file: string, line: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const text = readIfThere(file)
  appendFileSync(file, text === '' || text.endsWith('\n') ? line : `\n${line}`, { mode: 0o600 })
}
