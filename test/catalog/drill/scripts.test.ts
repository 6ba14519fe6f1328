import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { faults } from '../../../src/catalog/drill/facts.ts'
import { lookScript, strikeScript, undoScript } from '../../../src/catalog/drill/scripts.ts'

/** The real shell texts, with programs of the host that only write down what they were told. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-faults-'))
  mkdirSync(join(folder, 'bin'))
  for (const name of ['docker', 'systemctl', 'iptables', 'systemd-run', 'tc', 'ip', 'date', 'getent'])
    program(name, ':')
  // No timer of systemd's here: a process in a session of its own takes its place.
  program('systemd-run', 'exit 1')
  program('iptables', 'case "$*" in *" -L "*|*" -D "*) exit 1 ;; esac')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function program(name: string, does: string): void {
  const path = join(folder, 'bin', name)
  writeFileSync(path, `#!/bin/sh\necho "${name} $*" >>"${folder}/log"\n${does}\n`)
  chmodSync(path, 0o755)
}

function run(
  script: string,
  ...words: readonly string[]
): { readonly code: number | null; readonly err: string; readonly out: string } {
  const { status, stderr, stdout } = spawnSync('sh', ['-c', script, 'x', ...words], {
    encoding: 'utf8',
    env: { PATH: `${folder}/bin:${process.env['PATH'] ?? ''}`, RUNBOOK_FAULTS: join(folder, 'faults') },
  })
  return { code: status, err: stderr, out: stdout }
}

const told = (): string => (existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : '')
const state = (id: string): unknown => {
  const { code, out, err } = run(lookScript)
  const seen = faults.parse({ code: code ?? undefined, stdout: out, stderr: err }, undefined)
  return (seen as { readonly [id: string]: unknown } | null)?.[id]
}

describe('faults as shell', () => {
  it('stops what it noted, and starts the same again', () => {
    program('docker', 'case $1 in ps) printf "dtr-nginx-1\\ndtr-api-1\\nucp-proxy\\n" ;; esac')
    expect(run(strikeScript, 'f1', '600', 'stop-containers', 'dtr-')).toMatchObject({ code: 0, err: '' })
    expect(state('f1')).toEqual({ state: 'on' })
    expect(told()).toContain('docker stop -t 2 dtr-nginx-1 dtr-api-1')
    expect(run(undoScript, 'f1', 'stop').code).toBe(0)
    expect(state('f1')).toEqual({ state: 'undone', by: 'stop' })
    expect(told()).toContain('docker start dtr-api-1')
    expect(told()).not.toContain('ucp-proxy')
    // Neither comes back, nor is undone twice.
    expect(run(strikeScript, 'f1', '600', 'stop-containers', 'dtr-').code).toBe(4)
    expect(told().match(/docker start dtr-api-1/g)).toHaveLength(1)
  })

  it('arms the timer before it strikes, and the timer needs nobody', async () => {
    program('systemctl', `grep -q armed "${folder}/faults/f2/state" && echo "was armed" >>"${folder}/log"; :`)
    expect(run(strikeScript, 'f2', '1', 'stop-engine').code).toBe(0)
    expect(told()).toMatch(/systemctl stop docker\nwas armed/)
    const isUndone = (): boolean => existsSync(join(folder, 'faults', 'f2', 'undone'))
    for (let tries = 0; tries < 100 && !isUndone(); tries += 1) await sleep(50)
    expect(told()).toContain('systemctl start docker')
    expect(state('f2')).toEqual({ state: 'undone', by: 'timer' })
  })

  it('a strike that fails is undone at once', () => {
    program('systemctl', '[ "$1 $2" != "stop docker" ]')
    expect(run(strikeScript, 'f3', '600', 'stop-engine').code).toBe(1)
    expect(state('f3')).toEqual({ state: 'undone', by: 'failed' })
  })

  it.each([
    ['stop-containers', ['dtr-'], 'no container whose name begins with dtr- runs here'],
    ['expire-certificate', ['/nowhere', 'true'], 'there is no cert.pem'],
    ['nonsense', [], 'there is no fault nonsense'],
    ['cut-storage', ['/'], 'is on no other host'],
  ])('%s that cannot be is refused, and leaves nothing', (kind, words, said) => {
    const seen = run(strikeScript, 'f4', '600', kind, ...words)
    expect(seen.code).toBe(4)
    expect(seen.err).toContain(said)
    expect(state('f4')).toBeUndefined()
  })

  it('a partition keeps the way in for administrators open, before it drops anything', () => {
    expect(run(strikeScript, 'f5', '600', 'partition', '10.0.0.1,10.0.0.2', '2222')).toMatchObject({
      code: 0,
      err: '',
    })
    const rules = told()
      .split('\n')
      .filter(line => line.includes(' -A '))
    expect(rules[0]).toMatch(/-p tcp --dport 2222 -j RETURN/)
    expect(rules[1]).toMatch(/-p tcp --sport 2222 -j RETURN/)
    expect(rules.slice(2).every(line => / -j DROP$/.test(line))).toBe(true)
    expect(rules).toHaveLength(6)
    const hooks = told().indexOf(' -I INPUT')
    expect(hooks).toBeGreaterThan(told().lastIndexOf(' -A '))
  })

  it('a disk is filled up to what shall stay, and emptied again', () => {
    program('df', `printf 'Filesystem 1M-blocks Used Available Capacity Mounted\\nx 100 0 60 0%% /\\n'`)
    expect(run(strikeScript, 'f6', '600', 'fill-disk', folder, '58').code).toBe(0)
    const file = join(folder, '.runbook-fault-f6')
    expect(readFileSync(file).length).toBe(2 * 1024 * 1024)
    expect(run(undoScript, 'f6', 'drill').code).toBe(0)
    expect(existsSync(file)).toBe(false)
  })

  it('a clock comes back to the right second by the time since the host was started', () => {
    program('date', 'case $1 in +%s) echo 1000000 ;; esac')
    expect(run(strikeScript, 'f7', '600', 'skew-clock', '600').code).toBe(0)
    expect(told()).toContain('date -s @1000600')
    expect(run(undoScript, 'f7', 'drill').code).toBe(0)
    expect(told()).toMatch(/date -s @100000[0-9]\n/)
  })

  it('a certificate that has ended is put in place, and the old one back', () => {
    const certificates = join(folder, 'certificates')
    mkdirSync(certificates)
    writeFileSync(join(certificates, 'cert.pem'), 'the certificate')
    writeFileSync(join(certificates, 'key.pem'), 'the key')
    expect(run(strikeScript, 'f8', '600', 'expire-certificate', certificates, 'true')).toMatchObject({
      code: 0,
    })
    const shown = spawnSync(
      'openssl',
      ['x509', '-noout', '-enddate', '-in', join(certificates, 'cert.pem')],
      { encoding: 'utf8' },
    )
    expect(shown.stdout).toContain('2020')
    expect(run(undoScript, 'f8', 'drill').code).toBe(0)
    expect(readFileSync(join(certificates, 'cert.pem'), 'utf8')).toBe('the certificate')
    expect(readFileSync(join(certificates, 'key.pem'), 'utf8')).toBe('the key')
  })
})
