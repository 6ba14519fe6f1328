import {
  Listr,
  type ListrRenderer,
  type ListrTaskObject,
  ListrTaskState,
  ProcessOutput,
  type SimpleRenderer,
} from 'listr2'
import { showCheck } from '../plan/show.ts'
import type { Plan, Step, StepId } from '../plan/step.ts'
import type { Event, How } from '../run/event.ts'
import { estimate } from './estimate.ts'
import { failureLine } from './failure.ts'
import { ascii, frame, type Row, unicode } from './frame.ts'
import type { Paint } from './layout.ts'
import type { View } from './view.ts'

/** The terminal the picture is drawn on. */
export interface Terminal {
  /** Where progress goes: stderr. */
  readonly stream: NodeJS.WriteStream
  readonly paint: Paint
  readonly unicode: boolean
}

/** At most ten pictures a second, whatever the hosts print. */
const REDRAW_MS = 100
const TAIL = 3

type AnyTask = ListrTaskObject<unknown, typeof ListrRenderer, typeof SimpleRenderer>

/** What listr2 has no place for; one a step. */
interface Extra {
  readonly step: Step
  sinceMs?: number
  tail: string[]
  note?: string
  how?: How
}

/** A promise and the way to keep it. */
interface Gate<T> {
  readonly passed: Promise<T>
  readonly open: (value: T) => void
}
type Ending = { readonly how: How } | { readonly failure: string } | 'never begun'

function gate<T>(): Gate<T> {
  let open: (value: T) => void = () => {}
  const passed = new Promise<T>(resolve => (open = resolve))
  return { passed, open }
}

/**
 * The run as a listr2 task list that only draws: every task waits for the events of its step and does nothing else. The
 * engine decides what runs; listr2 owns no signal, no order and no retry.
 */
export function progress(plan: Plan, terminal: Terminal): View {
  const extras = new Map<StepId, Extra>(plan.steps.map(step => [step.id, { step, tail: [] }]))
  const begun = new Map(plan.steps.map(step => [step.id, gate<boolean>()]))
  const ended = new Map(plan.steps.map(step => [step.id, gate<Ending>()]))
  const screen = createScreen(terminal)
  let nowMs = 0
  let sinceMs: number | undefined
  let drawnMs = -REDRAW_MS
  let said: string | undefined
  let draw = (): void => {}

  class Picture {
    static readonly rendererOptions = {}
    static readonly rendererTaskOptions = {}
    static readonly nonTTY = true
    private readonly tasks: readonly AnyTask[]
    constructor(tasks: AnyTask[]) {
      this.tasks = tasks
    }
    render(): void {
      screen.begin()
      draw = () => {
        const rows = this.tasks.map((task, i) => rowOf(task, extras.get(plan.steps[i]?.id ?? '')))
        screen.draw(size =>
          frame(rows, {
            ...size,
            name: plan.name,
            nowMs,
            sinceMs: sinceMs ?? nowMs,
            ...left(),
            ...(said === undefined ? {} : { said }),
            glyphs: terminal.unicode ? unicode : ascii,
            paint: terminal.paint,
          }),
        )
      }
    }
    end(): void {
      draw()
      screen.end()
    }
  }

  /** From what is not yet done, less what has been waited already. */
  const left = (): { readonly leftSeconds?: number } => {
    const open = [...extras.values()].filter(extra => extra.how === undefined)
    if (open.length === 0) return {}
    const remaining = open.map(({ step, sinceMs: since }) => {
      const spent = since === undefined ? 0 : (nowMs - since) / 1000
      return {
        ...step,
        takes: { p50Seconds: Math.max(1, step.takes.p50Seconds - spent), p90Seconds: step.takes.p90Seconds },
      }
    })
    return { leftSeconds: estimate(remaining).p50Seconds }
  }

  const list = new Listr<unknown, typeof ListrRenderer, typeof SimpleRenderer>(
    plan.steps.map(step => ({
      title: step.title,
      task: async (_context, wrapper): Promise<void> => {
        // listr2 calls every task at once; one that no event has begun yet is still waiting.
        wrapper.task.state$ = ListrTaskState.WAITING
        if (await begun.get(step.id)?.passed) wrapper.task.state$ = ListrTaskState.STARTED
        const ending = await ended.get(step.id)?.passed
        if (ending === undefined || ending === 'never begun') wrapper.skip('never begun')
        else if ('failure' in ending) throw new Error(ending.failure)
      },
    })),
    {
      concurrent: true,
      exitOnError: false,
      collectErrors: false,
      registerSignalListeners: false,
      renderer: Picture as unknown as typeof ListrRenderer,
    },
  )
  const drawn = list.run()

  const finish = (id: StepId, ending: Ending): void => {
    begun.get(id)?.open(ending !== 'never begun')
    ended.get(id)?.open(ending)
  }
  return {
    show(event): void {
      nowMs = Math.max(nowMs, Date.parse(event.at))
      if (event.kind === 'run-started') sinceMs ??= nowMs
      if (!('step' in event)) return
      const extra = extras.get(event.step)
      if (extra === undefined) return
      note(extra, event)
      if (event.kind === 'step-started') begun.get(event.step)?.open(true)
      if (event.kind === 'step-done') finish(event.step, { how: event.how })
      if (event.kind === 'step-failed') finish(event.step, { failure: failureLine(event.failure) })
    },
    tick(ms) {
      nowMs = Math.max(nowMs, ms)
      if (ms - drawnMs < REDRAW_MS) return
      drawnMs = ms
      draw()
    },
    say(text) {
      said = text
      draw()
    },
    drop: () => screen.end(),
    take: () => screen.begin(),
    async end() {
      for (const step of plan.steps) finish(step.id, 'never begun')
      await drawn
    },
  }
}

function note(extra: Extra, event: Event): void {
  switch (event.kind) {
    case 'step-started':
      extra.sinceMs ??= Date.parse(event.at)
      return
    case 'output':
      extra.tail = [...extra.tail, event.line].slice(-TAIL)
      delete extra.note
      return
    case 'waiting':
      extra.note = `waits until ${showCheck(event.for)}`
      return
    case 'step-failed':
      extra.note = failureLine(event.failure)
      return
    case 'step-done':
      extra.how = event.how
      return
    default:
      return
  }
}

function rowOf(task: AnyTask, extra: Extra | undefined): Row {
  const state = task.isCompleted()
    ? extra?.how === 'already'
      ? 'already'
      : 'done'
    : task.hasFailed()
      ? 'failed'
      : task.isStarted()
        ? 'running'
        : 'waiting'
  return {
    title: task.title ?? '',
    host: extra?.step.host ?? '',
    section: extra?.step.section ?? '',
    state,
    tail: extra?.tail ?? [],
    ...(extra?.sinceMs === undefined ? {} : { sinceMs: extra.sinceMs }),
    ...(extra?.note === undefined ? {} : { note: extra.note }),
  }
}

/** Draws over its last picture in one write; holds back what others write meanwhile and shows it afterwards. */
function createScreen({ stream }: Terminal) {
  // Results belong to stdout: it is neither written to nor held back.
  const output = new ProcessOutput(stream, stream, { dump: ['stderr'], leaveEmptyLine: false })
  let height = 0
  let open = false
  return {
    begin(): void {
      if (open) return
      open = true
      height = 0
      output.hijack()
    },
    draw(picture: (size: { readonly columns: number; readonly rows: number }) => readonly string[]): void {
      if (!open) return
      const lines = picture({ columns: stream.columns || 80, rows: stream.rows || 24 })
      const up = height === 0 ? '' : `\u001B[${height}A\r`
      output.toStderr(`${up}${lines.map(line => `${line}\u001B[K\n`).join('')}\u001B[J`, false)
      height = lines.length
    },
    end(): void {
      if (!open) return
      open = false
      output.release()
    },
  }
}
