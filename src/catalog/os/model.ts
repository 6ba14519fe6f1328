import { createHash } from 'node:crypto'
import type { Exit } from '../../plan/fact.ts'
import type { Estate, Model } from '../../twin/estate.ts'
import { type OsState, osOf } from './bareHost.ts'

/** An exit of the twin. */
export function exit(code: number, stdout = '', stderr = ''): Exit {
  return { code, stdout, stderr }
}

/** 2024-01-01: when estates begin. */
const BEGAN_MS = 1_704_067_200_000

/** How the twin's operating system answers: what `facts.ts` asks, packages, units, folders. */
export const model: Model = (line, host, estate) => {
  const [program, ...words] = line.argv
  const os = osOf(estate, host)
  const named = program === 'sh' && words[0] === '-c' ? (words[2] ?? '') : ''
  if (named === 'runbook-os-machine') return exit(0, machineText(os))
  if (named === 'runbook-os-file') return fileText(estate, host, words[3] ?? '')
  if (named === 'runbook-os-audit') {
    const own = estate.hosts[host]
    if (own) (own.custody ??= { leases: [], audit: [], kept: {} }).audit.push(words[3] ?? '')
    return exit(0)
  }
  if (named === 'runbook-os-filetext') {
    const content = estate.hosts[host]?.files[words[3] ?? '']?.content
    return content === undefined
      ? exit(3, '', 'No such file or directory\n')
      : exit(0, `${Buffer.byteLength(content)}\n${content}`)
  }
  if (named === 'runbook-os-package') {
    const name = words[3] ?? ''
    const version = os.packages[name]
    return version === undefined
      ? exit(1, '', `dpkg-query: no packages found matching ${name}\n`)
      : exit(0, `ii |${version}\n`)
  }
  if (program === 'date' && words[0] === '+%s')
    return exit(0, `${Math.floor((BEGAN_MS + estate.clockMs + os.skewMs) / 1000)}\n`)
  if (program === 'df') {
    const total = 209_715_200
    const free = os.freeDiskMb * 1024
    return exit(
      0,
      `Filesystem     1024-blocks      Used Available Capacity Mounted on\n/dev/sda1        ${total} ${total - free} ${free}      40% /\n`,
    )
  }
  if (program === 'systemctl') return systemctl(os, words)
  if (program === 'apt-get' || program === 'yum') return packages(os, program, words)
  if (program === 'rpm' && words[0] === '--import') {
    const path = words[1] ?? ''
    const isThere = estate.hosts[host]?.files[path] !== undefined
    return isThere ? exit(0) : exit(1, '', `error: ${path}: import read failed(2).\n`)
  }
  if (program === 'install' && words[0] === '-d') {
    const folder = words.at(-1) ?? ''
    const files = estate.hosts[host]?.files ?? {}
    files[`${folder.replace(/\/$/, '')}/`] = { content: '', mode: modeOf(words) }
    return exit(0)
  }
  return undefined
}

function machineText(os: OsState): string {
  return [
    `hostname=${os.hostname}`,
    `distribution=${os.distribution}`,
    `release=${os.release}`,
    `cpus=${os.cpus}`,
    `memoryKb=${os.memoryMb * 1024}`,
    `uid=${os.root ? 0 : 1000}`,
    `curl=${os.curl ? '/usr/bin/curl' : 'no'}`,
    'end=1\n',
  ].join('\n')
}

function fileText(estate: Estate, host: string, path: string): Exit {
  const files = estate.hosts[host]?.files ?? {}
  const found = files[path]
  if (found) {
    const sum = createHash('sha256').update(found.content).digest('hex')
    return exit(0, `regular file|${Number(found.mode)}\n${sum}  -\n`)
  }
  const folder = `${path.replace(/\/$/, '')}/`
  if (files[folder]) return exit(0, `directory|${Number(files[folder].mode)}\n`)
  return exit(1, '', `stat: cannot stat '${path}': No such file or directory\n`)
}

function systemctl(os: OsState, words: readonly string[]): Exit {
  const names = words
    .slice(1)
    .filter(word => !word.startsWith('-'))
    .map(word => word.replace(/\.service$/, ''))
  const verb = words[0] ?? ''
  if (verb === 'show') {
    const unit = os.services[names[0] ?? '']
    if (!unit) return exit(0, 'LoadState=not-found\nActiveState=inactive\nUnitFileState=\n')
    return exit(
      0,
      `LoadState=loaded\nActiveState=${unit.active ? 'active' : 'inactive'}\nUnitFileState=${unit.enabled ? 'enabled' : 'disabled'}\n`,
    )
  }
  for (const name of names) {
    const unit = os.services[name]
    if (!unit) return exit(5, '', `Failed to ${verb} ${name}.service: Unit ${name}.service not found.\n`)
    if (verb === 'enable') unit.enabled = true
    if (verb === 'disable') unit.enabled = false
    if (
      ['start', 'restart', 'reload-or-restart'].includes(verb) ||
      (verb === 'enable' && words.includes('--now'))
    )
      unit.active = true
    if (verb === 'stop' || (verb === 'disable' && words.includes('--now'))) unit.active = false
    if (verb === 'reload' && !unit.active)
      return exit(1, '', `${name}.service is not active, cannot reload.\n`)
    if (verb === 'is-active') return unit.active ? exit(0, 'active\n') : exit(3, 'inactive\n')
  }
  return exit(0)
}

function packages(os: OsState, program: string, words: readonly string[]): Exit {
  if (words.includes('update')) return exit(0, 'Reading package lists...\n')
  const at = words.indexOf('install')
  if (at < 0) return exit(100, '', `E: Invalid operation ${words[0] ?? ''}\n`)
  const wanted = words.slice(at + 1).map(word => word.split('='))
  const unknown = wanted.find(([name = '']) => !os.archive[name])
  if (unknown) return exit(100, '', `E: Unable to locate package ${unknown[0] ?? ''}\n`)
  for (const [name = '', version] of wanted) {
    const offered = os.archive[name]
    os.packages[name] = version ?? offered?.version ?? ''
    // Debian's packages start what they bring; the others leave that to the administrator.
    if (offered?.unit !== undefined)
      os.services[offered.unit] ??= { active: program === 'apt-get', enabled: program === 'apt-get' }
    if (name === 'curl') os.curl = true
  }
  return exit(
    0,
    wanted.map(([name = '']) => `Setting up ${name} (${os.packages[name] ?? ''}) ...\n`).join(''),
  )
}

function modeOf(words: readonly string[]): string {
  const at = words.findIndex(word => word === '-m' || word === '--mode')
  return at < 0 ? '0755' : (words[at + 1] ?? '0755')
}
