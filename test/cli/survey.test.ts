import { expect, test } from 'vitest'
import { products } from '../../src/catalog/index.ts'
import { checkPlaybook } from '../../src/cli/check.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { presentFiles } from '../../src/cli/review.ts'
import { survey } from '../../src/cli/survey.ts'
import type { Connect } from '../../src/hosts/session.ts'
import type { HostName } from '../../src/plan/step.ts'
import { execute } from '../../src/run/execute.ts'
import { createRedact } from '../../src/run/redact.ts'
import { openSessions } from '../../src/run/world.ts'
import { virtualClock } from '../../src/twin/clock.ts'
import { connectTwin } from '../../src/twin/connect.ts'
import { play } from '../../src/twin/rehearse.ts'
import { example } from '../sweep/examples.ts'

test.each(['dtr-ha', 'minimal', 'dtr-5-s3', 'multi-site'])(
  'a second apply of %s asks every host once, runs nothing and asks no more',
  async name => {
    const { plan, stage } = await example(name)
    const { estate } = await play(plan, stage, {})
    const { topology, digest } = await checkPlaybook(`${packageRoot()}/playbooks/${name}.yml`)
    if (!topology || digest === undefined) throw new Error(`${name} is no good playbook`)
    const clock = virtualClock(estate.clockMs)
    const asked = new Map<HostName, number>()
    const twin = connectTwin(estate, stage.models, clock)
    const connect: Connect = async host => {
      const session = await twin(host)
      return {
        ...session,
        probe(lines, options) {
          asked.set(host.name, (asked.get(host.name) ?? 0) + 1)
          return session.probe(lines, options)
        },
      }
    }
    const ask = () => Promise.reject(new Error('nobody is there'))
    const world = { ...stage, hosts: topology.hosts, connect, clock, ask, redact: createRedact() }
    const sessions = openSessions(topology.hosts, connect)
    const seen = await survey(topology, digest, products, world, sessions)
    await presentFiles(seen, world, sessions)
    const run = await execute(seen.plan, world, {
      runId: 'again',
      observed: { facts: seen.facts, refs: seen.refs },
      width: 10,
      emit: () => undefined,
      signal: new AbortController().signal,
      sessions,
    })
    expect([...run.steps].filter(([, step]) => step.how !== 'already')).toEqual([])
    expect(Object.fromEntries(asked)).toEqual(
      Object.fromEntries(Object.keys(topology.hosts).map(host => [host, 1])),
    )
  },
)
