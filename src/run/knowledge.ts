import { type Exit, type Facts, factKey } from '../plan/fact.ts'
import { unique } from '../plan/refs.ts'
import type { FactRef, HostName, Json } from '../plan/step.ts'
import { observe, type Observed, parse } from './observe.ts'
import type { Sessions, World } from './world.ts'

/** What a run knows of the hosts, and which of it is still true for certain. */
export interface Knowledge {
  /** The newest word on everything, old answers included: good for counting quorums, not for deciding what to do. */
  believed(): Facts
  /** True when every answer is known and no effect of this run can have changed it since. */
  sure(refs: readonly FactRef[]): boolean
  /** Asks the hosts, whatever is known already. */
  ask(refs: readonly FactRef[]): Promise<Observed>
  /** Answers that a host gave between effects: the newest word, and nothing to rely on. Answers what they say. */
  heard(answers: readonly { readonly ref: FactRef; readonly exit: Exit | undefined }[]): Facts
  /** Call before and after an effect on a host: what it may change is no longer certain. */
  disturbed(host: HostName): void
}

/**
 * Facts read once serve until an effect could have changed them: a 'host' fact by an effect on its host, a 'cluster' fact by
 * any. So a run that changes nothing asks each host once.
 */
export function createKnowledge(
  observed: Facts,
  refs: readonly FactRef[],
  world: World,
  sessions: Sessions,
): Knowledge {
  const believed = new Map(observed)
  let clusterEpoch = 0
  const hostEpochs = new Map<HostName, number>()
  const epochOf = (ref: FactRef): number =>
    world.facts.get(ref.fact)?.scope === 'host' ? (hostEpochs.get(ref.host) ?? 0) : clusterEpoch
  /** Epoch in which an answer was had; only for answers that were had within one epoch. */
  const certain = new Map<string, number>()
  for (const ref of refs) if (observed.has(factKey(ref))) certain.set(factKey(ref), epochOf(ref))
  /** When the newest answer was asked for, so that a slow old answer does not replace a newer one. */
  const askedAs = new Map<string, number>()
  let count = 0

  return {
    believed: () => believed,
    sure: refs => refs.every(ref => certain.get(factKey(ref)) === epochOf(ref)),
    async ask(refs) {
      const mine = ++count
      const questions = unique(refs)
      const epochs = questions.map(epochOf)
      const answer = await observe(questions, world, sessions)
      for (const [i, ref] of questions.entries()) {
        const key = factKey(ref)
        if ((askedAs.get(key) ?? 0) > mine) continue
        askedAs.set(key, mine)
        const value = answer.facts.get(key)
        const epoch = epochs[i]
        if (value === undefined) believed.delete(key)
        else believed.set(key, value)
        // An effect begun while we asked may or may not be in the answer: use it now, do not rely on it later.
        if (value !== undefined && epoch !== undefined && epoch === epochOf(ref)) certain.set(key, epoch)
        else certain.delete(key)
      }
      return answer
    },
    heard(answers) {
      const facts = new Map<string, Json>()
      for (const { ref, exit } of answers) {
        const key = factKey(ref)
        const fact = world.facts.get(ref.fact)
        const value = fact && exit?.code !== undefined ? parse(fact, exit, ref.args) : undefined
        askedAs.set(key, ++count)
        certain.delete(key)
        if (value === undefined) believed.delete(key)
        else {
          believed.set(key, value)
          facts.set(key, value)
        }
      }
      return facts
    },
    disturbed(host) {
      clusterEpoch += 1
      hostEpochs.set(host, (hostEpochs.get(host) ?? 0) + 1)
    },
  }
}
