import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../../src/cli/store/open.ts'
import type { Store } from '../../../src/plan/step.ts'
import { type Bytes, DepotError } from '../../../src/run/depot.ts'
import type { Sessions } from '../../../src/run/world.ts'
import { bucket } from './bucket.ts'

const folder = mkdtempSync(join(tmpdir(), 'runbook-store-'))
const nobody = { to: () => Promise.reject(new Error('no host is needed')) } as unknown as Sessions
const secrets: { [reference: string]: string } = { 'env:A': 'access', 'env:S': 'geheim/+=' }
const open = (store: Store) =>
  openStore(store, { folder, secret: name => secrets[name] ?? '', sessions: nobody })
let server: Server
let s3: Store
const objects = new Map<string, Buffer>()

beforeAll(async () => {
  server = createServer(bucket(objects))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  s3 = {
    s3: {
      endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
      region: 'eu-central-1',
      bucket: 'dr-backups',
      prefix: 'lab/',
      accessKey: { secret: 'env:A' },
      secretKey: { secret: 'env:S' },
    },
  }
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

async function* of(...pieces: readonly Uint8Array[]): Bytes {
  await Promise.resolve()
  yield* pieces
}
async function all(bytes: Bytes): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const piece of bytes) parts.push(piece)
  return Buffer.concat(parts)
}

describe.each([
  ['a folder', () => ({ directory: 'kept' })],
  ['a bucket', () => s3],
])('%s', (_, storeOf) => {
  it('gives back what was put, bigger than one part and empty, and knows its digest', async () => {
    const depot = open(storeOf())
    const big = randomBytes(9 * 1024 * 1024 + 7)
    const kept = await depot.put('one/big.tar', of(big.subarray(0, 1000), big.subarray(1000)))
    expect(kept).toEqual({ bytes: big.length, sha256: createHash('sha256').update(big).digest('hex') })
    expect((await all(depot.get('one/big.tar'))).equals(big)).toBe(true)
    await depot.put('two/empty', of())
    expect(await all(depot.get('two/empty'))).toHaveLength(0)
    expect(await depot.text('one/nothing.json')).toBeUndefined()
    expect(await depot.folders()).toEqual(['one', 'two'])
    await depot.remove('one')
    expect(await depot.folders()).toEqual(['two'])
    await expect(all(depot.get('one/big.tar'))).rejects.toBeInstanceOf(DepotError)
  })

  it('has nothing of a file that broke off', async () => {
    const depot = open(storeOf())
    const broken = (async function* (): Bytes {
      await Promise.resolve()
      yield randomBytes(9 * 1024 * 1024)
      throw new DepotError('the host is gone', 'look')
    })()
    await expect(depot.put('three/half.tar', broken)).rejects.toThrow('the host is gone')
    expect(await depot.folders()).not.toContain('four')
    await expect(all(depot.get('three/half.tar'))).rejects.toBeInstanceOf(DepotError)
    await depot.remove('three')
  })
})

it('a folder is its owner’s alone, and no temporary file stays', async () => {
  const depot = open({ directory: 'private' })
  await depot.put('set/a.tar', of(Buffer.from('x')))
  expect(statSync(join(folder, 'private/set')).mode & 0o777).toBe(0o700)
  expect(statSync(join(folder, 'private/set/a.tar')).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(folder, 'private/set'))).toEqual(['a.tar'])
})

it('a bucket refuses wrong keys, and the message holds none', async () => {
  const depot = open('s3' in s3 ? { s3: { ...s3.s3, secretKey: { secret: 'env:OTHER' } } } : s3)
  const failed = await depot.put('x/y', of(Buffer.from('x'))).catch((error: unknown) => error)
  expect(String(failed)).toContain('403')
  expect(String(failed)).not.toContain('geheim')
})

describe('with age', () => {
  it('archives are encrypted to each recipient, records are not, and a change is found', async () => {
    const [ours, theirs] = [await generateIdentity(), await generateIdentity()]
    secrets['file:key'] = `# made today\n${ours}\n`
    const recipients = [await identityToRecipient(ours), await identityToRecipient(theirs)]
    const depot = open({ directory: 'sealed', age: { recipients, identity: { secret: 'file:key' } } })
    const plain = randomBytes(300_000)
    const kept = await depot.put('set/ucp.tar', of(plain))
    await depot.put('set/ucp.tar.record.json', of(Buffer.from('{}')))
    expect(kept.bytes).toBe(plain.length)
    const path = join(folder, 'sealed/set/ucp.tar')
    const stored = readFileSync(path)
    expect(stored.subarray(0, 21).toString()).toBe('age-encryption.org/v1')
    expect((await all(depot.get('set/ucp.tar'))).equals(plain)).toBe(true)
    expect(await depot.text('set/ucp.tar.record.json')).toBe('{}')
    const other = new Decrypter()
    other.addIdentity(theirs)
    expect(Buffer.from(await other.decrypt(stored)).equals(plain)).toBe(true)
    const spoilt = Buffer.from(stored)
    spoilt[spoilt.length - 40] = (spoilt[spoilt.length - 40] ?? 0) ^ 1
    writeFileSync(path, spoilt)
    await expect(all(depot.get('set/ucp.tar'))).rejects.toThrow('could not be decrypted')
    writeFileSync(path, stored.subarray(0, 100_000))
    await expect(all(depot.get('set/ucp.tar'))).rejects.toThrow('could not be decrypted')
  })
})
