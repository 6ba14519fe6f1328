import { type Deed, type Halt, type Look, type Stride, type Tale } from '../hosts/ahead.ts'
import { Fenced } from '../hosts/custody.ts'
import { type Session, Unreachable } from '../hosts/session.ts'
import { holds } from '../plan/check.ts'
import { type Exit, factKey } from '../plan/fact.ts'
import { showOp } from '../plan/show.ts'
import type { Check, Step, StepId } from '../plan/step.ts'
import { bind, bindValue } from './bind.ts'
import type { Failure } from './event.ts'
import { noLate, questionOf } from './observe.ts'
import { jobOf } from './operate.ts'
import { carryOn } from './perform.ts'
import { failureOf, type Workplace } from './workplace.ts'

/** Text of files in one window, all together. */
const MOST_BYTES = 256 * 1024
/** How many last lines of output a failure keeps. */
const LAST_LINES = 15

/** A step with every reference bound. */
interface Bound {
  readonly step: Step
  readonly stride: Stride
}

/**
 * Makes the goals of these steps hold, which are of one host and in their order (together.ts), by one message. Their intents are on disk
 * before it leaves; the host looks, acts and looks again for each, and halts at the first that does not come to its end. What it
 * halted at is brought to an end here, as every step is.
 * Never throws for anything a host does. Answers the steps that are to be performed one by one.
 */
export async function sendAhead(
  steps: readonly Step[],
  attempts: (step: StepId) => number,
  place: Workplace,
): Promise<readonly StepId[]> {
  const [first] = steps
  if (first === undefined) return []
  const { record } = place
  const { host } = first
  let session: Session
  try {
    session = await place.unlessBroken(place.sessions.to(host))
  } catch (error) {
    // How a host cannot be reached is told where steps are performed.
    if (error instanceof Unreachable) return [first.id]
    throw error
  }
  if (session.ahead === undefined) return steps.map(step => step.id)
  const bound = await bindAll(steps, attempts, place)
  if (bound.length === 0) return [first.id]
  record({
    kind: 'sent-ahead',
    host,
    steps: bound.map(({ step }) => ({ step: step.id, attempt: attempts(step.id) + 1 })),
  })
  const hearing = hear(bound, attempts, place)
  let halt: Halt | undefined
  let error: unknown
  try {
    const strides = bound.map(({ stride }) => stride)
    halt = await place.unlessBroken(session.ahead({ strides, tale: hearing.tale }))
  } catch (thrown) {
    if (!(thrown instanceof Unreachable) && !(thrown instanceof Fenced)) throw thrown
    error = thrown
  } finally {
    hearing.stop()
    place.knowledge.disturbed(host)
  }
  const at = halt?.stride ?? hearing.over()
  const stuck = at < bound.length ? bound[at]?.step : undefined
  const began = stuck !== undefined && (hearing.hasBegun(at) || (halt?.at === 'look' && halt.lost === true))
  const unsure = error instanceof Unreachable || halt?.lost === true
  const back = unsure ? [] : bound.slice(began || error !== undefined ? at + 1 : at)
  record({ kind: 'came-back', host, steps: back.map(({ step }) => step.id) })
  if (stuck === undefined) return []
  if (error !== undefined) {
    record({ kind: 'step-failed', step: stuck.id, failure: failureOf(error, stuck) })
    return []
  }
  if (!began) return halt?.at === 'unable' ? steps.map(step => step.id) : [stuck.id]
  const failure = hearing.failure()
  if (failure !== undefined) {
    record({ kind: 'step-failed', step: stuck.id, failure })
    return []
  }
  if (!hearing.hasBegun(at)) record({ kind: 'step-started', step: stuck.id, attempt: attempts(stuck.id) + 1 })
  await carryOn(stuck, { attempt: attempts(stuck.id) + 1, ...hearing.ops(at) }, place)
  return []
}

/** The first of them that can be bound and are small enough to go together; what is wrong with the next is told when it is performed. */
async function bindAll(
  steps: readonly Step[],
  attempts: (step: StepId) => number,
  place: Workplace,
): Promise<readonly Bound[]> {
  const bound: Bound[] = []
  let bytes = 0
  for (const step of steps) {
    try {
      const stride = await strideOf(step, attempts(step.id) + 1, place)
      for (const deed of stride.deeds)
        bytes += 'write' in deed ? deed.content.length : (deed.exec.stdin?.length ?? 0)
      if (bytes > MOST_BYTES) return bound
      bound.push({ step, stride })
    } catch {
      return bound
    }
  }
  return bound
}

async function strideOf(step: Step, attempt: number, place: Workplace): Promise<Stride> {
  const { world } = place
  const looks = (checks: readonly Check[]): Promise<readonly Look[]> =>
    Promise.all(
      checks.map(async check => {
        const { line, fact } = await questionOf(check, world)
        const telling = fact.tells?.(check.args, check.is)
        if (telling === undefined) throw new Error(`a host cannot judge ${check.fact}`)
        return { line, telling }
      }),
    )
  const deeds: Deed[] = []
  for (const [index, op] of step.run.entries()) {
    if ('exec' in op) {
      const job = jobOf(place.runId, step, attempt, index)
      deeds.push({ exec: await bind(op.exec, world, noLate), job, timeoutSeconds: op.timeoutSeconds })
    } else if ('write' in op)
      deeds.push({
        write: op.write,
        content: Buffer.from(await bindValue(op.content, world, noLate)),
        mode: op.mode,
      })
    else throw new Error('neither a command nor a file')
  }
  return { needs: await looks(step.requires), goal: await looks(step.goal), deeds }
}

/** What a host has told of a window so far. */
interface Hearing {
  readonly tale: Tale
  /** Nothing is listened to any more. @throws a mistake in the catalog that came to light */
  stop(): void
  /** How many have come to their end, from the first on. */
  over(): number
  hasBegun(at: number): boolean
  /** A deed that ended, and not well. */
  failure(): Failure | undefined
  /** The ops of the step that are known to have ended well, and the one that may be open. */
  ops(at: number): { readonly ended: readonly number[]; readonly open?: number }
}

/** Records what the host tells, as it tells it. */
function hear(bound: readonly Bound[], attempts: (step: StepId) => number, place: Workplace): Hearing {
  const { record, world, knowledge } = place
  const begun = new Set<number>()
  const ends = bound.map(() => 0)
  const lastLines = bound.map((): string[] => [])
  let over = 0
  let failure: Failure | undefined
  let mistake: { readonly error: unknown } | undefined
  let listening = true
  const heard =
    <T extends readonly unknown[]>(tell: (step: Step, at: number, ...words: T) => void) =>
    (at: number, ...words: T): void => {
      const step = bound[at]?.step
      if (!listening || step === undefined) return
      try {
        tell(step, at, ...words)
      } catch (error) {
        // A session's reader must not die of it. A broken run ends the wait for the host; a mistake is told after it.
        listening = false
        mistake = { error }
      }
    }
  const begin = (step: Step, at: number): void => {
    if (begun.has(at)) return
    begun.add(at)
    record({ kind: 'step-started', step: step.id, attempt: attempts(step.id) + 1 })
  }
  const beginOp = (step: Step, op: number): void => {
    const one = step.run[op]
    if (one === undefined) return
    knowledge.disturbed(step.host)
    record({ kind: 'op-started', step: step.id, op, host: step.host, shown: showOp(one) })
  }
  /** A host's word is enough to go on by. It is done when the fact's own parser finds so. */
  const confirm = (step: Step, seen: readonly Exit[]): void => {
    const facts = knowledge.heard(step.goal.map((ref, i) => ({ ref, exit: seen[i] })))
    const missing = step.goal.find(check => !holds(check, facts))
    if (missing === undefined) return
    throw new Error(`${step.id}: its host took ${factKey(missing)} for true, and its parser does not`)
  }
  const note = (at: number, text: string): void => {
    const lines = lastLines[at]
    lines?.push(text)
    if (lines !== undefined && lines.length > LAST_LINES) lines.shift()
  }
  const tale: Tale = {
    already: heard((step, at, seen: readonly Exit[], lost: boolean) => {
      confirm(step, seen)
      over = at + 1
      // What held before we came is not our doing; what we may have begun and now holds is.
      if (lost) begin(step, at)
      record({ kind: 'step-done', step: step.id, how: begun.has(at) ? 'changed' : 'already' })
    }),
    begun: heard((step, at) => {
      begin(step, at)
      beginOp(step, 0)
    }),
    line: heard((step, at, stream: 'out' | 'err', text: string) => {
      const line = world.redact.text(text)
      note(at, line)
      record({ kind: 'output', step: step.id, host: step.host, stream, line })
    }),
    ended: heard((step, at, op: number, exit: Exit) => {
      const one = step.run[op]
      // A part that was sent again tells again how it ended.
      if (one === undefined || op < (ends[at] ?? 0) || exit.code === undefined) return
      knowledge.disturbed(step.host)
      const known = { host: step.host, op, shown: showOp(one) }
      if (exit.timedOut) {
        const afterSeconds = 'exec' in one ? one.timeoutSeconds : 0
        failure = { why: 'timeout', ...known, afterSeconds, lastLines: lastLines[at] ?? [] }
        return
      }
      record({ kind: 'op-ended', step: step.id, op, code: exit.code })
      if (exit.code === 0) {
        ends[at] = op + 1
        beginOp(step, op + 1)
        return
      }
      if ('write' in one)
        for (const line of exit.stderr.split('\n')) if (line !== '') note(at, world.redact.text(line))
      failure = { why: 'exit', ...known, code: exit.code, lastLines: lastLines[at] ?? [] }
    }),
    done: heard((step, at, seen: readonly Exit[]) => {
      confirm(step, seen)
      over = at + 1
      record({ kind: 'step-done', step: step.id, how: 'changed' })
    }),
  }
  return {
    tale,
    stop() {
      listening = false
      if (mistake !== undefined) throw mistake.error
    },
    over: () => over,
    hasBegun: at => begun.has(at),
    failure: () => failure,
    ops(at) {
      const count = ends[at] ?? 0
      const ended = Array.from({ length: count }, (_, i) => i)
      return count < (bound[at]?.step.run.length ?? 0) ? { ended, open: count } : { ended }
    },
  }
}
