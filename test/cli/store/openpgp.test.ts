import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openOpenPgp } from '../../../src/cli/store/openpgp.ts'
import type { Bytes } from '../../../src/run/depot.ts'

const home = mkdtempSync(join(tmpdir(), 'runbook-pgp-'))
afterAll(() => {
  rmSync(home, { recursive: true, force: true })
})
const hasGpg = spawnSync('gpg', ['--version']).status === 0
if (!hasGpg) process.stderr.write('skipped: there is no gpg on this machine\n')

async function* of(bytes: Uint8Array): Bytes {
  await Promise.resolve()
  for (let at = 0; at < bytes.length; at += 60_000) yield bytes.subarray(at, at + 60_000)
}
async function all(bytes: Bytes): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const piece of bytes) parts.push(piece)
  return Buffer.concat(parts)
}

it.skipIf(!hasGpg)(
  'opens what was encrypted with a passphrase, and says what is wrong with anything else',
  async () => {
    const plain = randomBytes(500_000)
    const made = spawnSync(
      'gpg',
      [
        ...[
          '--homedir',
          home,
          '--batch',
          '--pinentry-mode',
          'loopback',
          '--passphrase',
          'long enough phrase',
        ],
        ...['--s2k-count', '1024', '--symmetric', '--output', '-'],
      ],
      { input: plain, maxBuffer: 10_000_000 },
    )
    expect(made.status).toBe(0)
    expect((await all(openOpenPgp(of(made.stdout), 'long enough phrase'))).equals(plain)).toBe(true)
    await expect(all(openOpenPgp(of(made.stdout), 'another phrase'))).rejects.toThrow(
      'could not be decrypted',
    )
    await expect(all(openOpenPgp(of(made.stdout.subarray(0, 1000)), 'long enough phrase'))).rejects.toThrow(
      'could not be decrypted',
    )
  },
)
