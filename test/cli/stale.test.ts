import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { addNode, swarmOf } from '../../src/catalog/docker/estate.ts'
import { stopReplica, twinDtr } from '../../src/catalog/dtr/state.ts'
import { peekBalancer } from '../../src/catalog/loadBalancer/state.ts'
import { bareHost, osOf } from '../../src/catalog/os/bareHost.ts'
import { twinUcp } from '../../src/catalog/ucp/estate.ts'
import type { Io } from '../../src/cli/io.ts'
import { type Good, loadGood } from '../../src/cli/load.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { pretendedHosts, surveyTwin } from '../../src/cli/rehearsal.ts'
import { toSave } from '../../src/cli/review.ts'
import { insistOnSame } from '../../src/cli/stale.ts'
import type { SavedPlan } from '../../src/plan/saved.ts'
import type { Estate } from '../../src/twin/estate.ts'

/** A plan is saved, something moves, and the plan is refused with what moved. That nothing is done then: verbs.test.ts. */

const file = join(packageRoot(), 'playbooks/dtr-ha.yml')
let good: Good
let estate: Estate
let saved: SavedPlan
const seenOf = async (now: Estate): Promise<SavedPlan> =>
  toSave(good, await surveyTwin(good, now), 'live', { at: '2026-01-01T00:00:00.000Z' })

beforeAll(async () => {
  good = await loadGood(file, { cwd: process.cwd(), env: {}, err: () => undefined } as unknown as Io)
  estate = (await pretendedHosts(good, good)).estate
  saved = await seenOf(estate)
})

const replica = (now: Estate, host: string): string =>
  Object.entries(twinDtr(now)?.members ?? {}).find(([, one]) => one.host === host)?.[0] ?? ''

const drifts: readonly (readonly [what: string, change: (now: Estate) => void, says: RegExp])[] = [
  [
    'a host: its service was switched off at boot',
    e => {
      const docker = osOf(e, 'w1').services['docker']
      if (docker) docker.enabled = false
    },
    /moved since: w1\n {2}\S+@w1.* was true, is false/,
  ],
  [
    'membership: somebody joined a node',
    e => {
      const id = swarmOf(e, 'm1')?.id ?? ''
      e.hosts['x9'] = bareHost('x9', '198.51.100.99', { engine: '19.03.5' })
      addNode(e, 'x9', id, 'worker', '198.51.100.99')
    },
    /moved since: .*m1/,
  ],
  [
    'membership: a replica was taken out',
    e => {
      Reflect.deleteProperty(twinDtr(e)?.members ?? {}, replica(e, 'd3'))
    },
    /moved since: .*d1/,
  ],
  [
    'a version: an engine was upgraded by hand',
    e => {
      osOf(e, 'm2').packages['docker-ee'] = '5:19.03.15~3-0~ubuntu-bionic'
    },
    /moved since: m2\n[^]*19\.03\.15/,
  ],
  [
    'health: a replica is down',
    e => {
      stopReplica(e, replica(e, 'd2'))
    },
    /moved since: .*d2/,
  ],
  [
    'a file: the balancer was edited',
    e => {
      const cfg = e.hosts['lb1']?.files['/etc/haproxy/haproxy.cfg']
      if (cfg) cfg.content += '# by hand\n'
    },
    /moved since: lb1\n {2}os\.file@lb1 .*sha256 was/,
  ],
  [
    'a setting: the name of the registry',
    e => {
      const dtr = twinDtr(e)
      if (dtr) dtr.externalHost = 'other.example.com'
    },
    /was "dtr\.example\.com", is "other\.example\.com"/,
  ],
  [
    "a certificate: somebody gave the registry's web another one",
    e => {
      Object.assign(twinDtr(e) ?? {}, {
        webCertificate: '-----BEGIN CERTIFICATE-----\nother\n-----END CERTIFICATE-----\n',
      })
    },
    /moved since: [^]*dtr\.settings@d1 .*certificate was/,
  ],
  [
    "a certificate: UCP's lacks a name that it had",
    e => {
      const ucp = twinUcp(e)
      if (ucp) ucp.sans = ucp.sans.filter(name => name !== 'ucp.example.com')
    },
    /moved since: [^]*ucp\.webcertificate@m1 .*missing was \[\], is \["ucp\.example\.com"\]/,
  ],
  [
    "a manager's engine: it was stopped",
    e => {
      const docker = osOf(e, 'm3').services['docker']
      if (docker) docker.active = false
    },
    /moved since: [^\n]*m3/,
  ],
]

describe('a saved plan is stale when something moved', () => {
  it('and is not, when nothing did', async () => {
    const now = await seenOf(structuredClone(estate))
    expect(() => {
      insistOnSame(saved, now)
    }).not.toThrow()
    expect([twinUcp(estate), peekBalancer(estate, 'lb1')]).not.toContain(undefined)
  })

  it.each(drifts)('%s', async (_, change, says) => {
    const drifted = structuredClone(estate)
    change(drifted)
    const now = await seenOf(drifted)
    expect(() => {
      insistOnSame(saved, now)
    }).toThrow(
      expect.objectContaining({ exit: 'stale', message: expect.stringMatching(says) as string }) as Error,
    )
  })

  it('the playbook', async () => {
    const other = { ...good, digest: 'f'.repeat(64) }
    const now = toSave(other, await surveyTwin(other, estate), 'live')
    expect(() => {
      insistOnSame(saved, now)
    }).toThrow(/the playbook was changed since/)
  })
})
