import type { Exit } from '../plan/fact.ts'
import { factKey } from '../plan/fact.ts'
import { holds } from '../plan/check.ts'
import { showCheck, showOp } from '../plan/show.ts'
import type { Check, HostName, Json, Op, Step } from '../plan/step.ts'
import { Unreachable } from '../hosts/session.ts'
import { Unbound, bind, bindValue } from './bind.ts'
import type { Event, Failure } from './event.ts'
import type { StepRun } from './fold.ts'
import type { Knowledge } from './knowledge.ts'
import type { Sessions, World } from './world.ts'

/** Without the clock: the caller stamps it. */
export type Happening = Event extends infer E ? (E extends Event ? Omit<E, 'at'> : never) : never

/** What one step needs to be brought about. */
export interface Workplace {
  readonly runId: string
  readonly world: World
  readonly sessions: Sessions
  readonly knowledge: Knowledge
  readonly record: (happening: Happening) => void
}

/** Carries a Failure up to the one place that records it. */
class Stop extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.why)
    this.failure = failure
  }
}

/** How many last lines of output a failure keeps. */
const LAST_LINES = 15
/** A service that has just been restarted gets this long to be able to answer at all. */
const TELL_WITHIN_MS = 30_000
const POLL_FIRST_MS = 500
const POLL_MOST_MS = 5_000

/**
 * Makes one step's goal hold, or records why not. Never throws for anything a host does.
 * The order is the safety: goal first (done is done), then `requires`, then the ops with their intent on record, then the goal again.
 */
export async function perform(step: Step, before: StepRun, place: Workplace): Promise<void> {
  const { record } = place
  try {
    if (await goalHolds(step, place)) {
      record({ kind: 'step-done', step: step.id, how: 'already' })
      return
    }
    const inDoubt = before.state === 'in-doubt'
    let attempt = inDoubt ? Math.max(before.attempt, 1) : before.attempt + 1
    record({ kind: 'step-started', step: step.id, attempt })
    if (!(inDoubt && before.touched)) await mustHold(step.requires, place)
    let ended = inDoubt ? before.ended : []
    for (;;) {
      const unknown = await runOps(step, attempt, ended, place)
      if (!unknown) break
      // The effect may still be on its way: it gets its full time before anything is done about it.
      if ((await comesTrue(step, step.goal, step.withinSeconds, place)) === undefined) break
      if (step.inDoubt === 'ask' || attempt >= before.attempt + 2) throw new Stop(unknown)
      attempt += 1
      ended = []
      record({ kind: 'step-started', step: step.id, attempt })
    }
    const missing = await comesTrue(step, step.goal, step.withinSeconds, place)
    if (missing) throw new Stop(missing)
    place.knowledge.expect(step.goal)
    record({ kind: 'step-done', step: step.id, how: 'changed' })
  } catch (error) {
    record({ kind: 'step-failed', step: step.id, failure: failureOf(error, step) })
  }
}

function failureOf(error: unknown, step: Step): Failure {
  if (error instanceof Stop) return error.failure
  if (error instanceof Unreachable)
    return { why: 'unreachable', host: error.host, detail: error.message, help: error.help }
  if (error instanceof Unbound) {
    return {
      why: 'unobservable',
      host: error.ref.host,
      detail: error.message,
      help: `ask the host yourself, then resume`,
    }
  }
  throw error instanceof Error ? Object.assign(error, { step: step.id }) : error
}

/** True when the goal is seen to hold. Never false for a goal that could not be told: acting on a guess is how clusters are lost. */
async function goalHolds(step: Step, place: Workplace): Promise<boolean> {
  if (step.goal.length === 0) return false
  const { clock } = place.world
  const deadlineMs = clock.now() + TELL_WITHIN_MS
  let seen = await place.knowledge.ask(step.goal)
  for (;;) {
    const unknown = step.goal.find(check => !seen.facts.has(factKey(check)))
    if (!unknown) return step.goal.every(check => holds(check, seen.facts))
    if (clock.now() >= deadlineMs) {
      const [lost] = seen.unreachable.values()
      if (lost) throw lost
      throw new Stop({
        why: 'unobservable',
        host: unknown.host,
        detail: `could not tell whether ${showCheck(unknown)}`,
        help: 'look at the host, then resume',
      })
    }
    await clock.sleep(POLL_MOST_MS)
    seen = await place.knowledge.askAgain(step.goal)
  }
}

async function mustHold(checks: readonly Check[], place: Workplace): Promise<void> {
  if (checks.length === 0) return
  const seen = await place.knowledge.ask(checks)
  const [lost] = seen.unreachable.values()
  if (lost) throw lost
  for (const check of checks) {
    const value = seen.facts.get(factKey(check))
    if (value === undefined) {
      throw new Stop({
        why: 'unobservable',
        host: check.host,
        detail: `could not tell whether ${showCheck(check)}`,
        help: 'look at the host, then resume',
      })
    }
    if (!holds(check, seen.facts)) {
      throw new Stop({
        why: 'diverged',
        check,
        seen: value,
        detail: 'something needed before this step is not as the plan expects; nothing was done',
      })
    }
  }
}

/** Runs the ops not yet known to have ended. Answers an in-doubt failure when nobody can say how an op ended. */
async function runOps(
  step: Step,
  attempt: number,
  ended: readonly number[],
  place: Workplace,
): Promise<Failure | undefined> {
  for (const [index, op] of step.run.entries()) {
    if (ended.includes(index)) continue
    const unknown = await runOp(step, op, index, attempt, place)
    if (unknown) return unknown
  }
  return undefined
}

async function runOp(
  step: Step,
  op: Op,
  index: number,
  attempt: number,
  place: Workplace,
): Promise<Failure | undefined> {
  const { record, world, knowledge } = place
  const late = async (
    ref: Check | { fact: string; host: HostName; args?: Json },
  ): Promise<Json | undefined> => {
    const seen = await knowledge.askAgain([ref])
    const [lost] = seen.unreachable.values()
    if (lost) throw lost
    return seen.facts.get(factKey(ref))
  }
  if ('await' in op) {
    const missing = await comesTrue(step, op.await, op.withinSeconds, place)
    if (missing) throw new Stop(missing)
    return undefined
  }
  if ('ask' in op) {
    const reply = await world.ask(op.ask, op.answer)
    record({ kind: 'answered', step: step.id, by: reply.by, answer: reply.answer })
    return undefined
  }
  const host = op.on ?? step.host
  const shown = showOp(op)
  const session = await place.sessions.to(host)
  const line = 'exec' in op ? await bind(op.exec, world, late) : undefined
  const content = 'write' in op ? Buffer.from(await bindValue(op.content, world, late)) : undefined
  record({ kind: 'op-started', step: step.id, op: index, host, shown })
  knowledge.disturbed(host)
  const output: string[] = []
  let fatal: string | undefined
  const fails = 'exec' in op && op.failsOn !== undefined ? new RegExp(op.failsOn) : undefined
  let exit: Exit
  try {
    if (line && 'exec' in op) {
      exit = await session.exec(line, {
        job: `${place.runId}.${step.id}.${attempt}.${index}`.replaceAll(/[^A-Za-z0-9._@-]/g, '_'),
        timeoutMs: op.timeoutSeconds * 1000,
        onLine: (stream, text) => {
          const shownLine = world.redact.text(text)
          output.push(shownLine)
          if (output.length > LAST_LINES) output.shift()
          if (fails?.test(text)) fatal ??= shownLine
          record({ kind: 'output', step: step.id, host, stream, line: shownLine })
        },
      })
    } else {
      exit = await session.write(
        'write' in op ? op.write : '',
        content ?? new Uint8Array(),
        'write' in op ? op.mode : '',
      )
      if (exit.code !== 0 && exit.code !== undefined)
        output.push(
          ...exit.stderr
            .split('\n')
            .filter(text => text !== '')
            .map(world.redact.text),
        )
    }
  } finally {
    knowledge.disturbed(host)
  }
  if (exit.code === undefined) {
    return {
      why: 'in-doubt',
      host,
      op: index,
      shown,
      detail: exit.stderr === '' ? 'nobody saw how the command ended' : world.redact.text(exit.stderr),
    }
  }
  if (exit.timedOut && 'exec' in op) {
    throw new Stop({
      why: 'timeout',
      host,
      op: index,
      shown,
      afterSeconds: op.timeoutSeconds,
      lastLines: output,
    })
  }
  record({ kind: 'op-ended', step: step.id, op: index, code: exit.code })
  if (exit.code !== 0)
    throw new Stop({ why: 'exit', host, op: index, shown, code: exit.code, lastLines: output })
  if (fatal !== undefined) throw new Stop({ why: 'fatal-line', host, op: index, shown, line: fatal })
  return undefined
}

/** Waits until all checks hold. Answers undefined when they do, the failure when the time is over. */
async function comesTrue(
  step: Step,
  checks: readonly Check[],
  withinSeconds: number,
  place: Workplace,
): Promise<Failure | undefined> {
  const { clock } = place.world
  const startedMs = clock.now()
  const deadlineMs = startedMs + withinSeconds * 1000
  let pauseMs = POLL_FIRST_MS
  let told = ''
  for (;;) {
    const seen = await place.knowledge.askAgain(checks)
    const missing = checks.find(check => !holds(check, seen.facts))
    if (!missing) return undefined
    const nowMs = clock.now()
    const elapsedSeconds = Math.round((nowMs - startedMs) / 1000)
    const lost = seen.unreachable.get(missing.host)
    const value = seen.facts.get(factKey(missing)) ?? null
    if (nowMs >= deadlineMs) {
      if (lost) return { why: 'unreachable', host: lost.host, detail: lost.message, help: lost.help }
      if (!seen.facts.has(factKey(missing))) {
        return {
          why: 'unobservable',
          host: missing.host,
          detail: `for ${withinSeconds} s nobody could tell whether ${showCheck(missing)}`,
          help: 'look at the host, then resume',
        }
      }
      return { why: 'goal-not-met', check: missing, seen: value, afterSeconds: elapsedSeconds }
    }
    const tell = JSON.stringify([missing, value])
    if (tell !== told)
      place.record({ kind: 'waiting', step: step.id, for: missing, seen: value, elapsedSeconds })
    told = tell
    await clock.sleep(Math.min(pauseMs, deadlineMs - nowMs))
    pauseMs = Math.min(pauseMs * 2, POLL_MOST_MS)
  }
}
