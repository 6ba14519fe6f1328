import { describe, expect, it } from 'vitest'
import { ucp as product } from '../../../src/catalog/ucp/index.ts'
import { twinUcp } from '../../../src/catalog/ucp/estate.ts'
import { preview } from '../../../src/plan/preview.ts'
import type { Topology, UcpSpec } from '../../../src/playbook/topology.ts'
import { play, rehearse } from '../../../src/twin/rehearse.ts'
import { look, planOf, stageOf, standing } from './onTwin.ts'
import { platform } from './topology.ts'

function having(more: Partial<UcpSpec>): Topology {
  const all = platform()
  return platform(all.ucp && { ucp: { ...all.ucp, ...more } })
}

describe('settings of a UCP that runs', () => {
  it('adds names to the certificate of every manager, and keeps names a person added', async () => {
    const estate = await standing(platform())
    const swarms = estate.shared['swarms'] as {
      [id: string]: { nodes: { [id: string]: { hostname: string; labels: { [key: string]: string } } } }
    }
    const m2 = Object.values(swarms)
      .flatMap(({ nodes }) => Object.values(nodes))
      .find(({ hostname }) => hostname === 'm2')
    if (m2) m2.labels['com.docker.ucp.SANs'] = 'byhand.example.com'
    const wanted = having({ sans: ['ucp.example.com', 'm1', 'm2', 'm3', 'new.example.com'] })
    const stage = stageOf(wanted, estate)
    const facts = await look(wanted, stage)
    const plan = planOf(wanted, facts)
    expect(
      preview(plan, facts)
        .filter(({ will }) => will !== 'hold')
        .map(({ step }) => step),
    ).toEqual(['ucp.sans@m1', 'ucp.sans@m2', 'ucp.sans@m3'])
    expect(product.status(wanted, facts).filter(({ item }) => item === 'UCP certificate')[0]).toMatchObject({
      state: 'degraded',
      detail: 'ends 2031-01-01, lacks new.example.com',
    })
    const done = await play(plan, stage, { guardProbes: true })
    expect(done.run.outcome).toBe('done')
    expect(done.argv.find(line => line.includes('SANs=byhand.example.com,ucp.example.com'))).toBeDefined()
    const after = await look(wanted, stageOf(wanted, done.estate))
    expect(preview(planOf(wanted, after), after).filter(({ will }) => will !== 'hold')).toEqual([])
    const swept = await rehearse(plan, stage, () => true)
    expect([swept.stuck, swept.diverged, swept.unplanned, swept.unfaithful]).toEqual([[], [], [], []])
  })

  it('edits only the keys the playbook names', async () => {
    const estate = await standing(platform())
    const before = twinUcp(estate)?.toml ?? ''
    const wanted = having({
      config: { 'auth.sessions': { lifetime_minutes: 60 }, auth: { default_new_user_role: 'none' } },
    })
    const stage = stageOf(wanted, estate)
    const facts = await look(wanted, stage)
    const plan = planOf(wanted, facts)
    const done = await play(plan, stage, { guardProbes: true })
    expect(done.run.outcome).toBe('done')
    expect(twinUcp(done.estate)?.toml).toBe(
      `${before.replace('"restrictedcontrol"', '"none"')}[auth.sessions]\n  lifetime_minutes = 60\n`,
    )
    const after = await look(wanted, stageOf(wanted, done.estate))
    expect(preview(planOf(wanted, after), after).filter(({ will }) => will !== 'hold')).toEqual([])
  })
})
