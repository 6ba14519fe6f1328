import { describe, expect, it } from 'vitest'
import { engineState } from '../../../src/catalog/docker/estate.ts'
import { products } from '../../../src/catalog/index.ts'
import { preview } from '../../../src/plan/preview.ts'
import { play, type Stage } from '../../../src/twin/rehearse.ts'
import { checkPlaybook } from '../../../src/cli/check.ts'
import { example } from '../../sweep/examples.ts'
import { SET, backedUp, creating, planned, restoring, wiped } from './onTwin.ts'

const TAGS = { 'team/app:1': { digest: `sha256:${'a'.repeat(64)}`, stores: ['elsewhere'] } }

async function standing(name: string) {
  const { topology } = await checkPlaybook(`playbooks/${name}.yml`)
  if (topology === undefined) throw new Error('no topology')
  const { plan, stage } = await example(name)
  const built = await play(plan, stage, {})
  const estate = built.estate
  const dtr = estate.shared['dtr'] as { repositories: string[]; tags: unknown }
  dtr.repositories = ['team/app']
  dtr.tags = TAGS
  return { topology: backedUp(topology), stage: { ...stage, estate } satisfies Stage }
}

describe.each(['minimal', 'dtr-ha'])('backup, wipe, restore of %s', name => {
  it('ends with the same tags, and a second apply has nothing to do', async () => {
    const { topology, stage } = await standing(name)
    const { plan, findings } = await planned(topology, stage, creating(name))
    expect(findings.filter(one => one.severity === 'error')).toEqual([])
    expect(plan.steps.map(step => step.kind)).toEqual(
      ['papers', 'swarm', 'ucp', 'dtr', 'images', 'verify'].map(part => `backup.${part}`),
    )
    const made = await play(plan, stage, {})
    expect(made.events.filter(event => event.kind === 'step-failed')).toEqual([])
    expect(made.run.outcome).toBe('done')
    const kept = made.estate.shared['store'] as { readonly [name: string]: string }
    expect(kept[`${SET}/SHA256SUMS`]?.split('\n').length).toBe(7)

    const gone: Stage = { ...stage, estate: wiped(topology, made.estate) }
    const back = restoring(made.estate)
    const restore = await planned(topology, gone, back)
    expect(restore.findings.filter(one => one.severity === 'error')).toEqual([])
    expect(restore.plan.steps.map(step => step.kind)).not.toContain('ucp.install')
    expect(restore.plan.steps.map(step => step.kind)).not.toContain('dtr.install')
    const whole = await play(restore.plan, gone, {})
    expect(whole.events.filter(event => event.kind === 'step-failed')).toEqual([])
    expect(whole.run.outcome).toBe('done')
    // The acceptance step pushes an image of its own where there are several replicas.
    expect((whole.estate.shared['dtr'] as { tags: unknown }).tags).toMatchObject(TAGS)

    const after: Stage = { ...stage, estate: whole.estate }
    const apply = await planned(topology, after, products)
    expect(
      preview(apply.plan, apply.facts)
        .filter(one => one.will !== 'hold')
        .map(one => one.step),
    ).toEqual([])
  })
})

it('brings the registry alone back where swarm and UCP stand, and leaves these alone', async () => {
  const { topology, stage } = await standing('dtr-ha')
  const { plan } = await planned(topology, stage, creating('dtr-ha'))
  const { estate } = await play(plan, stage, {})
  // Every rehearsal's run has the same name: what hosts remember of jobs is the earlier one's.
  for (const host of Object.values(estate.hosts)) host.jobs = {}
  Reflect.deleteProperty(estate.shared, 'dtr')
  for (const { host } of topology.dtr?.replicas ?? []) {
    const engine = engineState(estate, host)
    for (const part of [engine.containers, engine.volumes])
      for (const name of Object.keys(part)) if (name.startsWith('dtr-')) Reflect.deleteProperty(part, name)
  }
  const gone: Stage = { ...stage, estate }
  const restore = await planned(topology, gone, restoring(estate))
  expect(restore.findings.filter(one => one.severity === 'error')).toEqual([])
  const will = preview(restore.plan, restore.facts).filter(one => one.will === 'run')
  expect(will.map(one => one.step).filter(step => /^(restore|ucp)\./.test(step))).toEqual([
    'restore.dtr@d1',
    'restore.images@d1',
  ])
  const whole = await play(restore.plan, gone, {})
  expect(whole.events.filter(event => event.kind === 'step-failed')).toEqual([])
  expect(whole.run.outcome).toBe('done')
  expect((whole.estate.shared['dtr'] as { tags: unknown }).tags).toMatchObject(TAGS)
})
