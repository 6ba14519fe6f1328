import { type Deed, LOOK_SECONDS, type Look, type Stride } from './ahead.ts'
import type { Line } from './session.ts'

/** The calls of a window of strides, in the order of `windowCalls`. Each answers by its id, whether or not it did anything. */
export type AheadCall =
  /** A window begins; folders for the jobs of these names are made. Answers `ok`, or `no` where the host cannot do windows. */
  | { readonly call: 'ahead'; readonly id: number; readonly names: readonly string[] }
  /** The next stride begins. Answers nothing. */
  | { readonly call: 'stride' }
  /** Answers what the host makes of it: `holds`, `lacks`, `unknown`, or `skip`; and the exit code. Seconds 0: no time limit. */
  | {
      readonly call: 'glance'
      readonly id: number
      readonly role: 'needs' | 'goal' | 'after'
      readonly seconds: number
      readonly holds: string
      readonly known: readonly [string, string]
      readonly line: Line
    }
  /** Answers `act` when the deeds follow, `skip` when the goal held, `halt`, or `fenced`. */
  | { readonly call: 'act'; readonly id: number }
  | {
      readonly call: 'deed'
      readonly id: number
      readonly name: string
      readonly seconds: number
      readonly line: Line
    }
  | {
      readonly call: 'put'
      readonly id: number
      readonly path: string
      readonly mode: string
      readonly bytes: Uint8Array
    }
  | { readonly call: 'over'; readonly id: number }

/** What an answer of a window is about. */
export type Part =
  | { readonly part: 'ahead' }
  | { readonly part: 'over' }
  | { readonly part: 'needs' | 'goal' | 'after'; readonly stride: number; readonly look: number }
  | { readonly part: 'act'; readonly stride: number }
  | { readonly part: 'deed'; readonly stride: number; readonly deed: number }

/** The calls of these strides; `parts[id]` says what each answer is about. */
export function windowCalls(strides: readonly Stride[]): {
  readonly calls: readonly AheadCall[]
  readonly parts: readonly Part[]
} {
  const parts: Part[] = []
  const calls: AheadCall[] = []
  const next = (part: Part): number => parts.push(part) - 1
  const glance = (role: 'needs' | 'goal' | 'after', stride: number, looks: readonly Look[]): void => {
    for (const [look, { line, telling }] of looks.entries()) {
      const id = next({ part: role, stride, look })
      const { holds, known } = telling
      calls.push({ call: 'glance', id, role, seconds: telling.quick ? 0 : LOOK_SECONDS, holds, known, line })
    }
  }
  const names = strides.flatMap(({ deeds }) => deeds.flatMap(deed => ('job' in deed ? [deed.job] : [])))
  calls.push({ call: 'ahead', id: next({ part: 'ahead' }), names })
  for (const [stride, { needs, goal, deeds }] of strides.entries()) {
    calls.push({ call: 'stride' })
    glance('needs', stride, needs)
    glance('goal', stride, goal)
    calls.push({ call: 'act', id: next({ part: 'act', stride }) })
    for (const [deed, one] of deeds.entries()) calls.push(deedCall(one, next({ part: 'deed', stride, deed })))
    glance('after', stride, goal)
  }
  calls.push({ call: 'over', id: next({ part: 'over' }) })
  return { calls, parts }
}

function deedCall(deed: Deed, id: number): AheadCall {
  if ('write' in deed) return { call: 'put', id, path: deed.write, mode: deed.mode, bytes: deed.content }
  return { call: 'deed', id, name: deed.job, seconds: deed.timeoutSeconds, line: deed.exec }
}
