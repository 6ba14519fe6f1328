import type { Fact } from '../../plan/fact.ts'
import type { FactRef, HostName } from '../../plan/step.ts'
import { fieldsOf, textArg } from './text.ts'

const MACHINE = `echo "hostname=$(uname -n)"
( . /etc/os-release; echo "distribution=$ID"; echo "release=$VERSION_ID" ) 2>/dev/null
echo "cpus=$(getconf _NPROCESSORS_ONLN 2>/dev/null || nproc)"
echo "memoryKb=$(sed -n 's/^MemTotal:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/meminfo)"
echo "uid=$(id -u)"
echo "curl=$(command -v curl || echo no)"
echo end=1`

/**
 * What the machine is: `{hostname, distribution, release, cpus, memoryMb, curl, root}`. `root`: commands run as root there.
 * Holds nothing that changes by itself (see `os.clock` and `os.disk` for that).
 */
export const machine: Fact = {
  name: 'os.machine',
  about: 'What the machine is: {hostname, distribution, release, cpus, memoryMb, curl, root}.',
  scope: 'host',
  picks: { hostname: "sed -n 's/^hostname=//p'" },
  probe: () => ({ argv: ['sh', '-c', MACHINE, 'runbook-os-machine'] }),
  parse(exit) {
    const seen = fieldsOf(exit.stdout)
    const cpus = Number(seen.get('cpus'))
    const memoryKb = Number(seen.get('memoryKb'))
    const hostname = seen.get('hostname')
    if (seen.get('end') !== '1' || !hostname || !(cpus > 0) || !(memoryKb > 0)) return undefined
    return {
      hostname,
      distribution: seen.get('distribution') ?? '',
      release: seen.get('release') ?? '',
      cpus,
      memoryMb: Math.floor(memoryKb / 1024),
      curl: seen.get('curl') !== 'no',
      root: seen.get('uid') === '0',
    }
  },
}

/** The host's clock: `{epochSeconds}`. Changes by itself, so it may lead to findings and never to a goal. */
export const clock: Fact = {
  name: 'os.clock',
  about: "The host's clock: {epochSeconds}. Changes by itself: for findings only.",
  scope: 'host',
  volatile: true,
  probe: () => ({ argv: ['date', '+%s'] }),
  parse(exit) {
    const seen = /^(\d{9,})\s*$/.exec(exit.stdout)
    return exit.code === 0 && seen ? { epochSeconds: Number(seen[1]) } : undefined
  },
}

/** Free space where `{path}` lies: `{freeMb}`. Changes by itself, so it may lead to findings and never to a goal. */
export const disk: Fact = {
  name: 'os.disk',
  about: 'Free space for root where args {path} lies: {freeMb}. Changes by itself: for findings only.',
  scope: 'host',
  volatile: true,
  probe: args => ({ argv: ['df', '-Pk', textArg(args, 'path')] }),
  parse(exit) {
    const last = exit.stdout.trimEnd().split('\n').at(-1) ?? ''
    const seen = /\s\d+\s+\d+\s+(\d+)\s+\d+%\s+\//.exec(last)
    return exit.code === 0 && seen ? { freeMb: Math.floor(Number(seen[1]) / 1024) } : undefined
  },
}

const FILE = 'LC_ALL=C stat -c "%F|%a" "$1" && if [ -f "$1" ]; then sha256sum < "$1"; fi'

/** A file or folder at `{path}`: null, or `{kind: 'file' | 'directory' | 'other', mode: '0644', sha256}` (sha256 '' unless a file). */
export const file: Fact = {
  name: 'os.file',
  about: "What lies at args {path}: null, or {kind: 'file'|'directory'|'other', mode: '0644', sha256}.",
  scope: 'host',
  probe: args => ({ argv: ['sh', '-c', FILE, 'runbook-os-file', textArg(args, 'path')] }),
  parse(exit) {
    if (exit.code !== 0) return /No such file or directory/.test(exit.stderr) ? null : undefined
    const seen = /^([^|\n]+)\|([0-7]{1,4})\n(?:([0-9a-f]{64})\b)?/.exec(exit.stdout)
    if (!seen?.[1] || !seen[2]) return undefined
    const kind = seen[1].includes('regular') ? 'file' : seen[1] === 'directory' ? 'directory' : 'other'
    if (kind === 'file' && !seen[3]) return undefined
    return { kind, mode: seen[2].padStart(4, '0'), sha256: seen[3] ?? '' }
  },
}

const TEXT = `if [ -f "$1" ]; then wc -c < "$1" && head -c 65536 < "$1"
elif [ -e "$1" ] || [ -L "$1" ]; then exit 4
else echo 'No such file or directory' >&2; exit 3; fi`

/**
 * The text of a file at `{path}`, for showing what will differ: null, or `{text}`. Asked only of files that everybody may read;
 * told only up to 64 KiB. It steers nothing: `os.file` tells whether a file is as it should be.
 */
export const fileText: Fact = {
  name: 'os.filetext',
  about: 'The text of a file at args {path}, up to 64 KiB: null, or {text}. Only to show what will differ.',
  scope: 'host',
  volatile: true,
  probe: args => ({ argv: ['sh', '-c', TEXT, 'runbook-os-filetext', textArg(args, 'path')] }),
  parse(exit) {
    if (exit.code === 3 && exit.stderr.includes('No such file or directory')) return null
    const seen = /^\s*(\d+)\n([^]*)$/.exec(exit.stdout)
    const text = seen?.[2]
    if (exit.code !== 0 || text === undefined || text.includes('\0')) return undefined
    return Buffer.byteLength(text) === Number(seen?.[1]) ? { text } : undefined
  },
}

/** A systemd unit `{name}`: null when there is none, or `{active, enabled}`. 'activating' is not active. */
export const service: Fact = {
  name: 'os.service',
  about: 'A systemd unit, args {name}: null when there is none, or {active, enabled}.',
  scope: 'host',
  probe: args => ({
    argv: ['systemctl', 'show', '--property=LoadState,ActiveState,UnitFileState', textArg(args, 'name')],
  }),
  parse(exit) {
    const seen = fieldsOf(exit.stdout)
    const load = seen.get('LoadState')
    const isWhole = seen.has('ActiveState') && seen.has('UnitFileState') && exit.stdout.endsWith('\n')
    if (exit.code !== 0 || load === undefined || !isWhole) return undefined
    if (load === 'not-found') return null
    return { active: seen.get('ActiveState') === 'active', enabled: seen.get('UnitFileState') === 'enabled' }
  },
}

const PACKAGE = `if command -v dpkg-query >/dev/null; then dpkg-query -W -f='\${db:Status-Abbrev}|\${Version}\\n' "$1"
else LC_ALL=C rpm -q --qf 'ii |%{VERSION}-%{RELEASE}\\n' "$1"; fi`

/** An installed package `{name}` (dpkg or rpm): null when it is not installed, or `{version}`. */
export const pkg: Fact = {
  name: 'os.package',
  about: 'An installed package (dpkg or rpm), args {name}: null when it is not installed, or {version}.',
  scope: 'host',
  probe: args => ({ argv: ['sh', '-c', PACKAGE, 'runbook-os-package', textArg(args, 'name')] }),
  parse(exit) {
    if (/no packages found matching|is not installed/.test(exit.stderr + exit.stdout)) return null
    // What is wanted, what is, and whether a reinstallation is needed (dpkg-query(1), db:Status-Abbrev).
    const seen = /^([uihrp][ncHUFWti])[ R]?\|(.*)$/m.exec(exit.stdout)
    if (exit.code !== 0 || !seen) return undefined
    return seen[1]?.endsWith('i') && seen[2] ? { version: seen[2] } : null
  },
}

/** Whether something listens on TCP `{port}`: `{listening}`. Read from the kernel's tables, so no tool is needed. */
export const listening: Fact = {
  name: 'os.listening',
  about: 'Whether something listens on TCP args {port}: {listening}.',
  scope: 'cluster',
  probe: () => ({
    argv: ['sh', '-c', 'cat /proc/net/tcp && cat /proc/net/tcp6 2>/dev/null; true', 'runbook-os-listening'],
  }),
  parse(exit, args) {
    if (exit.code !== 0 || !exit.stdout.includes('local_address')) return undefined
    const port = Number(textArg(args, 'port'))
    const ports = [...exit.stdout.matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A /gm)]
    return { listening: ports.some(found => parseInt(found[1] ?? '', 16) === port) }
  },
}

/** All questions this folder can put. */
export const facts: readonly Fact[] = [machine, clock, disk, file, fileText, service, pkg, listening]

/** `os.machine` of a host. */
export function askMachine(host: HostName): FactRef {
  return { fact: machine.name, host }
}
