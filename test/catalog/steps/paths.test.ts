import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { absolute, fileFact, pathFact, sameFact } from '../../../src/catalog/steps/paths.ts'
import { seeReal } from './real.ts'

const text = 'one\ntwo\n'
const sha256 = createHash('sha256').update(text).digest('hex')

describe('paths, asked of a real system', () => {
  let folder = ''
  const owner = userInfo().username
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'steps-'))
    writeFileSync(join(folder, 'a file'), text)
    chmodSync(join(folder, 'a file'), 0o640)
    writeFileSync(join(folder, 'empty'), '')
    mkdirSync(join(folder, 'sub'))
    chmodSync(join(folder, 'sub'), 0o2750)
    symlinkSync(join(folder, 'a file'), join(folder, 'link'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('tells kind, mode, owner and digest', () => {
    const path = join(folder, 'a file')
    expect(seeReal(fileFact, { path })).toMatchObject({ kind: 'file', mode: '0640', owner, sha256 })
    expect(seeReal(pathFact, { path })).toMatchObject({ kind: 'file', mode: '0640', owner })
    expect(seeReal(fileFact, { path: join(folder, 'empty') })).toMatchObject({
      kind: 'file',
      sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    })
    expect(seeReal(fileFact, { path: join(folder, 'sub') })).toMatchObject({
      kind: 'directory',
      mode: '2750',
      sha256: '',
    })
    expect(seeReal(pathFact, { path: join(folder, 'link') })).toMatchObject({ kind: 'other' })
    expect(seeReal(pathFact, { path: join(folder, 'none') })).toBeNull()
    expect(seeReal(fileFact, { path: join(folder, 'none') })).toBeNull()
  })

  it('compares a text on the host, without its digest', () => {
    const path = join(folder, 'a file')
    expect(seeReal(sameFact, { path, content: text })).toMatchObject({ kind: 'file', same: true })
    expect(seeReal(sameFact, { path, content: `${text}x` })).toMatchObject({ kind: 'file', same: false })
    expect(seeReal(sameFact, { path: join(folder, 'none'), content: text })).toBeNull()
    expect(seeReal(sameFact, { path: join(folder, 'sub'), content: text })).toMatchObject({
      kind: 'directory',
      same: false,
    })
  })

  it('cannot tell when it may not look or the answer is cut off', () => {
    const denied = { code: 1, stdout: '', stderr: "stat: cannot statx '/root/x': Permission denied\n" }
    for (const fact of [pathFact, fileFact, sameFact]) {
      expect(fact.parse(denied, { path: '/root/x' })).toBeUndefined()
      expect(fact.parse({ code: 0, stdout: 'regular file|64', stderr: '' }, {})).toBeUndefined()
      expect(fact.parse({ code: undefined, stdout: '', stderr: '' }, {})).toBeUndefined()
    }
    expect(
      fileFact.parse({ code: 0, stdout: 'regular file|644|root|root\n', stderr: '' }, {}),
    ).toBeUndefined()
    expect(
      sameFact.parse({ code: 0, stdout: 'regular file|644|root|root\n', stderr: '' }, {}),
    ).toBeUndefined()
  })

  it('takes plain absolute paths only', () => {
    expect(absolute('/etc/motd', [])).toBe('/etc/motd')
    expect(absolute('/etc/x/', [])).toBe('/etc/x')
    for (const path of ['etc', '/a/../b', '/a//b', '/a/./b', '', '/a\nb'])
      expect(() => absolute(path, [])).toThrow('no plain')
  })
})
