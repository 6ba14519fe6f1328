import { describe, expect, it } from 'vitest'
import { findings } from '../../src/catalog/compile.ts'
import { startSwarm } from '../../src/catalog/docker/estate.ts'
import { FATAL_LINE } from '../../src/catalog/docker/api.ts'
import { bareEstate } from '../../src/catalog/os/bareHost.ts'
import { canonical } from '../../src/plan/canonical.ts'
import { preview } from '../../src/plan/preview.ts'
import type { Topology } from '../../src/playbook/topology.ts'
import { play } from '../../src/twin/rehearse.ts'
import { PASSWORD, look, planOf, products, stageOf, standing } from '../catalog/ucp/onTwin.ts'
import { platform } from '../catalog/ucp/topology.ts'

/**
 * Defects that were found by reading another installer for the same products; each is a way to hurt a cluster. Those of the cluster
 * manager's side have a test here that is named for them.
 */
const elsewhere: { readonly [defect: number]: string } = {
  1: 'replicas that leave: a matter of the registry, which goes before its node (the departure comes after it)',
  2: 'replica ids: the registry side',
  3: 'cleaning after a replica: the registry side',
  5: 'health of the registry: the registry side',
  8: 'an import of configuration files that is not there yet',
  9: 'a generated password: runbook never has one made',
  10: 'VXLAN detection: the plan never changes the network of a cluster, so there is nothing to detect',
  18: 'reading daemon.json: runbook does not read or write it',
  19: 'a URL of the cluster manager as a flag: the playbook has none, it is made from checked addresses',
  20: 'login on Windows hosts: there are none',
  22: 'destroy instead of remove: the registry side',
}

const withAbsent = (nodes: readonly string[]): Topology => {
  const all = platform()
  return platform({
    absent: { replicas: [], nodes },
    docker: { ...all.docker, hosts: all.docker.hosts.filter(host => !nodes.includes(host)) },
    ...(all.ucp && { ucp: { ...all.ucp, workers: all.ucp.workers.filter(host => !nodes.includes(host)) } }),
  })
}

describe('defects of another installer', () => {
  it('4: a failed install is not a success', async () => {
    const topology = platform()
    const stage = { ...stageOf(topology), secret: () => 'short' }
    const done = await play(planOf(topology, await look(topology, stage)), stage, {})
    expect(done.run.steps.get('ucp.install@m1')?.state).toBe('failed')
    expect(done.run.steps.get('ucp.join@m2')?.state).toBe('waiting')
  })

  it('6: a fatal line is a failure whatever the exit code says', () => {
    const plan = planOf(platform(), new Map())
    const runs = plan.steps
      .flatMap(({ run }) => run)
      .filter(op => 'exec' in op && op.exec.argv.includes('docker/ucp:3.2.6'))
    expect(runs.map(op => ('exec' in op ? op.failsOn : ''))).toEqual([FATAL_LINE])
    expect('time="x" level=fatal msg="no"').toMatch(new RegExp(FATAL_LINE))
  })

  it('7: an unhealthy manager ends the run, it does not hang it', async () => {
    const estate = await standing(platform())
    const host = estate.hosts['m3']
    if (host) host.up = false
    const stage = stageOf(platform(), estate)
    const done = await play(planOf(platform(), await look(platform(), stage)), stage, {})
    expect(done.run.outcome).not.toBe('done')
  })

  it('11: engines are not touched when they are as wanted', async () => {
    const estate = await standing(platform())
    const facts = await look(platform(), stageOf(platform(), estate))
    expect(preview(planOf(platform(), facts), facts).filter(({ will }) => will !== 'hold')).toEqual([])
  })

  it('12: no command asks for a terminal', () => {
    const words = planOf(platform(), new Map()).steps.flatMap(({ run }) =>
      run.flatMap(op => ('exec' in op ? op.exec.argv : [])),
    )
    expect(words.filter(word => word === '-it' || word === '-t' || word === '--tty')).toEqual([])
    expect(words.length).toBeGreaterThan(20)
  })

  it('13: the password is in no argument list, event or plan', async () => {
    const stage = stageOf(platform())
    const plan = planOf(platform(), await look(platform(), stage))
    const done = await play(plan, stage, {})
    expect(canonical([plan as never, done.events as never, done.argv as never])).not.toContain(PASSWORD)
  })

  it('14: a host of another swarm is not taken for a member', async () => {
    const estate = await standing(platform())
    const other = bareEstate(platform(), { '*': { engine: '19.03.15' } }).hosts['w2']
    if (!other) throw new Error('no w2')
    estate.hosts['w2'] = other
    const foreign = startSwarm(estate, 'w2', '10.9.9.9')
    expect(foreign).not.toBe('')
    const facts = await look(platform(), stageOf(platform(), estate))
    expect(findings(platform(), products, facts).map(({ code, host }) => `${code} ${host ?? ''}`)).toContain(
      'RB0840 w2',
    )
  })

  it('15: nodes join through a manager that is healthy, not through the first', async () => {
    const estate = await standing(withAbsent([]))
    const host = estate.hosts['m1']
    if (host) host.up = false
    const facts = await look(platform(), stageOf(platform(), estate))
    const join = planOf(platform(), facts).steps.find(({ id }) => id === 'ucp.join@w1')
    expect(join?.requires.find(({ host: asked }) => asked !== 'w1')?.host).toBe('m2')
  })

  it('16: without --prune nothing is removed, and nothing fails for it', async () => {
    const estate = await standing(platform())
    const { absent: _, ...topology } = withAbsent(['w2'])
    const facts = await look(topology, stageOf(topology, estate))
    const plan = planOf(topology, facts)
    expect(plan.steps.filter(({ kind }) => /demote|drain|strike|leave|sweep/.test(kind))).toEqual([])
  })

  it('17: a flag with = reaches the installer, and the plan is the same every time', () => {
    const all = platform()
    const topology = platform(
      all.ucp && { ucp: { ...all.ucp, extraFlags: ['--swarm-port=2999', '--dns=10.0.0.2'] } },
    )
    const plan = planOf(topology, new Map())
    expect(canonical(plan as never)).toContain('"--swarm-port=2999","--dns=10.0.0.2"')
    expect(canonical(plan as never)).toBe(canonical(planOf(topology, new Map()) as never))
  })

  it('21: a removed host leaves the swarm itself, and may join again', async () => {
    const estate = await standing(platform())
    const topology = withAbsent(['w2'])
    const stage = stageOf(topology, estate)
    const done = await play(planOf(topology, await look(topology, stage)), stage, {})
    const facts = await look(platform(), stageOf(platform(), done.estate))
    expect(findings(platform(), products, facts).filter(({ severity }) => severity === 'error')).toEqual([])
    expect(done.argv).toContain('docker swarm leave')
  })

  it('has a test or a reason for each of the 22', () => {
    const tested = [4, 6, 7, 11, 12, 13, 14, 15, 16, 17, 21]
    const all = [...tested, ...Object.keys(elsewhere).map(Number)].sort((a, b) => a - b)
    expect(all).toEqual(Array.from({ length: 22 }, (_, i) => i + 1))
  })
})
