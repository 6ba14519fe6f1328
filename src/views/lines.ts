import { showCheck } from '../plan/show.ts'
import type { Plan, Step, StepId } from '../plan/step.ts'
import type { Event, How } from '../run/event.ts'
import { failureLine } from './failure.ts'
import { brief, count, duration } from './layout.ts'
import type { View } from './view.ts'

/** A step that says nothing for so long gets a line: CI systems end jobs that are silent. */
const HEARTBEAT_MS = 30_000

const doneWords: { readonly [how in How]: string } = {
  changed: 'done',
  already: 'already so',
  assumed: 'taken as done',
}

/** For CI: one line an event, nothing is drawn over, no colour. Times are UTC. */
export function lines(plan: Plan, write: (text: string) => void): View {
  const steps = new Map(plan.steps.map((step, i) => [step.id, { step, position: i + 1 }]))
  const hostWidth = Math.min(24, Math.max(4, ...plan.steps.map(step => step.host.length)))
  const digits = String(plan.steps.length).length
  const running = new Map<
    StepId,
    { readonly step: Step; readonly sinceMs: number; lastMs: number; waitsFor?: string }
  >()

  const line = (at: string, host: string, text: string): void =>
    write(`${at.slice(11, 19)} ${host.padEnd(hostWidth)} ${text}\n`)
  const say = (event: Event, id: StepId, text: (position: string, title: string) => string): void => {
    const known = steps.get(id)
    const position = `[${String(known?.position ?? 0).padStart(digits)}/${plan.steps.length}]`
    line(
      event.at,
      'host' in event ? event.host : (known?.step.host ?? ''),
      text(position, known?.step.title ?? id),
    )
    const own = running.get(id)
    if (own) own.lastMs = Date.parse(event.at)
  }
  const took = (event: Event, id: StepId): string => {
    const own = running.get(id)
    running.delete(id)
    return own === undefined ? '' : ` (${duration((Date.parse(event.at) - own.sinceMs) / 1000)})`
  }

  return {
    show(event): void {
      switch (event.kind) {
        case 'run-started':
          return line(
            event.at,
            '',
            `run ${event.run} ${event.resumed ? 'goes on' : 'begins'}: ${event.name}, ${count(event.steps, 'step')}`,
          )
        case 'sent-ahead':
          return event.steps.length === 1
            ? undefined
            : line(event.at, event.host, `${count(event.steps.length, 'step')} in one message`)
        case 'came-back':
          return
        case 'step-started': {
          const step = steps.get(event.step)?.step
          const now = Date.parse(event.at)
          if (step) running.set(event.step, { step, sinceMs: now, lastMs: now })
          return say(
            event,
            event.step,
            (position, title) =>
              `${position} ${title}${event.attempt > 1 ? `, attempt ${event.attempt}` : ''}`,
          )
        }
        case 'op-started':
          return say(event, event.step, () => `$ ${brief(event.shown)}`)
        case 'output':
          return say(event, event.step, () => `| ${event.line}`)
        case 'op-ended':
          return event.code === 0 ? undefined : say(event, event.step, () => `exit code ${event.code}`)
        case 'waiting': {
          const own = running.get(event.step)
          const awaited = showCheck(event.for)
          if (own === undefined || own.waitsFor === awaited) return
          own.waitsFor = awaited
          return say(event, event.step, () => `waits until ${awaited}`)
        }
        case 'answered':
          return say(event, event.step, () => `answered by ${event.by}`)
        case 'assumed':
          return say(event, event.step, () => `${event.by} says: ${event.done ? 'done' : 'not done'}`)
        case 'step-done':
          return say(
            event,
            event.step,
            (position, title) => `${position} ${doneWords[event.how]}: ${title}${took(event, event.step)}`,
          )
        case 'step-failed':
          return say(
            event,
            event.step,
            (position, title) =>
              `${position} FAILED: ${title}${took(event, event.step)}: ${failureLine(event.failure)}`,
          )
        case 'run-ended':
          return line(event.at, '', `run ended: ${event.outcome}`)
        default:
          // What a drill says around its runs has lines of its own.
          return
      }
    },
    tick(nowMs): void {
      for (const own of running.values()) {
        if (nowMs - own.lastMs < HEARTBEAT_MS) continue
        own.lastMs = nowMs
        const what = own.waitsFor === undefined ? '' : `, waits until ${own.waitsFor}`
        line(
          new Date(nowMs).toISOString(),
          own.step.host,
          `still at it: ${own.step.title} (${duration((nowMs - own.sinceMs) / 1000)}${what})`,
        )
      }
    },
    say: text => write(`${text}\n`),
    drop: () => {},
    take: () => {},
    end: () => Promise.resolve(),
  }
}
