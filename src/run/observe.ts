import { type Line, Unreachable } from '../hosts/session.ts'
import { type Exit, type Fact, type Facts, factKey } from '../plan/fact.ts'
import { unique } from '../plan/refs.ts'
import type { FactRef, HostName, Json } from '../plan/step.ts'
import { bind } from './bind.ts'
import type { Sessions, World } from './world.ts'

/** What was seen, and the hosts that could not be asked. A question without an entry in `facts` could not be told. */
export interface Observed {
  readonly facts: Facts
  /** By `factKey`: why a question that was put could not be told. */
  readonly untold: ReadonlyMap<string, string>
  readonly unreachable: ReadonlyMap<HostName, Unreachable>
}

/** Enough for a slow vendor endpoint; a probe that takes longer is treated as "could not tell". */
const PROBE_TIMEOUT_MS = 30_000
const MOST_SAID = 200

/** Asks all questions, every host's in one round trip, all hosts at once. Never throws for what a host does or says. */
export async function observe(refs: readonly FactRef[], world: World, sessions: Sessions): Promise<Observed> {
  const facts = new Map<string, Json>()
  const untold = new Map<string, string>()
  const unreachable = new Map<HostName, Unreachable>()
  const byHost = new Map<HostName, FactRef[]>()
  for (const ref of unique(refs)) {
    const before = byHost.get(ref.host)
    if (before === undefined) byHost.set(ref.host, [ref])
    else before.push(ref)
  }
  await Promise.all(
    [...byHost].map(async ([host, questions]) => {
      try {
        const session = await sessions.to(host)
        const asked = await Promise.all(questions.map(ref => questionOf(ref, world)))
        // Facts that ask with the very same words (two checks on one listing) share one probe.
        const distinct = new Map(asked.map(({ words, line }) => [words, line]))
        const exits = await session.probe([...distinct.values()], { timeoutMs: PROBE_TIMEOUT_MS })
        const byWords = new Map([...distinct.keys()].map((words, i) => [words, exits[i]]))
        for (const { ref, key, fact, words } of asked) {
          const exit = byWords.get(words)
          const answer = exit?.code === undefined ? undefined : parse(fact, exit, ref.args)
          if (answer === undefined) {
            untold.set(key, fact.secret ? 'its answer is secret and was not as expected' : why(exit))
            continue
          }
          facts.set(key, answer)
          if (fact.secret) maskAll(answer, world)
        }
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
        unreachable.set(host, error)
      }
    }),
  )
  return { facts, untold, unreachable }
}

/** A question as it goes to a host. */
export interface Question {
  readonly ref: FactRef
  readonly key: string
  readonly fact: Fact
  readonly line: Line
  /** The line as text, equal for equal lines. */
  readonly words: string
}

/** Polling asks the same few questions over and over, and what they are bound to does not change within a run. */
const prepared = new WeakMap<World, Map<string, Question>>()

/** A question bound, as it goes to its host. */
export async function questionOf(ref: FactRef, world: World): Promise<Question> {
  const key = factKey(ref)
  let known = prepared.get(world)
  if (!known) prepared.set(world, (known = new Map<string, Question>()))
  const before = known.get(key)
  if (before) return before
  const fact = factOf(ref, world)
  const line = await bind(fact.probe(ref.args), world, noLate)
  const question = { ref, key, fact, line, words: JSON.stringify(line) }
  known.set(key, question)
  return question
}

/** A parser that throws met output it was not made for: it could not tell. */
export function parse(fact: Fact, exit: Exit, args: Json | undefined): Json | undefined {
  try {
    return fact.parse(exit, args)
  } catch {
    return undefined
  }
}

/** What a question ended with, short enough for one line of a failure. */
function why(exit: Exit | undefined): string {
  const said = [exit?.stderr, exit?.stdout]
    .map(text => text?.trim())
    .find(text => text !== undefined && text !== '')
  const last = said === undefined ? 'no output' : (said.split('\n').at(-1) ?? '').slice(0, MOST_SAID)
  return exit?.code === undefined
    ? `the question was not answered (${last})`
    : `the question ended with ${exit.code} (${last})`
}

function factOf(ref: FactRef, world: World): Fact {
  const fact = world.facts.get(ref.fact)
  if (!fact) throw new Error(`no fact is called ${ref.fact}`)
  return fact
}

/** Where no fact may be asked for first. */
export const noLate = (ref: FactRef): never => {
  throw new Error(`a probe may not depend on another fact (${ref.fact})`)
}

function maskAll(answer: Json, world: World): void {
  if (typeof answer === 'string') world.redact.add(answer)
  else if (typeof answer === 'object' && answer !== null)
    Object.values(answer).forEach(member => {
      maskAll(member, world)
    })
}
