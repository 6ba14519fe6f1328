import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { userInfo } from 'node:os'
import { parse } from 'yaml'
import type { AnswerType, Drill, Phase } from '../../plan/drill.ts'
import type { Json } from '../../plan/step.ts'
import { type Answer, Unanswered } from '../../run/drillStage.ts'
import { seconds } from '../../playbook/resolve-drill.ts'
import { Quit } from '../exit.ts'
import type { Io } from '../io.ts'

/** Answers by phase, as somebody wrote them down beforehand: `ID: { by: alice, answer: …, after: 5m }`. */
export type Answers = ReadonlyMap<string, Answer>

/** @throws Quit when the file cannot be read or is no such file */
export function readAnswers(file: string | undefined, io: Io): Answers {
  if (file === undefined) return new Map()
  const wrong = (what: string): Quit =>
    new Quit('invalid', `${file}: ${what}`, 'as in `declare: { by: alice, answer: true, after: 5m }`')
  let given: unknown
  try {
    given = parse(readFileSync(resolve(io.cwd, file), 'utf8'))
  } catch (error) {
    throw wrong((error as Error).message)
  }
  if (!isObject(given)) throw wrong('it is no map of answers')
  return new Map(
    Object.entries(given).map(([id, one]) => {
      if (!isObject(one)) throw wrong(`the answer to '${id}' is no map`)
      const { by, answer = true, after, ...others } = one
      const [unknown] = Object.keys(others)
      if (unknown !== undefined) throw wrong(`unknown key '${unknown}' in '${id}'`)
      if (typeof by !== 'string' || by === '') throw wrong(`'${id}' does not say who answers ('by')`)
      if (after !== undefined && (typeof after !== 'string' || !/^(\d+[smhd])+$/.test(after)))
        throw wrong(`'after' of '${id}' is a time like 90s or 5m`)
      return [
        id,
        { by, answer: answer as Json, ...(after !== undefined && { afterSeconds: seconds(after) }) },
      ]
    }),
  )
}

/** Phases that a person has a part in. In a tabletop all of them are. */
export function asksPeople(phase: Phase, mode: Drill['mode']): boolean {
  if (mode === 'tabletop') return true
  return (
    phase.kind === 'manual' || phase.kind === 'declare' || (phase.kind === 'detect' && phase.by === 'human')
  )
}

/**
 * All that would be asked, before anything is done: an answer that is missing in the middle would leave the faults on.
 * @throws Quit 'unanswered' where nobody is there to be asked and the file has no answer
 */
export function insistOnAnswers(drill: Drill, answers: Answers, io: Io, extra: readonly string[] = []): void {
  const wanted = [...drill.phases.filter(phase => asksPeople(phase, drill.mode)).map(one => one.id), ...extra]
  const missing = wanted.filter(id => !answers.has(id))
  for (const phase of drill.phases) {
    const given = answers.get(phase.id)
    const wrong = given === undefined ? undefined : mismatch(phase, given.answer)
    if (wrong !== undefined) throw new Quit('invalid', `the answer to '${phase.id}' ${wrong}`)
    const helper = given === undefined ? undefined : excluded(drill, given.by)
    if (helper !== undefined) throw new Quit('refused', helper)
  }
  if (missing.length === 0 || io.interactive) return
  throw new Quit(
    'unanswered',
    `nobody is there to answer: ${missing.join(', ')}`,
    'give the answers beforehand, with --answers FILE; nothing was done',
  )
}

/** What a phase is told: from the file, else by whoever sits at the terminal. */
export async function answerTo(phase: Phase, drill: Drill, answers: Answers, io: Io): Promise<Answer> {
  const given = answers.get(phase.id)
  const pretends = drill.mode === 'rehearse'
  if (given !== undefined) return pretends ? given : { by: given.by, answer: given.answer }
  if (!io.interactive) throw new Unanswered(`nobody is there to answer: ${phase.id}`)
  const prompt =
    'prompt' in phase
      ? phase.prompt
      : `${phase.title}: what would you do, who does it, how long does it take?`
  const by = (await io.question(`\n${phase.title}\n${prompt}\nwho answers? `)).trim() || userInfo().username
  const helper = excluded(drill, by)
  if (helper !== undefined) io.err(`${helper}\n`)
  if (phase.kind === 'declare')
    return { by, answer: (await io.question('go on? [y/N] ')).trim().toLowerCase().startsWith('y') }
  const expected = phase.kind === 'manual' ? Object.entries(phase.expect) : []
  if (expected.length === 0) return { by, answer: (await io.question('what came of it? ')).trim() }
  const answer: { [name: string]: Json } = {}
  for (const [name, type] of expected) answer[name] = await asked(name, type, io)
  return { by, answer }
}

async function asked(name: string, type: AnswerType, io: Io): Promise<Json> {
  for (;;) {
    const text = (await io.question(`${name} (${type})? `)).trim()
    if (type === 'string') return text
    if (type === 'boolean' && /^(y|yes|true|n|no|false)$/i.test(text)) return /^(y|t)/i.test(text)
    const number = Number(text)
    if (type === 'number' && text !== '' && Number.isFinite(number)) return number
    if (type === 'integer' && text !== '' && Number.isInteger(number)) return number
    io.err(`that is no ${type}\n`)
  }
}

function excluded({ excluded: out }: Drill, by: string): string | undefined {
  return out.includes(by) ? `${by} may not help in this drill (roles.excluded)` : undefined
}

function mismatch(phase: Phase, answer: Json): string | undefined {
  if (phase.kind !== 'manual') return undefined
  const given = isObject(answer) ? answer : {}
  for (const [name, type] of Object.entries(phase.expect)) {
    const value = given[name]
    const fits = type === 'integer' ? Number.isInteger(value) : typeof value === type
    if (!fits) return `should have '${name}' as ${type}`
  }
  return undefined
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
