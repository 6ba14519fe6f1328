import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { beforeAll, describe, expect, it } from 'vitest'
import { products } from '../../src/catalog/index.ts'
import { swarmOf } from '../../src/catalog/docker/estate.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { exitOfStatus, reportOf } from '../../src/cli/statusReport.ts'
import { survey } from '../../src/cli/survey.ts'
import type { Topology } from '../../src/playbook/topology.ts'
import { createRedact } from '../../src/run/redact.ts'
import { openSessions } from '../../src/run/world.ts'
import { virtualClock } from '../../src/twin/clock.ts'
import { connectTwin } from '../../src/twin/connect.ts'
import type { Estate } from '../../src/twin/estate.ts'
import { statusDocument, statusText, type StatusReport } from '../../src/views/status.ts'
import { built, playbook, stageOf } from '../matrix/pairs.ts'
import { starts } from '../matrix/starts.ts'

const topology = playbook(['d1', 'd2', 'd3'])
let whole: Estate

beforeAll(async () => {
  whole = await built('three')
})

async function reported(estate: Estate, of: Topology = topology): Promise<StatusReport> {
  const stage = stageOf(estate)
  const clock = virtualClock(estate.clockMs)
  const connect = connectTwin(estate, stage.models, clock, { guardProbes: true })
  const ask = (): Promise<never> => Promise.reject(new Error('status asks nobody'))
  const world = { ...stage, hosts: of.hosts, connect, clock, ask, redact: createRedact() }
  const sessions = openSessions(of.hosts, connect)
  return await reportOf(of, await survey(of, 'x', products, world, sessions), 'site.yml', world, sessions)
}

/** The whole cluster after one of the matrix's changes, some time later: self-reports have grown old by then. */
async function after(name: string, seconds = 300): Promise<StatusReport> {
  const start = starts.find(one => one.name === name)
  if (!start || start.from !== 'three') throw new Error(`no start is called ${name}`)
  const estate = structuredClone(whole)
  start.change?.(estate)
  estate.clockMs += seconds * 1000
  return await reported(estate)
}

const validate = new Ajv2020({ strict: true, strictRequired: false }).compile(
  JSON.parse(readFileSync(join(packageRoot(), 'schemas/status.schema.json'), 'utf8')) as object,
)

describe('reportOf', () => {
  it('calls a cluster healthy that is as declared, with versions, ages, ends and margins', async () => {
    const report = await after('three replicas', 40)
    expect(exitOfStatus(report)).toBe(0)
    expect(report.health.map(({ product, verdict, versions }) => [product, verdict, versions])).toEqual([
      ['Docker Engine', ['healthy'], [expect.stringMatching(/^19\.03/)]],
      ['UCP', ['healthy'], ['3.2.6']],
      ['DTR', ['healthy'], ['2.7.6']],
    ])
    expect(report.health[2]?.allows).toContain('upgrade')
    expect(report.drift).toEqual([])
    expect(report.next).toEqual([])
    const replicas = report.rows.filter(row => row.item.startsWith('DTR replica'))
    expect(replicas).toHaveLength(3)
    for (const row of replicas) expect(row.detail).toMatch(/^2\.7\.6, reported itself \d+ s ago$/)
    expect(report.rows.filter(row => row.endsAt !== undefined).map(row => row.item)).toEqual(
      expect.arrayContaining(['UCP certificate', 'DTR certificate']),
    )
    expect(report.quorums['DTR database']).toEqual({ up: 3, members: 3, spare: 1 })
  })

  it.each([
    ['three, one stopped', 18, 'DTR', ['degraded'], 'remove-failed', ['dtr-replica-loss']],
    [
      'three, two stopped (majority lost, can be started)',
      20,
      'DTR',
      ['lost majority'],
      'emergency-repair',
      [],
    ],
    ['three, a ghost', 18, 'DTR', ['ghost'], 'remove-failed', ['dtr-replica-loss']],
    ['three, a stray', 18, 'DTR', ['healthy', 'stray', 'even'], 'destroy', ['site-rejoin']],
    [
      'three, the engine of a replica is off',
      18,
      'Docker Engine',
      ['degraded'],
      undefined,
      ['dtr-node-loss'],
    ],
    ['three, a manager off', 18, 'UCP', ['degraded'], undefined, ['ucp-manager-loss']],
    ['three, two managers off (swarm majority lost)', 20, 'Docker Engine', ['lost majority'], undefined, []],
    [
      'three, a manager cannot be reached',
      11,
      'Docker Engine',
      ['degraded'],
      undefined,
      ['ucp-manager-loss'],
    ],
  ])('%s: exit %d, %s is %j', async (start, code, product, verdict, allowed, recipes) => {
    const report = await after(start)
    const found = report.health.find(one => one.product === product)
    expect(found?.verdict).toEqual(verdict)
    expect(found?.recipe).toBeTruthy()
    if (allowed !== undefined) expect(found?.allows).toContain(allowed)
    expect(report.recipes ?? []).toEqual(recipes)
    expect(exitOfStatus(report)).toBe(code)
    expect(validate(JSON.parse(statusDocument(report))), JSON.stringify(validate.errors)).toBe(true)
  })

  it('names each change between the playbook and what is there, and the command that makes it', async () => {
    const report = await after('three, a member drained in the balancer')
    expect(report.drift.map(one => one.step)).toEqual([expect.stringMatching(/^loadBalancer\./)])
    expect(report.next).toEqual(['runbook plan site.yml', 'runbook apply site.yml'])
  })

  it('names the recipe first where a majority is lost for good, and the hosts to give up', async () => {
    const report = await after('three, two ghosts (majority lost for good)')
    expect(report.recipes).toEqual(['dtr-majority-loss'])
    expect(report.next[0]).toBe('runbook recover dtr-majority-loss site.yml --dry-run')
    expect(statusText(report)).toMatch(/Recipe that fits\n {2}dtr-majority-loss/)
    const one = await after('three, a manager cannot be reached')
    expect(one.next.at(-1)).toMatch(/^runbook recover ucp-manager-loss site\.yml --without m\d --dry-run$/)
  })

  it('of bare hosts says that nothing is installed, and of a finding first its page', async () => {
    const bare = await reported(await built('bare'))
    expect(bare.health.map(one => one.state)).toEqual(['absent', 'absent', 'absent'])
    expect(exitOfStatus(bare)).toBe(18)
    const report = await after('three, another client name')
    expect(report.next[0]).toMatch(/^runbook (explain RB\d{4}|plan)/)
  })

  it('tells when a licence ends, in both forms, and not what it cannot read', async () => {
    const inBase64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64')
    const ends = '2026-01-11T00:00:00Z'
    const signed = inBase64({ payload: inBase64({ expiration: ends, token: 'x' }), signatures: [] })
    const token = ['{"alg":"RS256"}', JSON.stringify({ exp: Date.parse(ends) / 1000 }), 'x']
      .map(part => Buffer.from(part).toString('base64url'))
      .join('.')
    const row = async (license: string): Promise<StatusReport['rows'][number] | undefined> => {
      const estate = structuredClone(whole)
      const swarm = swarmOf(estate, 'm1')?.swarm
      if (swarm) swarm.configs['com.docker.license'] = license
      return (await reported(estate)).rows.find(one => one.item === 'UCP licence')
    }
    const file = JSON.stringify({ key_id: 'k', private_key: 'p', authorization: signed })
    for (const license of [file, token])
      expect(await row(license)).toMatchObject({ state: 'degraded', endsAt: new Date(ends).toISOString() })
    expect(await row('{"authorization":"EXAMPLE"}')).toMatchObject({
      state: 'ok',
      detail: 'stored in the swarm; when it ends could not be told',
    })
  })
})
