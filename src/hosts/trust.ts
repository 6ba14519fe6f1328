import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
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
import { USE_OPENSSH, type Way } from './way.ts'

/** Why a host key was not trusted, and what to do about it. */
export interface Distrust {
  readonly message: string
  readonly help: string
}

/** The keys on file, kept up to date with those accepted during the run. */
export interface Trust {
  /** Undefined when the key may be trusted. A new one is put on file where the way says so. */
  check(way: Way, key: Uint8Array): Distrust | undefined
  /** Host key algorithms to ask for first. */
  algorithms(way: Way): string[]
}

/**
 * Reads each file once. A file that is not there is empty; one that cannot be read is an error, at the first host that needs it.
 * @param given more lines, from elsewhere than a file
 */
export function trustFiles(given = ''): Trust {
  const lines = new Map<string, KnownHost[]>([['', parseKnownHosts(given, 'given')]])
  const read = (file: string): KnownHost[] => {
    let known = lines.get(file)
    if (known === undefined) lines.set(file, (known = parseKnownHosts(readIfThere(file), file)))
    return known
  }
  const knownTo = (way: Way): KnownHost[] => ['', ...way.knownHostsFiles].flatMap(read)

  return {
    algorithms: way => algorithmsFor(knownTo(way), way.known.address, way.known.port),
    check(way, key) {
      const { address, port } = way.known
      const known = knownTo(way)
      const first = way.knownHostsFiles[0]
      const scan = `ssh-keyscan -p ${String(way.port)} ${way.address}`
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
            help: `In the playbook, ${USE_OPENSSH}. Or put the plain key on file after comparing its fingerprint ${fingerprint(key)}: ${scan} >> ${first ?? '~/.ssh/known_hosts'}`,
          }
        case 'unknown':
          break
      }
      if (way.hostKeys !== 'accept-new') {
        return {
          message: `the host key of ${name} is not on file: it shows ${shown}`,
          help: `Compare the fingerprint on the host's console, then: ${scan} >> ${first ?? '~/.ssh/known_hosts'}. Or set ssh.hostKeys: accept-new.`,
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
      read(first ?? '').push(...parseKnownHosts(line, first ?? 'this run'))
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
