import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { remoteSession } from '../../src/hosts/remote.ts'
import { BLOCK_BYTES } from '../../src/hosts/wire.ts'
import { SHELLS, localLink } from './localShell.ts'

const folder = mkdtempSync(join(tmpdir(), 'runbook-big-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe.each(SHELLS)('big files under %s', (name, command) => {
  const link = localLink(command)
  const session = remoteSession(link, () => link.close())
  afterAll(() => session.close())
  const file = join(folder, `${name}.bin`)
  const whole = randomBytes(3 * BLOCK_BYTES + 1234)

  test('pieces come raw, with the size of the whole; what is not there is told from what is empty', async () => {
    writeFileSync(file, whole)
    const first = await session.read?.(file, 0, 2)
    const last = await session.read?.(file, 2, 8)
    expect(first?.size).toBe(whole.length)
    expect(Buffer.concat([first?.bytes ?? [], last?.bytes ?? []] as Uint8Array[]).equals(whole)).toBe(true)
    expect(await session.read?.(join(folder, 'nothing'), 0, 1)).toBeUndefined()
  })

  test('bytes go there as they are, whatever they are, and a piece sent twice is there once', async () => {
    const to = join(folder, 'new folder', `${name}.copy`)
    const pieces = [whole.subarray(0, 2 * BLOCK_BYTES), whole.subarray(2 * BLOCK_BYTES)]
    expect(await session.take?.(to, 0, pieces[0] ?? whole, '0600')).toMatchObject({ code: 0 })
    expect(await session.take?.(to, 2, pieces[1] ?? whole, '0600')).toMatchObject({ code: 0 })
    expect(await session.take?.(to, 2, pieces[1] ?? whole, '0600')).toMatchObject({ code: 0 })
    expect(sha256(readFileSync(to))).toBe(sha256(whole))
    expect(statSync(to).mode & 0o777).toBe(0o600)
    expect(await session.take?.(to, 9, whole, '0600')).toMatchObject({ code: 3 })
    expect(await session.probe([{ argv: ['echo', 'well'], env: {} }], { timeoutMs: 5000 })).toMatchObject([
      { stdout: 'well\n' },
    ])
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
