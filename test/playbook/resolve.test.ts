import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Topology } from '../../src/playbook/topology.ts'
import { readPlaybook } from '../../src/playbook/read.ts'
import { replicaIds } from '../../src/playbook/replica-ids.ts'
import { playbookSchema, type SchemaNode } from '../../src/playbook/schema-at.ts'

const base = `runbook: 1
name: site
hosts:
  m1: { address: 198.51.100.11 }
  d2: { address: 198.51.100.22, user: ops, port: 2222, jump: m1, site: b, roles: [blue] }
  d1: { address: 198.51.100.21, roles: [blue, canary] }
  d3: { address: 198.51.100.23 }
docker: { version: '19.03' }
ucp: { version: 3.2.6, managers: [m1], adminPassword: env:A, sans: [m1, ucp.example.org] }
dtr: { version: 2.7.6, replicas: [{ host: d2 }, { host: d1, id: 0123456789ab }, { host: d3, httpsPort: 4443 }] }
storage: { kind: nfs, url: nfs://198.51.100.40/x }
loadBalancer: { kind: haproxy, hosts: [m1], ucp: { name: ucp.example.com, port: 8443 }, dtr: { name: dtr.example.com, port: 444 } }
`

function topologyOf(text: string): Topology {
  const { topology, diagnostics } = readPlaybook(text, 'x.yml', () => 'missing')
  if (topology === undefined) throw new Error(JSON.stringify(diagnostics))
  return topology
}

describe('resolve', () => {
  const topology = topologyOf(base)

  it('gives roles by section, in the order of the lists, and the groups of the playbook', () => {
    expect(topology.roles).toEqual({
      manager: ['m1'],
      worker: ['d2', 'd1', 'd3'],
      dtr: ['d2', 'd1', 'd3'],
      loadBalancer: ['m1'],
      blue: ['d1', 'd2'],
      canary: ['d1'],
    })
    expect(topology.hosts['d1']?.roles).toEqual(['worker', 'dtr', 'blue', 'canary'])
    expect(topology.docker.hosts).toEqual(['m1', 'd2', 'd1', 'd3'])
  })

  it('fills hosts from ssh, and lets a host say otherwise', () => {
    const { hosts } = topologyOf(
      base.replace(
        'hosts:',
        'ssh: { user: deploy, port: 22, sudo: password, sudoPassword: env:S, identityFile: ~/k }\nhosts:',
      ),
    )
    expect(hosts['m1']).toEqual({
      name: 'm1',
      address: '198.51.100.11',
      port: 22,
      user: 'deploy',
      roles: ['manager', 'loadBalancer'],
      identityFile: '~/k',
      sudo: { secret: 'env:S' },
    })
    expect(hosts['d2']).toMatchObject({ user: 'ops', port: 2222, jump: 'm1', site: 'b' })
  })

  it('collects names for the certificate without doubles', () => {
    expect(topology.ucp?.sans).toEqual(['ucp.example.com', 'm1', '198.51.100.11', 'ucp.example.org'])
  })

  it('takes the external URL from the balancer, and from the playbook when it says one', () => {
    expect(topology.dtr?.externalUrl).toBe('https://dtr.example.com:444')
    expect(
      topologyOf(base.replace('dtr: { version', 'dtr: { externalUrl: https://r.example.com, version')).dtr
        ?.externalUrl,
    ).toBe('https://r.example.com')
  })

  it.each([
    ['3.2.7', '2.7.7', 'docker/ucp:3.2.7', 'docker/dtr:2.7.7'],
    ['3.2.8', '2.7.8', 'mirantis/ucp:3.2.8', 'mirantis/dtr:2.7.8'],
    ['3.1.14', '2.6.14', 'docker/ucp:3.1.14', 'docker/dtr:2.6.14'],
    ['3.1.15', '2.6.15', 'mirantis/ucp:3.1.15', 'mirantis/dtr:2.6.15'],
    ['3.3.1', '2.8.1', 'docker/ucp:3.3.1', 'docker/dtr:2.8.1'],
    ['3.3.2', '2.8.2', 'mirantis/ucp:3.3.2', 'mirantis/dtr:2.8.2'],
    ['3.0.17', '2.5.17', 'docker/ucp:3.0.17', 'docker/dtr:2.5.17'],
    ['3.4.0', '2.9.0', 'mirantis/ucp:3.4.0', 'mirantis/dtr:2.9.0'],
    ['3.7.10', '2.10.1', 'mirantis/ucp:3.7.10', 'registry.mirantis.com/msr/dtr:2.10.1'],
  ])('finds the images of UCP %s and DTR %s', (ucp, dtr, ucpImage, dtrImage) => {
    const made = topologyOf(base.replace('3.2.6', ucp).replace('2.7.6', dtr))
    expect([made.ucp?.image, made.dtr?.image]).toEqual([ucpImage, dtrImage])
  })

  it('lets the playbook name another repository', () => {
    const made = topologyOf(
      base.replace('ucp: { version', 'ucp: { repository: registry.example.com:5000/mirror, version'),
    )
    expect(made.ucp?.image).toBe('registry.example.com:5000/mirror/ucp:3.2.6')
  })

  it('has the defaults that the schema tells', () => {
    const made = topologyOf(base)
    const byKey = (node: SchemaNode | undefined, key: string) => node?.properties?.[key]?.default
    const { ssh, ucp, replica, frontend, s3Storage, azureStorage, gcsStorage } = playbookSchema.$defs
    const host = made.hosts['m1']
    expect(host).toMatchObject({ user: byKey(ssh, 'user'), port: byKey(ssh, 'port') })
    expect([byKey(ssh, 'sudo'), host?.sudo]).toEqual(['none', 'no'])
    expect(made.ssh).toEqual({
      transport: byKey(ssh, 'transport'),
      connectTimeoutSeconds: byKey(ssh, 'connectTimeoutSeconds'),
      // d2 says its own.
      open: Object.fromEntries(
        Object.keys(made.hosts)
          .filter(name => name !== 'd2')
          .map(name => [name, ['user', 'port']]),
      ),
    })
    expect(made.ucp).toMatchObject({
      adminUsername: byKey(ucp, 'adminUsername'),
      controllerPort: byKey(ucp, 'controllerPort'),
      podCidr: byKey(ucp, 'podCidr'),
    })
    expect(made.dtr?.replicas[0]).toMatchObject({
      httpPort: byKey(replica, 'httpPort'),
      httpsPort: byKey(replica, 'httpsPort'),
    })
    const plain = topologyOf(base.replace(', port: 444', ''))
    expect(plain.loadBalancer?.dtr).toEqual({
      name: 'dtr.example.com',
      port: byKey(frontend, 'port'),
      bind: byKey(frontend, 'bind'),
    })
    const store = (line: string) => topologyOf(base.replace(/storage:.*/, `storage: ${line}`)).storage
    expect(store('{ kind: s3, bucket: bbb, region: r }')).toEqual({
      kind: 's3',
      bucket: 'bbb',
      region: 'r',
      ...Object.fromEntries(
        ['rootDirectory', 'secure', 'skipVerify', 'v4auth'].map(key => [key, byKey(s3Storage, key)]),
      ),
    })
    expect(store('{ kind: azure, accountName: abc, accountKey: env:K, container: ccc }')).toEqual({
      kind: 'azure',
      accountName: 'abc',
      accountKey: { secret: 'env:K' },
      container: 'ccc',
      realm: byKey(azureStorage, 'realm'),
    })
    expect(store('{ kind: gcs, bucket: bbb, keyFile: file:k.json }')).toMatchObject({
      keyFile: { secret: 'file:k.json' },
      rootDirectory: byKey(gcsStorage, 'rootDirectory'),
    })
    expect(
      store('{ kind: swift, authUrl: https://k/v3, username: u, password: env:P, container: c }'),
    ).toMatchObject({ password: { secret: 'env:P' } })
    expect(
      topologyOf(base.replace(/storage:.*\n/, '').replace(/, \{ host: d1.*?\}, \{.*?\}/, '')).storage,
    ).toEqual({ kind: 'local' })
  })

  it('pins the files beside the playbook', () => {
    const text = base.replace('ucp: { version', 'ucp: { license: l.lic, version')
    const read = (content: string) =>
      readPlaybook(text, 'x.yml', name => (name === 'l.lic' ? Buffer.from(content) : 'missing')).topology?.ucp
        ?.license
    expect(read('abc')).toEqual({
      file: 'l.lic',
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    })
    expect(read('abd')?.sha256).not.toBe(read('abc')?.sha256)
  })
})

describe('replica ids', () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/), { maxLength: 12 })

  it('are 12 hex digits, all different, and independent of the order', () => {
    fc.assert(
      fc.property(names, fc.string(), (hosts, playbook) => {
        const ids = replicaIds(
          playbook,
          hosts.map(host => ({ host })),
        )
        const reversed = replicaIds(
          playbook,
          hosts.toReversed().map(host => ({ host })),
        )
        expect(new Set(ids.values()).size).toBe(hosts.length)
        for (const host of hosts) {
          expect(ids.get(host)).toMatch(/^[0-9a-f]{12}$/)
          expect(reversed.get(host)).toBe(ids.get(host))
        }
      }),
    )
  })

  it('never take an id the playbook gives to another', () => {
    const derived = replicaIds('p', [{ host: 'a' }]).get('a') ?? ''
    const ids = replicaIds('p', [{ host: 'a' }, { host: 'b', id: derived }])
    expect(ids.get('b')).toBe(derived)
    expect(ids.get('a')).toMatch(/^[0-9a-f]{12}$/)
    expect(ids.get('a')).not.toBe(derived)
  })

  it('stay what they are: clusters are built on them', () => {
    expect(topologyOf(base).dtr?.replicas.map(({ id }) => id)).toMatchInlineSnapshot(`
      [
        "08e8b3e52259",
        "0123456789ab",
        "f0cd7658466f",
      ]
    `)
  })
})
