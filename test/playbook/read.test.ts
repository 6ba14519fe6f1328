import { execFileSync } from 'node:child_process'
import { mkdtempSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadPlaybook, readPlaybook } from '../../src/playbook/read.ts'

const folder = mkdtempSync(join(tmpdir(), 'runbook-read-'))
const put = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const codes = (path: string) => loadPlaybook(path).diagnostics.map(({ code, line }) => `${code}:${line}`)

describe('files that are no playbook', () => {
  it('refuses a missing file', () => {
    expect(codes(join(folder, 'nowhere.yml'))).toEqual(['RB0101:0'])
    expect(codes(join(put('a-file', 'x'), 'below.yml'))).toEqual(['RB0101:0'])
    expect(loadPlaybook('nowhere.yml').diagnostics[0]?.message).toContain("'nowhere.yml'")
  })

  it('refuses a directory, a device, a named pipe, an impossible name', () => {
    expect(codes(folder)).toEqual(['RB0102:0'])
    expect(codes('/dev/zero')).toEqual(['RB0102:0'])
    const pipe = join(folder, 'pipe')
    execFileSync('sh', ['-c', 'mkfifo "$0"', pipe])
    expect(codes(pipe)).toEqual(['RB0102:0'])
    expect(codes('a\0b')).toEqual(['RB0102:0'])
  })

  it('refuses 20 MB without reading it', () => {
    const path = put('big.yml', '')
    truncateSync(path, 20 * 1024 * 1024)
    const before = performance.now()
    expect(codes(path)).toEqual(['RB0103:0'])
    expect(performance.now() - before).toBeLessThan(1000)
  })

  it('refuses what is not UTF-8, and says where', () => {
    expect(codes(put('latin.yml', Buffer.from('runbook: 1\nname: caf\xe9\n', 'latin1')))).toEqual([
      'RB0104:0',
    ])
    expect(loadPlaybook(join(folder, 'latin.yml')).diagnostics[0]?.message).toContain('line 2')
    put('utf16.yml', Buffer.from('\ufeffrunbook: 1\n', 'utf16le'))
    expect(loadPlaybook(join(folder, 'utf16.yml')).diagnostics[0]?.message).toContain('UTF-16')
  })

  it.each([
    ['nothing', ''],
    ['white space', ' \n\n\t\n'],
    ['a comment', '# later\n'],
    ['a byte order mark', '\ufeff'],
  ])('refuses a file of %s', (_, content) => {
    expect(codes(put('empty.yml', content)).map(one => one.slice(0, 6))).toEqual(['RB0105'])
  })

  it('puts findings about such a file on the file', () => {
    const finding = { code: 'RB0801', severity: 'error', message: 'x', path: ['hosts'] } as const
    expect(loadPlaybook(join(folder, 'nowhere.yml')).place([finding])).toMatchObject([
      { line: 0, code: 'RB0801' },
    ])
  })
})

const good = `runbook: 1
name: good
hosts:
  m1: { address: 198.51.100.11 }
docker: { version: '19.03' }
`
const nothing = () => 'missing' as const

describe('reading', () => {
  it('reads with a byte order mark and with Windows line ends', () => {
    for (const text of [`\ufeff${good}`, good.replaceAll('\n', '\r\n')]) {
      expect(loadPlaybook(put('good.yml', text)).topology?.name).toBe('good')
    }
    const { diagnostics } = readPlaybook(
      good.replace('name: good', 'nmae: good').replaceAll('\n', '\r\n'),
      'x.yml',
      nothing,
    )
    expect(diagnostics).toMatchObject([{ line: 2, column: 1, endColumn: 5, excerpt: 'nmae: good' }])
  })

  it('gives the same digest whatever the order of hosts, comments and quotes', () => {
    const more = good.replace('docker:', '  d1: { address: 198.51.100.21, roles: [x] }\ndocker:')
    const other = `# a comment\n${more.replace(/( {2}m1.*\n)( {2}d1.*\n)/, '$2$1').replace('name: good', 'name: "good"')}`
    const [a, b] = [more, other].map(text => readPlaybook(text, 'x.yml', nothing))
    expect(b?.digest).toBe(a?.digest)
    expect(JSON.stringify(b?.topology)).toBe(JSON.stringify(a?.topology))
    expect(readPlaybook(more.replace('.21', '.22'), 'x.yml', nothing).digest).not.toBe(a?.digest)
  })

  it('asks the rules even when there are errors, and gives a topology only when there are none', () => {
    const rules = () => [
      { code: 'RB0312', severity: 'error', message: 'odd', path: ['hosts', 'm1', 'port'] } as const,
    ]
    const { diagnostics, topology, digest } = readPlaybook(`${good}nmae: x\n`, 'x.yml', nothing, rules)
    expect(diagnostics.map(({ code, line, column }) => [code, line, column])).toEqual([
      ['RB0312', 4, 3],
      ['RB0122', 6, 1],
    ])
    expect([topology, digest]).toEqual([undefined, undefined])
  })

  it('places later findings: values, keys, list items, and what only a default has', () => {
    const { place } = readPlaybook(
      good.replace(
        "docker: { version: '19.03' }",
        "docker:\n  version: '19.03'\nucp: {version: 3.2.6, managers: [m1], adminPassword: env:A}",
      ),
      'x.yml',
      nothing,
    )
    const at = (...path: (string | number)[]) => {
      const [one] = place([{ code: 'RB0800', severity: 'note', message: '', path }])
      return `${one?.line}:${one?.column}-${one?.endColumn}`
    }
    expect(at('docker', 'version')).toBe('6:12-19')
    expect(at('docker')).toBe('5:1-7')
    expect(at('ucp', 'managers', 0)).toBe('7:34-36')
    expect(at('ucp', 'podCidr')).toBe('7:1-4')
    expect(at('dtr', 'replicas', 3)).toBe('1:1-8')
    expect(at()).toBe('1:1-8')
  })
})
