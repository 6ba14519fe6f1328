import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  algorithmsFor,
  fingerprint,
  judge,
  knownHostsLine,
  parseKnownHosts,
  wildcard,
} from '../../src/hosts/known_hosts.ts'
import { trustFiles } from '../../src/hosts/trust.ts'
import { aWay } from './ways.ts'

let folder = ''
let [ed, other, rsa] = ['', '', '']
const blob = (publicKey: string): Buffer => Buffer.from(publicKey.split(' ')[1] ?? '', 'base64')
const why = (text: string, address: string, port: number, publicKey: string): string => {
  const verdict = judge(parseKnownHosts(text, 'f'), address, port, blob(publicKey))
  return verdict.ok ? 'ok' : verdict.why
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-known-'))
  const make = (name: string, type: string): string => {
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', join(folder, name)])
    return readFileSync(join(folder, `${name}.pub`), 'utf8').trim()
  }
  ed = make('ed', 'ed25519')
  other = make('other', 'ed25519')
  rsa = make('rsa', 'rsa')
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

test('plain names, ports, wildcards and negations', () => {
  expect(why(`m1,10.0.0.1 ${ed}`, 'm1', 22, ed)).toBe('ok')
  expect(why(`m1,10.0.0.1 ${ed}`, '10.0.0.1', 22, ed)).toBe('ok')
  expect(why(`M1 ${ed}`, 'm1', 22, ed)).toBe('ok')
  expect(why(`m1 ${ed}`, 'm2', 22, ed)).toBe('unknown')
  expect(why(`m1 ${ed}`, 'm1', 22, other)).toBe('changed')
  expect(why(`m1 ${ed}\nm1 ${other}`, 'm1', 22, other)).toBe('ok')
  expect(why(`[m1]:2222 ${ed}`, 'm1', 2222, ed)).toBe('ok')
  expect(why(`[m1]:2222 ${ed}`, 'm1', 22, ed)).toBe('unknown')
  expect(why(`[m1]:2222 ${ed}`, 'm1', 2222, other)).toBe('changed')
  expect(why(`*.lab,!m9.lab ${ed}`, 'm1.lab', 22, ed)).toBe('ok')
  expect(why(`*.lab,!m9.lab ${ed}`, 'm9.lab', 22, ed)).toBe('unknown')
  expect(why(`10.0.?.1 ${ed}`, '10.0.7.1', 22, ed)).toBe('ok')
  expect(why(`2001:db8::1 ${ed}`, '2001:db8::1', 22, ed)).toBe('ok')
})

test('a key on file for port 22 is good for other ports, but never held against them', () => {
  expect(why(`m1 ${ed}`, 'm1', 2222, ed)).toBe('ok')
  expect(why(`m1 ${ed}`, 'm1', 2222, other)).toBe('unknown')
})

test('hashed names, as ssh-keygen -H makes them', () => {
  const file = join(folder, 'hashed')
  writeFileSync(file, `m1.example ${ed}\n[m2]:2222 ${other}\n`)
  execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' })
  const text = readFileSync(file, 'utf8')
  expect(text).toMatch(/^\|1\|/)
  expect(text).not.toContain('m1.example')
  expect(why(text, 'm1.example', 22, ed)).toBe('ok')
  expect(why(text, 'm1.example', 22, other)).toBe('changed')
  expect(why(text, 'm2', 2222, other)).toBe('ok')
  expect(why(text, 'm3', 22, ed)).toBe('unknown')
})

test('revoked keys and certificate authorities', () => {
  expect(why(`m1 ${ed}\n@revoked * ${ed}`, 'm1', 22, ed)).toBe('revoked')
  expect(why(`@revoked m2 ${ed}\nm1 ${ed}`, 'm1', 22, ed)).toBe('ok')
  expect(why(`@cert-authority *.lab ${other}`, 'm1.lab', 22, ed)).toBe('authority')
  expect(why(`@cert-authority *.lab ${other}`, 'm1.lab', 22, other)).toBe('authority')
  expect(why(`@cert-authority *.lab ${other}\nm1.lab ${ed}`, 'm1.lab', 22, ed)).toBe('ok')
  expect(why(`@something m1 ${ed}`, 'm1', 22, ed)).toBe('unknown')
})

test('fingerprints are those ssh-keygen shows', () => {
  const shown = execFileSync('ssh-keygen', ['-lf', join(folder, 'ed.pub')], { encoding: 'utf8' })
  expect(shown).toContain(fingerprint(blob(ed)))
})

test('asks for the kind of key that is on file', () => {
  const known = parseKnownHosts(`m1 ${rsa}\nm2 ${ed}\n@revoked m2 ${rsa}`, 'f')
  expect(algorithmsFor(known, 'm1', 22)).toEqual(['rsa-sha2-512', 'rsa-sha2-256'])
  expect(algorithmsFor(known, 'm2', 22)).toEqual(['ssh-ed25519'])
  expect(algorithmsFor(known, 'm3', 22)).toEqual([])
})

test('what makes no sense is left out, with comments, CRLF and extra words allowed', () => {
  const known = parseKnownHosts(
    `# m1 ${ed}\r\n\r\nm1 ${ed} and a comment\r\nm2 ssh-rsa ${ed.split(' ')[1] ?? ''}\nm3\nm4 ssh-ed25519 !!!\n`,
    'f',
  )
  expect(known.map(({ names, line }) => [names, line])).toEqual([['m1', 3]])
  fc.assert(
    fc.property(fc.string(), text => {
      judge(parseKnownHosts(text, 'f'), 'm1', 22, Buffer.from(text))
    }),
  )
})

test('wildcards take linear time', () => {
  expect(wildcard('a*b?d*', 'axxbcdyy')).toBe(true)
  expect(wildcard('*', '')).toBe(true)
  expect(wildcard('a?', 'a')).toBe(false)
  expect(wildcard(`${'*a'.repeat(30)}b`, 'a'.repeat(2000))).toBe(false)
})

test('accept-new puts a key on file once, and a changed one is still refused', () => {
  const file = join(folder, 'new', 'known_hosts')
  const at = (address: string, port: number) =>
    aWay({ known: { address, port }, knownHostsFiles: [file], hostKeys: 'accept-new' })
  const trust = trustFiles()
  expect(trust.check(at('m1', 2222), blob(ed))).toBeUndefined()
  expect(trust.check(at('m1', 2222), blob(ed))).toBeUndefined()
  expect(readFileSync(file, 'utf8')).toBe(`[m1]:2222 ${ed}\n`)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const refused = trust.check(at('m1', 2222), blob(other))
  expect(refused?.message).toContain('has changed')
  expect(refused?.message).toContain(fingerprint(blob(ed)))
  expect(refused?.message).toContain(fingerprint(blob(other)))
  expect(trustFiles().check(at('m1', 2222), blob(other))?.message).toContain(`${file}:1`)
  writeFileSync(file, `m0 ${ed}`)
  expect(trustFiles().check(at('m1', 22), blob(ed))).toBeUndefined()
  expect(readFileSync(file, 'utf8')).toBe(`m0 ${ed}\n${knownHostsLine('m1', 22, blob(ed))}`)
})

test('strict refuses a key that is not on file and says how to put it there', () => {
  const refused = trustFiles().check(aWay({ knownHostsFiles: [join(folder, 'none')] }), blob(ed))
  expect(refused?.message).toContain(fingerprint(blob(ed)))
  expect(refused?.help).toContain('ssh-keyscan')
})
