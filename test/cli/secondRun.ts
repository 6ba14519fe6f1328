import { products } from '../../src/catalog/index.ts'
import { presentFiles } from '../../src/cli/review.ts'
import { survey } from '../../src/cli/survey.ts'
import type { Connect } from '../../src/hosts/session.ts'
import type { Digest, HostName, StepId } from '../../src/plan/step.ts'
import type { Topology } from '../../src/playbook/topology.ts'
import { execute } from '../../src/run/execute.ts'
import { openSessions, type World } from '../../src/run/world.ts'

export interface SecondRun {
  /** Steps that were not found to be true already. */
  readonly done: readonly StepId[]
  /** How many times each host was asked something: each is one message and one answer. */
  readonly asked: Readonly<Record<HostName, number>>
}

/** Looks and runs as `apply` does, where nothing should be left to do, and counts what is asked of each host. */
export async function secondRun(topology: Topology, playbook: Digest, world: World): Promise<SecondRun> {
  const asked = new Map<HostName, number>()
  const connect: Connect = async host => {
    const session = await world.connect(host)
    return {
      ...session,
      probe(lines, options) {
        asked.set(host.name, (asked.get(host.name) ?? 0) + 1)
        return session.probe(lines, options)
      },
    }
  }
  const counting = { ...world, connect }
  const sessions = openSessions(topology.hosts, connect)
  try {
    const seen = await survey(topology, playbook, products, counting, sessions)
    await presentFiles(seen, counting, sessions)
    const run = await execute(seen.plan, counting, {
      runId: 'again',
      observed: { facts: seen.facts, refs: seen.refs },
      width: 10,
      emit: () => undefined,
      signal: new AbortController().signal,
      sessions,
    })
    const done = [...run.steps].filter(([, step]) => step.how !== 'already').map(([id]) => id)
    return { done, asked: Object.fromEntries(asked) }
  } finally {
    await sessions.closeAll()
  }
}
