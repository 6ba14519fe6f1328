import { beforeAll, describe, expect, it } from 'vitest'
import { products } from '../../../src/catalog/index.ts'
import { compile, questions } from '../../../src/catalog/compile.ts'
import { checkPlaybook } from '../../../src/cli/check.ts'
import { survey } from '../../../src/cli/survey.ts'
import { canonical } from '../../../src/plan/canonical.ts'
import { preview } from '../../../src/plan/preview.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import { createRedact } from '../../../src/run/redact.ts'
import { openSessions } from '../../../src/run/world.ts'
import { virtualClock } from '../../../src/twin/clock.ts'
import { connectTwin } from '../../../src/twin/connect.ts'
import { play } from '../../../src/twin/rehearse.ts'
import { type Example, example } from '../../sweep/examples.ts'

describe('playbooks/steps.yml', () => {
  let one: Example
  let topology: Topology
  let digest = ''
  beforeAll(async () => {
    one = await example('steps')
    const checked = await checkPlaybook('playbooks/steps.yml')
    if (checked.topology === undefined || checked.digest === undefined)
      throw new Error('the example is broken')
    topology = checked.topology
    digest = checked.digest
  })

  it('shows each action', () => {
    const kinds = new Set(topology.steps?.flatMap(({ actions }) => actions.map(({ kind }) => kind)))
    expect([...kinds].sort()).toEqual(
      [
        'command',
        'file',
        'mount',
        'package',
        'pause',
        'service',
        'sysctl',
        'template',
        'user',
        'waitFor',
      ].sort(),
    )
  })

  it('puts its steps where it says', () => {
    const at = (id: string): number => one.plan.steps.findIndex(step => step.id.startsWith(id))
    expect(at('step.sysctl@d1')).toBeLessThan(at('docker.engine@m1'))
    expect(at('step.user@m1')).toBeGreaterThan(at('docker.engine@d1'))
    expect(at('step.user@m1')).toBeLessThan(at('ucp.install@m1'))
    expect(at('step.waitFor@m1')).toBeGreaterThan(at('ucp.join@d1'))
    expect(at('step.mount@d1')).toBeLessThan(at('storage.mark@d1'))
    expect(at('step.file@d1:hand-')).toBeGreaterThan(at('dtr.install@d1'))
    expect(at('step.command@m1')).toBeGreaterThan(at('dtr.'))
  })

  it('gives the same bytes every time, with no secret in them', () => {
    const again = compile(topology, digest, products, new Map())
    expect(canonical(compile(topology, digest, products, new Map()))).toBe(canonical(again))
    expect(canonical(one.plan)).not.toContain('cnry')
    expect(canonical(one.plan)).toContain('{"secret":"env:UCP_ADMIN_PASSWORD"}')
  })

  it('is brought about on the twin, and a second apply is empty', async () => {
    const first = await play(one.plan, one.stage, { guardProbes: true })
    expect(first.run.outcome).toBe('done')
    expect(first.leaks).toEqual([])
    const clock = virtualClock(first.estate.clockMs)
    const probes: string[] = []
    const connect = connectTwin(first.estate, one.stage.models, clock, {
      heard: (host, line, how) => void probes.push(`${how} ${host} ${line.argv[0] ?? ''}`),
    })
    const ask = (): Promise<never> => Promise.reject(new Error('nobody should be asked'))
    const world = { ...one.stage, hosts: topology.hosts, connect, clock, ask, redact: createRedact() }
    const { plan, facts } = await survey(
      topology,
      digest,
      products,
      world,
      openSessions(topology.hosts, connect),
    )
    expect(preview(plan, facts).filter(({ will }) => will !== 'hold')).toEqual([])
    const second = await play(plan, { ...one.stage, estate: first.estate, ask }, { guardProbes: true })
    expect(second.run.outcome).toBe('done')
    expect(second.events.filter(event => event.kind === 'op-started')).toEqual([])
    expect(new Set([...second.run.steps.values()].map(({ how }) => how))).toEqual(new Set(['already']))
  })

  it('can be planned with no host seen: what depends on the machine says so', () => {
    const plan = compile(topology, digest, products, new Map())
    const unsure = plan.steps.filter(({ title }) => title.endsWith('(if the host, once seen, asks for it)'))
    expect(unsure.map(({ kind }) => kind).sort()).toEqual([
      'step.service',
      'step.service',
      'step.sysctl',
      'step.sysctl',
      'step.template',
      'step.template',
    ])
    // Carried out as it is, such a plan would stop there and not guess.
    for (const step of unsure) {
      expect([...step.requires, ...step.goal].filter(({ fact }) => fact === 'step.decided')).toHaveLength(1)
    }
    expect(questions(topology, products, plan).length).toBeGreaterThan(20)
  })
})
