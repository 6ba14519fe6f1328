import { describe, expect, it } from 'vitest'
import { findings } from '../../../src/catalog/compile.ts'
import { containersOn } from '../../../src/catalog/docker/estate.ts'
import { playbookRules } from '../../../src/catalog/rules.ts'
import { settingOf, twinUcp, withSetting } from '../../../src/catalog/ucp/estate.ts'
import { preview } from '../../../src/plan/preview.ts'
import type { Topology, UcpSpec } from '../../../src/playbook/topology.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import { play, rehearse } from '../../../src/twin/rehearse.ts'
import { PASSWORD, look, planOf, products, stageOf, standing } from './onTwin.ts'
import { platform } from './topology.ts'

function at(version: string, repository = 'docker', more: Partial<UcpSpec> = {}): Topology {
  const all = platform()
  return platform(
    all.ucp && { ucp: { ...all.ucp, version, repository, image: `${repository}/ucp:${version}`, ...more } },
  )
}

const believed = { upgrade: { forceRecentBackup: true } }
const codes = async (topology: Topology, estate: Estate): Promise<readonly string[]> =>
  findings(topology, products, await look(topology, stageOf(topology, estate)))
    .filter(({ severity }) => severity === 'error')
    .map(({ code }) => code)
const versionsOn = (estate: Estate): { readonly [host: string]: string } =>
  Object.fromEntries(
    Object.keys(estate.hosts).map(host => [
      host,
      containersOn(estate, host)['ucp-proxy']?.image.replace(/.*:/, '') ?? '',
    ]),
  )

describe('an upgrade of UCP', () => {
  it('hops from minor to minor with the images of each, and a second apply does nothing', async () => {
    const estate = await standing(at('3.1.7'))
    const wanted = at('3.3.4', 'mirantis', believed)
    const stage = stageOf(wanted, estate)
    const facts = await look(wanted, stage)
    const plan = planOf(wanted, facts)
    const run = preview(plan, facts).filter(({ will }) => will !== 'hold')
    const titles = plan.steps
      .filter(({ id }) => run.some(({ step }) => step === id))
      .map(({ title }) => title)
    expect(titles).toEqual([
      'Upgrade UCP from 3.1.7 to 3.2.8 with mirantis/ucp:3.2.8 (hop 1 of 2)',
      'Upgrade UCP from 3.2.8 to 3.3.4 with mirantis/ucp:3.3.4 (hop 2 of 2)',
    ])
    expect(Math.min(...run.flatMap(({ lowest }) => Object.values(lowest).map(({ spare }) => spare)))).toBe(0)
    const done = await play(plan, stage, { guardProbes: true })
    expect(done.run.outcome).toBe('done')
    expect(twinUcp(done.estate)?.version).toBe('3.3.4')
    expect(JSON.stringify([plan, done.events, done.argv])).not.toContain(PASSWORD)
    const after = await look(wanted, stageOf(wanted, done.estate))
    expect(preview(planOf(wanted, after), after).filter(({ will }) => will !== 'hold')).toEqual([])
    const swept = await rehearse(plan, stage, () => true)
    expect([swept.stuck, swept.diverged, swept.unplanned, swept.unfaithful, swept.leaks]).toEqual([
      [],
      [],
      [],
      [],
      [],
    ])
  })

  it('wants a backup acknowledged, and says so in one finding', async () => {
    const estate = await standing(at('3.2.5'))
    const seen = async (topology: Topology) => {
      const facts = await look(topology, stageOf(topology, estate))
      return findings(topology, products, facts)
        .filter(({ code }) => /^RB08[34]/.test(code))
        .map(({ code, severity }) => `${code} ${severity}`)
    }
    expect(await seen(at('3.2.6'))).toEqual(['RB0830 error'])
    expect(await seen({ ...at('3.2.6'), accepts: [{ code: 'RB0830', reason: 'vault/2026-11' }] })).toEqual([
      'RB0830 note',
    ])
    expect((await seen(at('3.2.4'))).every(one => one === 'RB0841 error')).toBe(true)
    expect(await seen(at('3.6.0', 'mirantis'))).toEqual(['RB0849 error'])
  })

  it('can be acknowledged in a playbook', () => {
    const accepting = (code: string) =>
      playbookRules({ ...at('3.2.6'), accepts: [{ code, reason: 'vault/2026-11' }] })
        .filter(finding => finding.code === 'RB0209')
        .map(({ message }) => message)
    expect(accepting('RB0830')).toEqual([])
    expect(accepting('RB0841')).toHaveLength(1)
    expect(accepting('RB0999')).toHaveLength(1)
  })

  it('does not begin while a manager is not healthy', async () => {
    const estate = await standing(at('3.2.5'))
    const host = estate.hosts['m2']
    if (host) host.up = false
    const wanted = at('3.2.6')
    const stage = stageOf(wanted, estate)
    const done = await play(planOf(wanted, await look(wanted, stage)), stage, {})
    expect(done.run.outcome).not.toBe('done')
    expect(twinUcp(done.estate)?.version).toBe('3.2.5')
  })

  it('holds workers back and lets them come in waves, hosts of replicas last', async () => {
    const estate = await standing(at('3.1.7'))
    const wanted = at('3.2.8', 'mirantis', { upgrade: { workersAtOnce: 1 } })
    const stage = stageOf(wanted, estate)
    const facts = await look(wanted, stage)
    const plan = planOf(wanted, facts)
    expect(
      preview(plan, facts)
        .filter(({ will }) => will !== 'hold')
        .map(({ step }) => step),
    ).toEqual(['ucp.upgrade@m1:3.2.8', 'ucp.upgradeWorker@w2:3.2.8', 'ucp.upgradeWorker@w1:3.2.8'])
    const first = { ...plan, steps: plan.steps.filter(({ kind }) => kind !== 'ucp.upgradeWorker') }
    const managers = await play(
      {
        ...first,
        steps: first.steps
          .filter(({ section }) => section === 'UCP upgrade')
          .map(one => ({ ...one, needs: [] })),
      },
      stage,
      {},
    )
    expect(versionsOn(managers.estate)).toEqual({
      m1: '3.2.8',
      m2: '3.2.8',
      m3: '3.2.8',
      w1: '3.1.7',
      w2: '3.1.7',
    })
    const done = await play(plan, stage, { guardProbes: true })
    expect(done.run.outcome).toBe('done')
    expect(new Set(Object.values(versionsOn(done.estate)))).toEqual(new Set(['3.2.8']))
    const after = await look(wanted, stageOf(wanted, done.estate))
    expect(preview(planOf(wanted, after), after).filter(({ will }) => will !== 'hold')).toEqual([])
    const swept = await rehearse(plan, stage, ({ at: call }) => call % 7 === 0)
    expect([swept.stuck, swept.diverged, swept.unplanned, swept.unfaithful]).toEqual([[], [], [], []])
  })

  it('from 3.3 on finds a backup of its own, is told of another, or refuses', async () => {
    const estate = await standing(at('3.2.8', 'mirantis'))
    const ends = async (topology: Topology, from: Estate): Promise<string> => {
      const stage = stageOf(topology, from)
      return (await play(planOf(topology, await look(topology, stage)), stage, {})).run.outcome ?? ''
    }
    expect(await ends(at('3.3.4', 'mirantis'), estate)).toBe('failed')
    expect(await ends(at('3.3.4', 'mirantis', believed), estate)).toBe('done')
    const backedUp = structuredClone(estate)
    Object.assign(twinUcp(backedUp) ?? {}, { backedUpMs: 1 })
    expect(await ends(at('3.3.4', 'mirantis'), backedUp)).toBe('done')
  })

  it('is refused while content trust is enforced, or switches it off first where the playbook says so', async () => {
    const estate = await standing(at('3.2.5'))
    const ucp = twinUcp(estate)
    if (ucp) ucp.toml = withSetting(ucp.toml, 'trust_configuration', 'require_content_trust', 'true')
    expect(await codes(at('3.2.6'), estate)).toEqual(['RB0832', 'RB0830'])
    const off = at('3.2.6', 'docker', { config: { trust_configuration: { require_content_trust: false } } })
    expect(await codes(off, estate)).toEqual(['RB0830'])
    const stage = stageOf(off, estate)
    const facts = await look(off, stage)
    const plan = planOf(off, facts)
    expect(
      preview(plan, facts)
        .filter(({ will }) => will !== 'hold')
        .map(({ step }) => step),
    ).toEqual(['ucp.config@m1:trust_configuration.require_content_trust', 'ucp.upgrade@m1:3.2.6'])
    const done = await play(plan, stage, { guardProbes: true })
    expect(done.run.outcome).toBe('done')
    expect(settingOf(twinUcp(done.estate)?.toml ?? '', 'trust_configuration', 'require_content_trust')).toBe(
      'false',
    )
    const after = await look(off, stageOf(off, done.estate))
    expect(preview(planOf(off, after), after).filter(({ will }) => will !== 'hold')).toEqual([])
  })

  it('does not begin when content trust is switched on after the plan was made', async () => {
    const estate = await standing(at('3.2.5'))
    const wanted = at('3.2.6')
    const plan = planOf(wanted, await look(wanted, stageOf(wanted, estate)))
    const ucp = twinUcp(estate)
    if (ucp) ucp.toml = withSetting(ucp.toml, 'trust_configuration', 'require_content_trust', 'true')
    const done = await play(plan, stageOf(wanted, estate), {})
    expect(done.run.outcome).not.toBe('done')
    expect(versionsOn(done.estate)['m1']).toBe('3.2.5')
  })

  it('lets newcomers join in the new version', async () => {
    const all = platform()
    const small = platform({
      docker: { ...all.docker, hosts: ['m1', 'm2', 'm3', 'w1'] },
      ...(all.ucp && { ucp: { ...all.ucp, version: '3.2.5', image: 'docker/ucp:3.2.5', workers: ['w1'] } }),
    })
    const estate = await standing(small)
    const stage = stageOf(all, estate)
    const done = await play(planOf(all, await look(all, stage)), stage, {})
    const order = done.events.flatMap(event => (event.kind === 'step-started' ? [event.step] : []))
    expect(order.indexOf('ucp.upgrade@m1:3.2.6')).toBeLessThan(order.indexOf('ucp.join@w2'))
    expect(done.run.outcome).toBe('done')
  })
})
