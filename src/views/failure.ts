import { canonical } from '../plan/canonical.ts'
import { showCheck } from '../plan/show.ts'
import type { Failure } from '../run/event.ts'
import { brief, duration } from './layout.ts'

/** Why a step stopped, on one line. */
export function failureLine(failure: Failure): string {
  switch (failure.why) {
    case 'unreachable':
      return `${failure.host} cannot be reached: ${failure.detail}`
    case 'unobservable':
      return `${failure.host} could not be asked: ${failure.detail}`
    case 'interrupted':
      return `interrupted on ${failure.host}: ${failure.detail}`
    case 'fenced':
      return `${failure.host} is held by somebody else: ${failure.detail}`
    case 'diverged':
      return `not where the plan left it: ${failure.detail}`
    case 'goal-not-met':
      return `every command ended well, yet after ${duration(failure.afterSeconds)} this is not so: ${showCheck(failure.check)}`
    case 'exit':
      return `exit code ${failure.code} on ${failure.host}`
    case 'fatal-line':
      return `${failure.host} printed an error although the exit code was 0: ${failure.line}`
    case 'timeout':
      return `no end within ${duration(failure.afterSeconds)} on ${failure.host}`
    case 'in-doubt':
      return `nobody can say how it ended on ${failure.host}: ${failure.detail}`
  }
}

/** What was run, what was expected and what was seen instead; no line twice. */
export function failureDetail(failure: Failure): readonly string[] {
  switch (failure.why) {
    case 'unreachable':
    case 'unobservable':
    case 'interrupted':
    case 'fenced':
      return [`help: ${failure.help}`]
    case 'diverged':
    case 'goal-not-met':
      return [
        `expected: ${showCheck(failure.check)}`,
        `seen:     ${failure.seen === null ? 'nothing there' : canonical(failure.seen)}`,
      ]
    case 'exit':
    case 'timeout':
    case 'fatal-line':
    case 'in-doubt':
      return [`ran: ${brief(failure.shown)}`]
  }
}

/** The last lines of output, at most 15; none when the failure has no output. */
export function lastLines(failure: Failure): readonly string[] {
  return 'lastLines' in failure ? failure.lastLines.slice(-15) : []
}
