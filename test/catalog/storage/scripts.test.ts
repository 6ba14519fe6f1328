import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMarks } from '../../../src/catalog/storage/markers.ts'
import { nfsScript, pathScript, s3Script } from '../../../src/catalog/storage/scripts.ts'
import { bench } from '../sh.ts'

const KEY = 'account:user+/=&'
const SECRET = 'p@ss/"\\+ w:%41'

/** Checks version 4 signatures as S3 does, for header-signed requests. */
function signedBy(request: IncomingMessage): boolean {
  const found =
    /^AWS4-HMAC-SHA256 Credential=(.+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    )
  if (!found || found[1] !== KEY) return false
  const [, , date = '', region = '', names = '', signature] = found
  const headers = names.split(';').map(name => `${name}:${String(request.headers[name]).trim()}\n`)
  const [path = '', query = ''] = (request.url ?? '').split('?')
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  for (const payload of ['UNSIGNED-PAYLOAD']) {
    const canonical = [request.method, path, query, headers.join(''), names, payload].join('\n')
    const stamp = String(request.headers['x-amz-date'])
    const text = ['AWS4-HMAC-SHA256', stamp, `${date}/${region}/s3/aws4_request`, hash(canonical)].join('\n')
    const key = ['s3', 'aws4_request'].reduce(
      (k, part) => hmac(k, part),
      hmac(hmac(`AWS4${SECRET}`, date), region),
    )
    if (createHmac('sha256', key).update(text).digest('hex') === signature) return true
  }
  return false
}

describe('the S3 proof with a real curl', () => {
  const objects = new Map<string, string>()
  let server: Server
  let url = ''
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = ''
      request.on('data', (data: Buffer) => (body += data.toString()))
      request.on('end', () => {
        if (!signedBy(request)) {
          response.writeHead(403).end('<Code>SignatureDoesNotMatch</Code>')
          return
        }
        if (request.method === 'PUT') {
          objects.set(request.url ?? '', body)
          response.writeHead(200).end()
          return
        }
        const seen = objects.get(request.url ?? '')
        if (seen === undefined) response.writeHead(404).end('<Code>NoSuchKey</Code>')
        else response.writeHead(200).end(seen)
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/images/dtr`
  })
  afterAll(() => {
    server.close()
  })

  it('writes and reads markers with signed requests, whatever is in the keys', async () => {
    const one = bench()
    const words = [url, 'eu-west-1', 'no', 'site']
    const stdin = `${KEY}\n${SECRET}\n`
    const wrote = await one.run(s3Script, ['write', ...words, 'd1', 'runbook site d1'], stdin)
    expect(wrote).toEqual({ code: 0, stdout: '', stderr: '' })
    const read = await one.run(s3Script, ['read', ...words, 'd1', 'd2'], stdin)
    expect(readMarks(read.stdout)).toEqual({ d1: 'runbook site d1' })
    one.done()
  })

  it('says what the store says to a wrong key', async () => {
    const one = bench()
    const read = await one.run(s3Script, ['read', url, 'eu-west-1', 'no', 'site', 'd1'], `${KEY}\nwrong\n`)
    expect(read.code).toBe(22)
    expect(read.stderr).toContain('SignatureDoesNotMatch')
    one.done()
  })
})

describe('the shared path', () => {
  it('tells a missing directory from an empty one, and keeps one file a host', async () => {
    const one = bench()
    const path = `${one.dir}/shared`
    expect((await one.run(pathScript, ['read', path, 'site'])).code).toBe(3)
    for (const host of ['d1', 'd2', 'd1'])
      await one.run(pathScript, ['write', path, 'site', host, `runbook site ${host}`])
    const read = await one.run(pathScript, ['read', path, 'site'])
    expect(readMarks(read.stdout)).toEqual({ d1: 'runbook site d1', d2: 'runbook site d2' })
    one.done()
  })
})

describe('the NFS trial mount', () => {
  // Nothing on a test machine mounts NFS: unshare runs its command, mount writes down what it was asked.
  const programs = {
    timeout: 'shift; exec "$@"',
    unshare: 'shift; exec "$@"',
    showmount: 'echo "Export list for $2:"',
    mount:
      'echo "$@" >> $BENCH/mounts; case "$*" in *refused*) echo "mount.nfs: Connection refused" >&2; exit 32 ;; esac',
    umount: 'echo "umount $@" >> $BENCH/mounts',
  }

  it('mounts read-only to look, with the playbook’s options, in a private namespace', async () => {
    const one = bench(programs)
    const read = await one.run(nfsScript, ['read', '10.0.0.9', '/export/dtr', 'nfsvers=4', 'no-such-cluster'])
    expect(read.code).toBe(0)
    expect(readMarks(read.stdout)).toEqual({})
    const seen = await one.run('cat "$1/mounts"', [one.dir])
    expect(seen.stdout.split('\n')).toEqual([
      '--make-rprivate /',
      '-t nfs -o nfsvers=4,ro 10.0.0.9:/export/dtr /mnt',
      'umount /mnt',
      '',
    ])
    one.done()
  })

  it('says why a mount failed', async () => {
    const one = bench(programs)
    const read = await one.run(nfsScript, ['read', 'refused', '/export/dtr', '', 'site'])
    expect(read.code).toBe(32)
    expect(read.stderr).toContain('Connection refused')
    one.done()
  })
})
