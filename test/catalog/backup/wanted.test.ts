import { beforeAll, describe, expect, it } from 'vitest'
import { asksBackup, backupWanted, unlessBackedUp } from '../../../src/catalog/backup/wanted.ts'
import { products } from '../../../src/catalog/index.ts'
import { survey } from '../../../src/cli/survey.ts'
import { type Facts, factKey } from '../../../src/plan/fact.ts'
import type { Finding } from '../../../src/plan/finding.ts'
import type { Json, Plan } from '../../../src/plan/step.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import { createRedact } from '../../../src/run/redact.ts'
import { openSessions } from '../../../src/run/world.ts'
import { virtualClock } from '../../../src/twin/clock.ts'
import { connectTwin } from '../../../src/twin/connect.ts'
import { changes, playbooksOf } from '../../changes/changes.ts'
import { example } from '../../sweep/examples.ts'

const backup = { store: { directory: '/vault' }, maxAgeSeconds: 3600, spool: '/var/lib/runbook/spool' }
const finding: Finding = {
  code: 'RB0830',
  severity: 'error',
  path: [],
  message: 'up it goes',
  help: 'accept it',
}

/** Two replicas leave for good: what an apply with --prune of dtr-ha does. */
let topology: Topology
let plan: Plan
let seen: Facts

beforeAll(async () => {
  const change = changes.find(one => one.name === 'shrink-5-to-3')
  if (!change) throw new Error('the change is gone')
  topology = { ...(await playbooksOf(change)).after.topology, backup }
  const { stage } = await example(change.name)
  const clock = virtualClock(stage.estate.clockMs)
  const connect = connectTwin(stage.estate, stage.models, clock, { guardProbes: true })
  const ask = (): Promise<never> => Promise.reject(new Error('planning asks nobody'))
  const world = { ...stage, hosts: topology.hosts, connect, clock, ask, redact: createRedact() }
  const found = await survey(topology, 'playbook', products, world, openSessions(topology.hosts, connect))
  plan = found.plan
  seen = found.facts
})

const set = (ageSeconds: number, more: { readonly [key: string]: Json } = {}): Json => ({
  set: `s${String(ageSeconds)}`,
  complete: true,
  verified: true,
  parts: ['swarm', 'ucp', 'dtr', 'images'],
  ageSeconds,
  ...more,
})
const knowing = (sets: Json | undefined): Facts =>
  new Map([
    ...seen,
    ...(sets === undefined ? [] : asksBackup(topology).map(ref => [factKey(ref), sets] as const)),
  ])

describe('what cannot be undone', () => {
  it.each([
    ['no set at all', [], 'the managers know of no backup'],
    ['an old one', [set(7200)], 'the newest verified backup is s7200, 2.0 h old'],
    ['one that nobody verified', [set(60, { verified: false })], 'backup s60 is not complete and verified'],
    ['one without the registry', [set(60, { parts: ['swarm', 'ucp'] })], 'is not complete and verified'],
  ] as const)('is refused with %s', (_, sets, words) => {
    const [found, ...others] = backupWanted(topology, plan, knowing(sets))
    expect(others).toEqual([])
    expect(found).toMatchObject({ code: 'RB0869', severity: 'error' })
    expect(found?.message).toContain(words)
    expect(found?.help).toContain('runbook backup create')
  })

  it('is not taken for backed up where no manager could say', () => {
    const untold = new Map([...seen].filter(([key]) => !key.startsWith('backup.sets@')))
    expect(backupWanted(topology, plan, untold)[0]?.message).toContain('no manager could say')
  })

  it('is noted with a fresh one, and with an acceptance', () => {
    const facts = knowing([set(7200), set(60)])
    expect(backupWanted(topology, plan, facts).map(one => one.severity)).toEqual(['note'])
    expect(unlessBackedUp(finding, topology, facts)).toMatchObject({ severity: 'note' })
    const accepted = { ...topology, accepts: [{ code: 'RB0869', reason: 'a lab' }] }
    expect(backupWanted(accepted, plan, knowing([]))).toMatchObject([
      { severity: 'note', message: expect.stringContaining('(accepted: a lab)') as string },
    ])
  })

  it('asks nobody and says nothing where the playbook has no backups made', () => {
    const { backup: _, ...without } = topology
    expect(asksBackup(without)).toEqual([])
    expect(backupWanted(without, plan, seen)).toEqual([])
    expect(unlessBackedUp(finding, without, seen)).toBe(finding)
  })
})
