import type { Event } from '../run/event.ts'
import { failureLine } from './failure.ts'
import { count, duration } from './layout.ts'

/** A drill as one line an event, for whoever watches. Good tries are not told one by one, only that a service broke or came back. */
export function drillLines(write: (text: string) => void): (event: Event) => void {
  const broken = new Set<string>()
  const good = new Set<string>()
  let groups = ''
  let phaseAt = ''
  const line = (event: Event, text: string): void => write(`${event.at.slice(11, 19)} ${text}\n`)
  return event => {
    switch (event.kind) {
      case 'drill-started':
        return line(event, `drill ${event.drill} ${event.resumed ? 'goes on' : 'begins'} (${event.mode})`)
      case 'guard':
        return line(
          event,
          `guard ${event.guard}: ${event.ok === null ? 'not told' : event.ok ? 'ok' : 'NO'} (${event.detail})`,
        )
      case 'phase-started':
        phaseAt = event.at
        return line(event, `== ${event.phase}: ${event.title}`)
      case 'phase-ended':
        return line(
          event,
          `== ${event.phase} ${event.outcome} (${duration((Date.parse(event.at) - Date.parse(phaseAt)) / 1000)})${event.detail === undefined ? '' : `: ${event.detail}`}`,
        )
      case 'checkpoint':
        return line(event, `-- checkpoint: ${event.name}`)
      case 'planned':
        return line(event, `   ${count(event.steps.length, 'step')}`)
      case 'step-done':
        return event.how === 'already' ? undefined : line(event, `   done ${event.step}`)
      case 'step-failed':
        return line(event, `   FAILED ${event.step}: ${failureLine(event.failure)}`)
      case 'fault':
        return line(
          event,
          `   fault ${event.fault} on ${event.host}: ${event.state}${event.state === 'undone' ? ` by ${event.by}` : ''}`,
        )
      case 'canary': {
        if (event.ok === null) return
        if (!event.ok && !broken.has(event.service)) {
          broken.add(event.service)
          return line(event, `   ${event.service} fails: ${event.detail ?? ''}`)
        }
        if (event.ok && broken.delete(event.service)) return line(event, `   ${event.service} works again`)
        if (event.ok && !good.has(event.service)) {
          good.add(event.service)
          return line(event, `   ${event.service} works`)
        }
        return
      }
      case 'quorums': {
        const words = Object.entries(event.groups)
          .map(([name, { up, members }]) => `${name} ${up}/${members}`)
          .join(', ')
        if (words === groups) return
        groups = words
        return line(event, `   ${words}`)
      }
      case 'detected':
        return line(event, `   noticed by ${event.by}: ${event.detail}`)
      case 'declared':
        return line(event, `   declared by ${event.by}`)
      case 'manual':
        return line(event, `   ${event.phase} by ${event.by}: ${JSON.stringify(event.answer)}`)
      case 'aborted':
        return line(event, `ENDED EARLY: ${event.rule} ${event.detail}`)
      case 'drill-ended':
        return line(
          event,
          `drill ended: ${event.outcome}${event.detail === undefined ? '' : ` (${event.detail})`}`,
        )
      default:
        return
    }
  }
}
