import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FATAL_LINE } from '../../../src/catalog/docker/api.ts'
import { readClusterStatus } from '../../../src/catalog/dtr/clusterStatus.ts'
import { readParts } from '../../../src/catalog/dtr/containers.ts'
import { ca, facts, helper, ping, replica } from '../../../src/catalog/dtr/facts.ts'
import { readSettings } from '../../../src/catalog/dtr/settings.ts'
import { installMessages, joinMessages, unhealthyText } from '../../../src/catalog/dtr/messages.ts'
import type { Json } from '../../../src/plan/step.ts'

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/dtr/${name}`, import.meta.url), 'utf8')
const status = fixture('cluster_status.json')
/** 2019-02-15T00:21:00Z: a minute after the last self-reports. */
const NOW = 1_550_190_060
const output = (document: string, code = 200, now = NOW) => `${now}\n${document}\n${code}\n`
const exit = (code: number, stdout = '', stderr = '') => ({ code, stdout, stderr })
type Any = { [key: string]: Any }
function changed(change: (document: Any) => void): string {
  const document = JSON.parse(status) as Any
  change(document)
  return output(JSON.stringify(document))
}

describe('cluster_status', () => {
  it('is whole when every member is well and fresh', () => {
    expect(readClusterStatus(output(status))).toEqual({
      members: Object.fromEntries(
        ['f2277ad178f7', 'f3712d9c419a', 'f58cf364e3df'].map(id => [
          id,
          { ok: true, fresh: true, readonly: false, present: true },
        ]),
      ),
      ids: ['f2277ad178f7', 'f3712d9c419a', 'f58cf364e3df'],
      count: 3,
      healthy: 3,
      even: false,
      tablesReady: true,
      writable: true,
      connected: true,
      issues: [],
      whole: true,
    })
  })

  it('does not believe an old OK', () => {
    expect(readClusterStatus(output(status, 200, NOW + 600))).toMatchObject({ healthy: 0, whole: false })
    expect(readClusterStatus(output(status, 200, NOW - 86_400))).toMatchObject({ healthy: 0, whole: false })
  })

  it('reads issues in both places', () => {
    const issue = {
      description: '... some replicas are not ready. The following servers are\n   not reachable: x',
    }
    for (const seen of [
      changed(document => Object.assign(document, { current_issues: [issue] })),
      changed(document =>
        Object.assign(document['rethink_system_tables'] ?? {}, { current_issues: [issue] }),
      ),
    ])
      expect(readClusterStatus(seen)).toMatchObject({
        issues: ['... some replicas are not ready. The following servers are not reachable: x'],
        whole: false,
      })
  })

  it('is not whole with a server missing, a table not ready, or no tables at all', () => {
    const tables = (document: Any) =>
      document['rethink_system_tables'] as unknown as { [key: string]: unknown[] }
    expect(readClusterStatus(changed(document => tables(document)['server_status']?.pop()))).toMatchObject({
      connected: false,
      whole: false,
    })
    expect(readClusterStatus(changed(document => (tables(document)['table_status'] = [])))).toMatchObject({
      tablesReady: false,
      whole: false,
    })
    const unready = changed(document =>
      Object.assign((tables(document)['table_status']?.[0] as Any)['status'] ?? {}, {
        all_replicas_ready: false,
      }),
    )
    expect(readClusterStatus(unready)).toMatchObject({ tablesReady: false, writable: true, whole: false })
    const cut = changed(document =>
      Object.assign(
        ((tables(document)['server_status']?.[0] as Any)['network'] as Any)['connected_to'] ?? {},
        { other: false },
      ),
    )
    expect(readClusterStatus(cut)).toMatchObject({ connected: false })
  })

  it('tells a refusal from an answer, and neither from noise', () => {
    expect(readClusterStatus(output('{"errors":[]}', 401))).toEqual({ code: 401 })
    expect(readClusterStatus(output('<html>'))).toBeUndefined()
    expect(readClusterStatus(output('{"replica_health": []}'))).toBeUndefined()
  })

  it('never answers to what was cut short', () => {
    const whole = output(status)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 2 }), at => {
        expect(readClusterStatus(whole.slice(0, at))).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })
})

describe('parts of replicas on a host', () => {
  const names = [
    'api',
    'garant',
    'jobrunner',
    'nginx',
    'notary-server',
    'notary-signer',
    'registry',
    'rethinkdb',
    'scanningstore',
  ]
  const listing = (state: (name: string) => string, more = '') =>
    `${names.map(name => `dtr-${name}-c8a9ec361fde|2.7.15|${state(name)}\n`).join('')}${more}volumes\ndtr-ca-c8a9ec361fde\ndtr-registry-nfs-c8a9ec361fde\ndtr-nfs-registry-0123456789ab\nother\nend\n`

  it('reads nine containers, hex ids, both NFS volume names and two-digit versions', () => {
    const seen = readParts(listing(() => 'Up 3 hours (healthy)'))
    expect(seen?.replicas['c8a9ec361fde']).toEqual({
      version: '2.7.15',
      running: true,
      containers: 9,
      up: 9,
      volumes: 2,
    })
    expect(seen?.replicas['0123456789ab']).toEqual({
      version: '',
      running: false,
      containers: 0,
      up: 0,
      volumes: 1,
    })
    expect(seen?.helper).toBe('none')
  })

  it('sees a stopped database and a helper left behind', () => {
    const seen = readParts(
      listing(
        name => (name === 'rethinkdb' ? 'Exited (137) 5 minutes ago' : 'Up 1 hour'),
        'dtr-phase2||Exited (1) 2 minutes ago\n',
      ),
    )
    expect(seen?.replicas['c8a9ec361fde']).toMatchObject({ running: false, up: 8 })
    expect(seen?.helper).toBe('ended')
    expect(readParts('dtr-phase2||Up 2 seconds\nvolumes\nend\n')?.helper).toBe('running')
  })

  it('tells none, stopped engine and no engine apart', () => {
    expect(replica.parse(exit(0, 'volumes\nend\n'), undefined)).toBeNull()
    expect(replica.parse(exit(127, '', 'sh: 1: docker: not found'), undefined)).toBeNull()
    expect(
      replica.parse(
        exit(1, '', 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.'),
        undefined,
      ),
    ).toBeUndefined()
    expect(replica.parse(exit(0, 'dtr-api-c8a9ec361fde|2.7.6|Up\nvolumes\n'), undefined)).toBeUndefined()
    expect(helper.parse(exit(127), undefined)).toEqual({ running: false, left: false })
  })
})

describe('ping', () => {
  it('keeps refusal, silence and errors apart', () => {
    expect(ping.parse(exit(7), {})).toBeNull()
    expect(ping.parse(exit(28, '', 'curl: (28) Operation timed out'), {})).toMatchObject({
      code: 0,
      healthy: false,
    })
    expect(ping.parse(exit(0, '{"Error":"","Healthy":true}\n200\n'), {})).toEqual({
      code: 200,
      healthy: true,
      error: '',
    })
    expect(ping.parse(exit(0, '{"Error":"storage","Healthy":false}\n503\n'), {})).toEqual({
      code: 503,
      healthy: false,
      error: 'storage',
    })
    expect(ping.parse(exit(0, '<html>502</html>\n502\n'), {})).toEqual({
      code: 502,
      healthy: false,
      error: '',
    })
    expect(ping.parse(exit(0, 'no code'), {})).toBeUndefined()
    expect(ping.parse(exit(127), {})).toBeUndefined()
  })
})

describe('settings', () => {
  const meta = '{"dtrHost":"dtr.example.com","createRepositoryOnPush":true,"nfsHost":"","storageVolume":""}'
  const text = (registry: string, repositories = '{"repositories":[{"name":"a"}]}') =>
    `${meta}\n200\n${registry}\n200\n${repositories}\n200\nend\n`

  it('keeps what is open of a store and drops its keys', () => {
    const store = {
      storage: {
        delete: { enabled: true },
        s3: { bucket: 'b', region: 'r', accesskey: 'AKIA', secretkey: 'hush', regionendpoint: '' },
      },
    }
    const seen = readSettings(text(JSON.stringify(store, null, 1)))
    expect(seen).toMatchObject({
      storage: { kind: 's3', bucket: 'b', region: 'r' },
      empty: false,
      createOnPush: true,
    })
    expect(JSON.stringify(seen)).not.toMatch(/hush|AKIA/)
  })

  it('knows local, path and NFS', () => {
    expect(readSettings(text('{"storage":{"filesystem":{}}}'))).toMatchObject({ storage: { kind: 'local' } })
    expect(
      readSettings(text('{"storage":{}}').replace('"storageVolume":""', '"storageVolume":"/mnt/images"')),
    ).toMatchObject({ storage: { kind: 'path', path: '/mnt/images' } })
    expect(
      readSettings(text('{"storage":{}}').replace('"nfsHost":""', '"nfsHost":"n","nfsPath":"/x"')),
    ).toMatchObject({ storage: { kind: 'nfs', url: 'nfs://n/x' } })
  })

  it('tells a refusal from noise', () => {
    expect(readSettings(text('{}').replaceAll('200', '403'))).toEqual({ code: 403 })
    expect(readSettings(text('not json'))).toBeUndefined()
    expect(readSettings(text('{}').replace('end\n', ''))).toBeUndefined()
  })
})

describe('any noise', () => {
  it('is never an answer that throws, nor one that is not JSON', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.constantFrom(0, 1, 2, 22, 124, 255), (noise, code) => {
        for (const fact of facts) {
          const seen: Json | undefined = fact.parse(exit(code, noise, noise), { port: 443 })
          if (seen !== undefined) expect(JSON.parse(JSON.stringify(seen))).toEqual(seen)
        }
        expect(ca.parse(exit(0, noise), {})).toBeUndefined()
      }),
    )
  })
})

describe('the bootstrapper’s log', () => {
  const fatal = new RegExp(FATAL_LINE)
  const lines = (name: string) => fixture(name).trimEnd().split('\n')

  it('of a good run has no fatal line, in either form', () => {
    expect([...lines('install-2.7.log'), ...lines('join-2.7.log')].filter(line => fatal.test(line))).toEqual(
      [],
    )
  })

  it('of a refusal has one', () => {
    expect(lines('unhealthy.log').filter(line => fatal.test(line))).toHaveLength(1)
    expect(fatal.test('FATA[0012] Failed to execute phase2')).toBe(true)
    expect(fatal.test('\u001b[31mFATA\u001b[0m[0012] Failed to execute phase2')).toBe(true)
  })

  it('of the twin says what the captures say', () => {
    const told = (messages: readonly (readonly [string, string])[]) => messages.map(([, text]) => text)
    const install = told(installMessages('c8a9ec361fde', 'd1', ['d1', 'd2'], true))
    const join = told(joinMessages('cc0509711d05', 'node3', ['d2'], ['c8a9ec361fde']))
    const texts = (name: string) => lines(name).map(line => line.replace(/^\w+\[\d+\] /, '').trimEnd())
    // Lines about steps that leave no trace in the twin are left out of its log; what it says must have been seen.
    const final = (all: readonly string[]) =>
      all.filter(text =>
        /complete|Replica ID|registered|Beginning|currently|recommended|successfully/.test(text),
      )
    expect(install).toEqual(expect.arrayContaining(final(texts('install-2.7.log'))))
    expect(join).toEqual(expect.arrayContaining(final(texts('join-2.7.log'))))
    expect(fixture('unhealthy.log')).toContain(unhealthyText(['1f40f1e2b1a7']))
  })
})
