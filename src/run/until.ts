import type { Unreachable } from '../hosts/session.ts'
import { holds } from '../plan/check.ts'
import { type Facts, factKey } from '../plan/fact.ts'
import { showCheck } from '../plan/show.ts'
import type { Check, Step } from '../plan/step.ts'
import type { Failure } from './event.ts'
import type { Observed } from './observe.ts'
import { Stop, type Workplace } from './workplace.ts'

/** A service that has just been restarted gets this long to be able to answer at all. */
const TELL_WITHIN_MS = 30_000
const POLL_FIRST_MS = 500
const POLL_MOST_MS = 5_000
const HELP = 'look at the host, then resume'

/** What the hosts say to all of these, asked now. @throws Stop or Unreachable when one could not be told for a while */
export async function told(checks: readonly Check[], place: Workplace): Promise<Facts> {
  const { clock } = place.world
  const deadlineMs = clock.now() + TELL_WITHIN_MS
  for (;;) {
    const seen = await place.unlessBroken(place.knowledge.ask(checks))
    const untold = checks.find(check => !seen.facts.has(factKey(check)))
    if (!untold) return seen.facts
    const lost = seen.unreachable.get(untold.host)
    if (clock.now() >= deadlineMs || lockedOut(lost)) {
      if (lost) throw lost
      const detail = `could not tell whether ${showCheck(untold)}${because(untold, seen)}`
      throw new Stop({ why: 'unobservable', host: untold.host, detail, help: HELP })
    }
    await place.unlessBroken(clock.sleep(POLL_MOST_MS))
  }
}

/** Waits until all checks hold. Answers undefined when they do, the failure when the time is over. */
export async function comesTrue(
  step: Step,
  checks: readonly Check[],
  withinSeconds: number,
  place: Workplace,
): Promise<Failure | undefined> {
  const { clock } = place.world
  const startedMs = clock.now()
  const deadlineMs = startedMs + withinSeconds * 1000
  let pauseMs = POLL_FIRST_MS
  let shown = ''
  for (;;) {
    const seen = await place.unlessBroken(place.knowledge.ask(checks))
    const missing = checks.find(check => !holds(check, seen.facts))
    if (!missing) return undefined
    const nowMs = clock.now()
    const elapsedSeconds = Math.round((nowMs - startedMs) / 1000)
    const lost = seen.unreachable.get(missing.host)
    const value = seen.facts.get(factKey(missing))
    if (nowMs >= deadlineMs || lockedOut(lost)) {
      if (lost) return { why: 'unreachable', host: lost.host, detail: lost.message, help: lost.help }
      if (value !== undefined) {
        return { why: 'goal-not-met', check: missing, seen: value, afterSeconds: elapsedSeconds }
      }
      const detail = `for ${elapsedSeconds} s nobody could tell whether ${showCheck(missing)}${because(missing, seen)}`
      return { why: 'unobservable', host: missing.host, detail, help: HELP }
    }
    const show = JSON.stringify([missing, value ?? null])
    if (show !== shown) {
      place.record({ kind: 'waiting', step: step.id, for: missing, seen: value ?? null, elapsedSeconds })
    }
    shown = show
    await place.unlessBroken(clock.sleep(Math.min(pauseMs, deadlineMs - nowMs)))
    pauseMs = Math.min(pauseMs * 2, POLL_MOST_MS)
  }
}

/** Trying again would change nothing, and can lock an account. */
function lockedOut(lost: Unreachable | undefined): boolean {
  return lost?.reason === 'auth' || lost?.reason === 'sudo' || lost?.reason === 'hostkey'
}

function because(check: Check, seen: Observed): string {
  const why = seen.untold.get(factKey(check))
  return why === undefined ? '' : `: ${why}`
}
