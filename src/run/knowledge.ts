import { Unreachable } from '../hosts/session.ts'
import { type Facts, factKey } from '../plan/fact.ts'
import { project } from '../plan/project.ts'
import { unique } from '../plan/refs.ts'
import type { Check, FactRef, HostName, Json } from '../plan/step.ts'
import { observe, type Observed } from './observe.ts'
import type { Sessions, World } from './world.ts'

/** What a run knows of the hosts, and which of it is still true for certain. */
export interface Knowledge {
  /** The newest word on everything, old or expected values included: good for counting quorums, not for deciding a goal. */
  believed(): Facts
  /** Answers that nothing can have changed since; asks the hosts for the rest. */
  ask(refs: readonly FactRef[]): Promise<Observed>
  /** Always asks the hosts: somebody else's doing is waited for. */
  askAgain(refs: readonly FactRef[]): Promise<Observed>
  /** Call before and after an effect on a host: what it may change is no longer certain. */
  disturbed(host: HostName): void
  /** A step's goal was seen, or is expected from now on. */
  expect(checks: readonly Check[]): void
}

/**
 * Facts read once serve every step until an effect could have changed them: a 'host' fact by an effect on its host, a
 * 'cluster' fact by any. So a run that changes nothing asks each host once.
 */
export function createKnowledge(
  observed: Facts,
  refs: readonly FactRef[],
  world: World,
  sessions: Sessions,
): Knowledge {
  let believed: Facts = observed
  let clusterEpoch = 0
  const hostEpochs = new Map<HostName, number>()
  const epochOf = (ref: FactRef): number =>
    world.facts.get(ref.fact)?.scope === 'host' ? (hostEpochs.get(ref.host) ?? 0) : clusterEpoch
  const certain = new Map<string, number>()
  for (const ref of refs) if (observed.has(factKey(ref))) certain.set(factKey(ref), epochOf(ref))

  const askAgain = async (refs: readonly FactRef[]): Promise<Observed> => {
    const questions = unique(refs)
    const epochs = questions.map(epochOf)
    const answer = await observe(questions, world, sessions)
    const merged = new Map(believed)
    questions.forEach((ref, i) => {
      const key = factKey(ref)
      const value = answer.facts.get(key)
      if (value === undefined) merged.delete(key)
      else merged.set(key, value)
      // An effect begun while we asked may or may not be in the answer: use it now, do not rely on it later.
      if (value !== undefined && epochs[i] === epochOf(ref)) certain.set(key, epochs[i])
      else certain.delete(key)
    })
    believed = merged
    return answer
  }

  return {
    believed: () => believed,
    askAgain,
    async ask(refs) {
      const questions = unique(refs)
      const open = questions.filter(ref => certain.get(factKey(ref)) !== epochOf(ref))
      const asked =
        open.length === 0
          ? { facts: new Map<string, Json>(), unreachable: new Map<HostName, Unreachable>() }
          : await askAgain(open)
      const facts = new Map(asked.facts)
      for (const ref of questions) {
        const key = factKey(ref)
        const value = believed.get(key)
        if (!open.includes(ref) && value !== undefined) facts.set(key, value)
      }
      return { facts, unreachable: asked.unreachable }
    },
    disturbed(host) {
      clusterEpoch += 1
      hostEpochs.set(host, (hostEpochs.get(host) ?? 0) + 1)
    },
    expect(checks) {
      believed = project(believed, checks)
    },
  }
}
