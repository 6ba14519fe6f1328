import { Unreachable } from '../hosts/session.ts'
import { type Facts, factKey } from '../plan/fact.ts'
import { unique } from '../plan/refs.ts'
import type { FactRef, HostName, Json } from '../plan/step.ts'
import { bind } from './bind.ts'
import type { Sessions, World } from './world.ts'

/** What was seen, and the hosts that could not be asked. A question without an entry in `facts` could not be told. */
export interface Observed {
  readonly facts: Facts
  readonly unreachable: ReadonlyMap<HostName, Unreachable>
}

/** Enough for a slow vendor endpoint; a probe that takes longer is treated as "could not tell". */
const PROBE_TIMEOUT_MS = 30_000

/** Asks all questions, every host's in one round trip, all hosts at once. Never throws for what a host does or says. */
export async function observe(refs: readonly FactRef[], world: World, sessions: Sessions): Promise<Observed> {
  const facts = new Map<string, Json>()
  const unreachable = new Map<HostName, Unreachable>()
  const byHost = new Map<HostName, FactRef[]>()
  for (const ref of unique(refs)) byHost.set(ref.host, [...(byHost.get(ref.host) ?? []), ref])
  await Promise.all(
    [...byHost].map(async ([host, questions]) => {
      try {
        const session = await sessions.to(host)
        // Facts that ask with the very same words (two checks on one listing) share one probe.
        const lines = await Promise.all(
          questions.map(ref => bind(factOf(ref, world).probe(ref.args), world, noLate)),
        )
        const distinct = new Map(lines.map(line => [JSON.stringify(line), line]))
        const exits = await session.probe([...distinct.values()], { timeoutMs: PROBE_TIMEOUT_MS })
        const byLine = new Map([...distinct.keys()].map((key, i) => [key, exits[i]]))
        questions.forEach((ref, i) => {
          const exit = byLine.get(JSON.stringify(lines[i]))
          if (!exit || exit.code === undefined) return
          const fact = factOf(ref, world)
          const answer = fact.parse(exit, ref.args)
          if (answer === undefined) return
          facts.set(factKey(ref), answer)
          if (fact.secret) maskAll(answer, world)
        })
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        unreachable.set(host, error)
      }
    }),
  )
  return { facts, unreachable }
}

function factOf(ref: FactRef, world: World) {
  const fact = world.facts.get(ref.fact)
  if (!fact) throw new Error(`no fact is called ${ref.fact}`)
  return fact
}

const noLate = (ref: FactRef): never => {
  throw new Error(`a probe may not depend on another fact (${ref.fact})`)
}

function maskAll(answer: Json, world: World): void {
  if (typeof answer === 'string') world.redact.add(answer)
  else if (typeof answer === 'object' && answer !== null)
    Object.values(answer).forEach(member => {
      maskAll(member as Json, world)
    })
}
