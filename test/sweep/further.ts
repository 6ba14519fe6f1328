import { canonical } from '../../src/plan/canonical.ts'
import type { Plan } from '../../src/plan/step.ts'
import { type Fault, faultKinds } from '../../src/twin/faults.ts'
import type { Late } from '../../src/twin/late.ts'
import { leaks } from '../../src/twin/leaks.ts'
import { difference, endOf, normal, play, type Rehearsal, type Stage } from '../../src/twin/rehearse.ts'
import { random } from '../faults/random.ts'

/** One or more things that go wrong: the first in the run, the next in its resume. */
export type Case = readonly (Fault | Late)[]

const kinds = [...faultKinds, 'timed-out'] as const

/** What `faults` are on one line: 'exit-1 at call 3, then timed-out at call 0 of the resume'. */
export const inWords = (faults: Case): string =>
  faults
    .map(({ kind, at }, i) => `${kind} at call ${String(at)}${i === 0 ? '' : ' of the resume'}`)
    .join(', then ')

/** Every call of a run, each beyond its time limit. */
export const lateCases = (calls: number): readonly Case[] =>
  Array.from({ length: calls }, (_, at) => [{ at, kind: 'timed-out' as const }])

/** So many pairs drawn by the seed: something in the run, then something in what is left of it. */
export function pairCases(calls: number, count: number, seed: number): readonly Case[] {
  const draw = random(seed)
  const below = (limit: number): number => Math.floor(draw() * limit)
  const one = (from: number): Fault | Late => ({
    at: below(calls - from),
    kind: kinds[below(kinds.length)] ?? 'exit-1',
  })
  return Array.from({ length: count }, () => {
    const first = one(0)
    return [first, one(first.at)]
  })
}

export interface Further extends Pick<Rehearsal, 'calls' | 'cases' | 'inDoubt' | 'leaks'> {
  readonly stuck: readonly string[]
  readonly diverged: readonly string[]
}

/** Plays the cases that `among` makes of the number of calls of the undisturbed run. */
export async function playAll(
  plan: Plan,
  stage: Stage,
  among: (calls: number) => readonly Case[],
): Promise<Further> {
  const whole = await play(plan, stage, {})
  if (whole.run.outcome !== 'done') throw new Error(`the undisturbed run ended ${String(whole.run.outcome)}`)
  const final = normal(whole.estate)
  const cases = among(whole.calls.count)
  const [stuck, diverged]: [string[], string[]] = [[], []]
  const leaking = new Set(leaks(whole.secrets, [], [canonical(plan)]).map(() => 'the plan'))
  let inDoubt = 0
  for (const one of cases) {
    const end = await play(plan, stage, {}, ...one)
    for (const leak of end.leaks) leaking.add(leak)
    if (end.run.outcome === 'done') {
      const seen = normal(end.estate)
      if (seen !== final) diverged.push(`${inWords(one)}: ended elsewhere: ${difference(final, seen)}`)
      continue
    }
    const { step, why } = endOf(end)
    const asks = plan.steps.find(({ id }) => id === step)?.inDoubt === 'ask'
    if (asks && end.run.steps.get(step)?.state === 'in-doubt') inDoubt += 1
    else stuck.push(`${inWords(one)}: stuck at ${step}: ${why}`)
  }
  return { calls: whole.calls.count, cases: cases.length, inDoubt, stuck, diverged, leaks: [...leaking] }
}
