import type { ExecOptions, Session } from '../hosts/session.ts'
import type { Exit } from '../plan/fact.ts'
import { factKey } from '../plan/fact.ts'
import { showOp } from '../plan/show.ts'
import type { Command, FactRef, Json, Op, Step } from '../plan/step.ts'
import { type Late, bind, bindValue } from './bind.ts'
import type { Failure } from './event.ts'
import { haul } from './haul.ts'
import { comesTrue } from './until.ts'
import { Stop, type Workplace } from './workplace.ts'

/** How many last lines of output a failure keeps. */
const LAST_LINES = 15

/** Where in a step's ops we are. */
export interface Position {
  readonly attempt: number
  readonly op: number
  /** The op was begun earlier and nobody knows how it ended: find out, and do not begin it again. */
  readonly begun: boolean
}

/**
 * Runs one op, with its intent on record before anything reaches a host.
 * Answers an in-doubt failure when nobody can say how it ended. @throws Stop and what `failureOf` knows
 */
export async function operate(
  step: Step,
  op: Op,
  at: Position,
  place: Workplace,
): Promise<Failure | undefined> {
  if ('await' in op) {
    const missing = await comesTrue(step, op.await, op.withinSeconds, place)
    if (missing) throw new Stop(missing)
    return undefined
  }
  if ('ask' in op) {
    await answered(step, op, at, place)
    return undefined
  }
  if ('store' in op) {
    await haul(step, op, at.op, place)
    return undefined
  }
  return effect(step, op, at, place)
}

async function answered(
  step: Step,
  op: Extract<Op, { ask: string }>,
  at: Position,
  place: Workplace,
): Promise<void> {
  const { world, record, unlessBroken } = place
  const reply = await unlessBroken(world.ask(op.ask, op.answer)).catch((error: unknown) => {
    if (!(error instanceof Error)) throw error
    throw new Stop({
      why: 'interrupted',
      host: step.host,
      detail: error.message,
      help: 'resume where somebody can answer',
    })
  })
  record({ kind: 'answered', step: step.id, op: at.op, by: reply.by, answer: reply.answer })
  if (reply.answer !== false) return
  throw new Stop({
    why: 'interrupted',
    host: step.host,
    detail: `${reply.by} said no to: ${op.ask}`,
    help: 'resume to be asked again',
  })
}

async function effect(
  step: Step,
  op: Extract<Op, { exec: Command } | { write: string }>,
  at: Position,
  place: Workplace,
): Promise<Failure | undefined> {
  const { record, world, knowledge } = place
  const host = op.on ?? step.host
  const shown = showOp(op)
  const session = await place.unlessBroken(place.sessions.to(host))
  const send = 'exec' in op ? await commandOf(step, op, at, place) : await fileOf(op, place)
  record({ kind: 'op-started', step: step.id, op: at.op, host, shown })
  const output: string[] = []
  let fatal: string | undefined
  let listening = true
  const onLine = (stream: 'out' | 'err', text: string): void => {
    if (!listening) return
    const line = world.redact.text(text)
    output.push(line)
    if (output.length > LAST_LINES) output.shift()
    if (send.fails?.test(text)) fatal ??= line
    try {
      record({ kind: 'output', step: step.id, host, stream, line })
    } catch {
      // The run is broken, which ends the wait below; a session's reader must not die of it.
      listening = false
    }
  }
  knowledge.disturbed(host)
  let exit: Exit
  try {
    exit = await place.unlessBroken(send.to(session, onLine))
    if ('write' in op && exit.code !== 0) output.push(...exit.stderr.split('\n').filter(line => line !== ''))
  } finally {
    listening = false
    knowledge.disturbed(host)
  }
  const known = { host, op: at.op, shown }
  if (exit.code === undefined || (at.begun && exit.timedOut)) {
    const said = exit.stderr.trimEnd().split('\n').at(-1) ?? ''
    // Who has just had it killed does not want it begun again by itself; a resume may.
    if (exit.aborted && !at.begun) throw new Stop({ why: 'in-doubt', ...known, detail: said })
    return { why: 'in-doubt', ...known, detail: said === '' ? 'nobody saw how the command ended' : said }
  }
  if (exit.timedOut && 'exec' in op) {
    throw new Stop({ why: 'timeout', ...known, afterSeconds: op.timeoutSeconds, lastLines: output })
  }
  // A failure is told by one event: were the code on record and the fatal line not yet, a resume would take it for success.
  if (exit.code === 0 && fatal !== undefined) {
    throw new Stop({ why: 'fatal-line', ...known, line: fatal, lastLines: output })
  }
  record({ kind: 'op-ended', step: step.id, op: at.op, code: exit.code })
  if (exit.code !== 0) throw new Stop({ why: 'exit', ...known, code: exit.code, lastLines: output })
  return undefined
}

/** What goes to the host, every reference bound. */
interface Sending {
  /** A line that matches is a failure whatever the exit code. */
  readonly fails?: RegExp
  readonly to: (session: Session, onLine: ExecOptions['onLine']) => Promise<Exit>
}

async function commandOf(
  step: Step,
  op: Extract<Op, { exec: Command }>,
  at: Position,
  place: Workplace,
): Promise<Sending> {
  const line = await bind(op.exec, place.world, late(place))
  const job = jobOf(place.runId, step, at.attempt, at.op)
  const timeoutMs = op.timeoutSeconds * 1000
  return {
    ...(op.failsOn !== undefined && { fails: new RegExp(op.failsOn) }),
    to: (session, onLine) =>
      session.exec(line, { job, timeoutMs, onLine, ...(at.begun && { attachOnly: true }) }),
  }
}

/** The same name over every resume, so that a host can say what became of it; a new one for every new attempt. */
export function jobOf(runId: string, step: Step, attempt: number, op: number): string {
  return `${runId}.${step.id}.${attempt}.${op}`
}

/** A file is put in place as a whole, so it may be put there again when nobody knows whether it was. */
async function fileOf(op: Extract<Op, { write: string }>, place: Workplace): Promise<Sending> {
  const content = Buffer.from(await bindValue(op.content, place.world, late(place)))
  return { to: session => session.write(op.write, content, op.mode) }
}

function late(place: Workplace): Late {
  return async (ref: FactRef): Promise<Json | undefined> => {
    const seen = await place.unlessBroken(place.knowledge.ask([ref]))
    const lost = seen.unreachable.get(ref.host)
    if (lost) throw lost
    return seen.facts.get(factKey(ref))
  }
}
