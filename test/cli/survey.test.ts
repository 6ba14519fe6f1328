import { expect, test } from 'vitest'
import { checkPlaybook } from '../../src/cli/check.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { createRedact } from '../../src/run/redact.ts'
import { virtualClock } from '../../src/twin/clock.ts'
import { connectTwin } from '../../src/twin/connect.ts'
import { play } from '../../src/twin/rehearse.ts'
import { example } from '../sweep/examples.ts'
import { secondRun } from './secondRun.ts'

test.each(['dtr-ha', 'minimal', 'dtr-5-s3', 'multi-site'])(
  'a second apply of %s asks every host once, runs nothing and asks no more',
  async name => {
    const { plan, stage } = await example(name)
    const { estate } = await play(plan, stage, {})
    const { topology, digest } = await checkPlaybook(`${packageRoot()}/playbooks/${name}.yml`)
    if (!topology || digest === undefined) throw new Error(`${name} is no good playbook`)
    const clock = virtualClock(estate.clockMs)
    const connect = connectTwin(estate, stage.models, clock)
    const ask = () => Promise.reject(new Error('nobody is there'))
    const world = { ...stage, hosts: topology.hosts, connect, clock, ask, redact: createRedact() }
    const { done, asked } = await secondRun(topology, digest, world)
    expect(done).toEqual([])
    expect(asked).toEqual(Object.fromEntries(Object.keys(topology.hosts).map(host => [host, 1])))
  },
)
