import { beforeAll, describe, expect, it } from 'vitest'
import { products } from '../../src/catalog/index.ts'
import { judged } from '../../src/cli/majorities.ts'
import { survey } from '../../src/cli/survey.ts'
import { canonical } from '../../src/plan/canonical.ts'
import { preview } from '../../src/plan/preview.ts'
import type { Topology } from '../../src/playbook/topology.ts'
import type { Event } from '../../src/run/event.ts'
import { createRedact } from '../../src/run/redact.ts'
import { openSessions } from '../../src/run/world.ts'
import { virtualClock } from '../../src/twin/clock.ts'
import { connectTwin } from '../../src/twin/connect.ts'
import type { Estate } from '../../src/twin/estate.ts'
import { play, type Stage } from '../../src/twin/rehearse.ts'
import { summaryText } from '../../src/views/summary.ts'
import { changes, playbooksOf } from '../changes/changes.ts'
import { example } from '../sweep/examples.ts'

/** Engines are to be upgraded, and one of three managers is dead: with each of the two others the swarm would stand still. */
const change = changes.find(one => one.name === 'upgrade-engines')
let topology: Topology
let stage: Stage

beforeAll(async () => {
  if (!change) throw new Error('the change is gone')
  topology = (await playbooksOf(change)).after.topology
  const made = await example(change.name)
  const estate: Estate = structuredClone(made.stage.estate)
  const dead = estate.hosts['m3']
  if (dead) dead.up = false
  stage = { ...made.stage, estate }
})

async function planned(of: Topology) {
  const clock = virtualClock(stage.estate.clockMs)
  const connect = connectTwin(structuredClone(stage.estate), stage.models, clock, { guardProbes: true })
  const ask = (): Promise<never> => Promise.reject(new Error('planning asks nobody'))
  const world = { ...stage, hosts: of.hosts, connect, clock, ask, redact: createRedact() }
  const seen = await survey(of, 'playbook', products, world, openSessions(of.hosts, connect), ['m3'])
  return judged(seen, ['m3'], of)
}

describe('a step that would cost a group its majority', () => {
  it('is refused, with the step, the group and the way to override it', async () => {
    const { plan, findings } = await planned(topology)
    const found = findings.filter(one => one.code === 'RB0868')
    expect(found.map(({ severity }) => severity)).toEqual(found.map(() => 'error'))
    expect(found[0]?.message).toBe('docker.upgrade@m1 would leave swarm raft with 1 of 3 up: no majority')
    expect(found[0]?.help).toContain('accept RB0868')
    // And nothing does it: the run ends with the step held back.
    const { run } = await play(plan, stage, {})
    expect(run.held?.map(one => one.step)).toContain('docker.upgrade@m1')
    expect(plan.quorums.every(quorum => quorum.mayBreak === undefined)).toBe(true)
  })

  it('runs alone where the playbook overrides it, and plan, journal and report say why', async () => {
    const reason = 'the third manager is replaced next week'
    const { plan, findings, facts } = await planned({ ...topology, accepts: [{ code: 'RB0868', reason }] })
    const said = findings.filter(one => one.code === 'RB0868')
    expect(said.length).toBeGreaterThan(0)
    for (const one of said) {
      expect(one.severity).toBe('note')
      expect(one.message).toContain(`(accepted: ${reason})`)
    }
    expect(canonical(plan)).toContain(`"mayBreak":"${reason}"`)
    expect(preview(plan, facts).some(one => (one.lowest['swarm raft']?.spare ?? 0) < 0)).toBe(true)
    const { run, events } = await play(plan, stage, {})
    expect(run.held).toBeUndefined()
    expect(run.steps.get('docker.upgrade@m1')?.state).toBe('done')
    const began = events.find(event => event.kind === 'run-started') as Event & { overrides?: object[] }
    expect(began.overrides).toContainEqual({ quorum: 'swarm raft', reason })
    expect(summaryText({ plan, run, events, next: '' } as never)).toContain(reason)
  })
})
