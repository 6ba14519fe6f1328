import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { marks, marksRef, toolsRef, tools } from '../../../src/catalog/storage/facts.ts'
import { findings } from '../../../src/catalog/storage/findings.ts'
import { markerText, readMarks } from '../../../src/catalog/storage/markers.ts'
import { converge } from '../../../src/catalog/storage/plays/converge.ts'
import { directTarget, nfsParts, writeCommand } from '../../../src/catalog/storage/target.ts'
import { factKey } from '../../../src/plan/fact.ts'
import type { Json } from '../../../src/plan/step.ts'
import type { StorageSpec, Topology } from '../../../src/playbook/topology.ts'
import { example } from '../dtr/onTwin.ts'

const exit = (code: number, stdout = '', stderr = '') => ({ code, stdout, stderr })
const with_ = (storage: StorageSpec): Topology => ({ ...example('dtr-ha'), storage })
const secret = { secret: 'env:X' }
const s3: StorageSpec = {
  kind: 's3',
  bucket: 'b',
  region: 'r',
  rootDirectory: '/dtr/',
  accessKey: secret,
  secretKey: secret,
  secure: true,
  skipVerify: false,
  v4auth: true,
}
const play = (topology: Topology, facts = new Map()) =>
  converge({ topology, facts, after: [] }).map(step => step.id)

describe('which storage is proved from the hosts', () => {
  it('a path, NFS and S3 with keys are; the rest is proved through the registry', () => {
    expect(play(with_({ kind: 'path', path: '/mnt/x' }))).toEqual([
      'storage.mark@d1',
      'storage.mark@d2',
      'storage.mark@d3',
      'storage.prove@d1',
      'storage.prove@d2',
      'storage.prove@d3',
    ])
    expect(play(with_({ kind: 'nfs', url: 'nfs://n/x' }))).toContain('storage.client@d1')
    expect(play(with_(s3))).toHaveLength(6)
    for (const storage of [
      { kind: 'local' },
      { ...s3, v4auth: false },
      (({ accessKey: _a, secretKey: _s, ...rest }) => rest)(s3),
      { kind: 'gcs', bucket: 'b', keyFile: secret, rootDirectory: '' },
      { kind: 'azure', accountName: 'a', accountKey: secret, container: 'c', realm: 'r' },
      { kind: 'swift', authUrl: 'u', username: 'n', password: secret, container: 'c' },
    ] as StorageSpec[]) {
      expect(play(with_(storage))).toEqual([])
      if (storage.kind !== 'local')
        expect(findings(with_(storage), new Map()).map(one => one.code)).toEqual(['RB0870'])
    }
  })

  it('a curl that cannot sign leaves S3 to the registry; unknown is taken as able', () => {
    const old = new Map([[factKey(toolsRef('d2')), { nfs: false, curl: true, sigv4: false }]])
    expect(play(with_(s3), old)).toEqual([])
    expect(findings(with_(s3), old).map(one => one.code)).toEqual(['RB0870'])
  })

  it('gives no secret to argv', () => {
    const target = directTarget(s3)
    if (!target) throw new Error('S3 with keys can be asked directly')
    const command = writeCommand(target, 'site', 'd1')
    expect(command.argv.every(word => typeof word === 'string')).toBe(true)
    expect(command.stdin).toEqual({ join: [secret, '\n', secret, '\n'] })
    expect(command.argv.slice(4, 9)).toEqual(['write', 'https://s3.r.amazonaws.com/b/dtr', 'r', 'no', 'site'])
  })
})

describe('answers', () => {
  it('tell what is not there from what could not be told and from what refused', () => {
    expect(marks.parse(exit(0, 'mark d1 runbook site d1\nend\n'), {})).toEqual({
      marks: { d1: markerText('site', 'd1') },
    })
    expect(marks.parse(exit(0, 'end\n'), {})).toEqual({ marks: {} })
    expect(marks.parse(exit(3), {})).toBeNull()
    expect(marks.parse(exit(127, '', 'unshare: not found'), {})).toBeUndefined()
    expect(marks.parse(exit(32, '', 'mount.nfs: Connection refused\n'), {})).toEqual({
      unreadable: 'mount.nfs: Connection refused',
    })
    expect(marks.parse(exit(0, 'mark d1 runbook site d1\n'), {})).toBeUndefined()
  })

  it('warn of a host that cannot look, but not of one that only lacks the client', () => {
    const topology = with_({ kind: 'nfs', url: 'nfs://n/x' })
    const target = directTarget(topology.storage)
    if (!target) throw new Error('NFS can be asked directly')
    const refused = [
      factKey(marksRef(topology, target, 'd1')),
      { unreadable: 'mount.nfs: Connection refused' },
    ] as const
    const codes = (nfs: boolean): readonly string[] =>
      findings(
        topology,
        new Map<string, Json>([refused, [factKey(toolsRef('d1')), { nfs, curl: true, sigv4: true }]]),
      ).map(one => one.code)
    expect(codes(true)).toEqual(['RB0871'])
    expect(codes(false)).toEqual([])
  })

  it('know which curl signs', () => {
    const seen = (text: string) => tools.parse(exit(0, text), undefined)
    expect(seen('nfs=yes curl=7.88.1\n')).toEqual({ nfs: true, curl: true, sigv4: true })
    expect(seen('nfs=no curl=7.58.0\n')).toEqual({ nfs: false, curl: true, sigv4: false })
    expect(seen('nfs=no curl=8.5.0\n')).toMatchObject({ sigv4: true })
    expect(seen('nfs=no curl=\n')).toEqual({ nfs: false, curl: false, sigv4: false })
    expect(seen('noise')).toBeUndefined()
  })

  it('never come from noise or a listing cut short', () => {
    const whole = 'mark d1 runbook site d1\nmark d2 runbook site d2\nend'
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), at => {
        expect(readMarks(whole.slice(0, at))).toBeUndefined()
      }),
    )
    fc.assert(
      fc.property(fc.string(), noise => {
        expect(marks.parse(exit(0, noise), {})).toBeUndefined()
      }),
    )
  })

  it('read NFS URLs', () => {
    expect(nfsParts('nfs://[2001:db8::1]/export')).toEqual({ server: '[2001:db8::1]', export: '/export' })
    expect(nfsParts('10.0.0.1:/export')).toBeUndefined()
  })
})
