import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Started, start } from '../../faults/processes.ts'
import { sleep } from '../command.ts'
import type { Lab } from '../harness.ts'
import { CLOCK_OFF_MS, type FaultKind, reachable, type Trouble } from './kinds.ts'
import { secretVariable, type Story } from './stories.ts'

/** One part of a run may take so long; then it hangs, which is a failure. */
const HANGS_MS = 420_000
/** Resumes before a run counts as stuck. */
const MOST_RESUMES = 6

/** How one run with a fault went. */
export interface Played {
  readonly kind: string
  readonly host: string
  /** After so many records and so many ms. */
  readonly at: string
  /** Exit codes of its parts; 0 alone: it went on by itself. */
  readonly codes: readonly (number | string)[]
  /** Times somebody was asked whether a step had been done. */
  readonly asked: number
  readonly seconds: number
  /** Nothing: whole, and each effect once. */
  readonly wrong: readonly string[]
  /** Everything that the controllers said. */
  readonly said: string
}

export interface Given {
  readonly lab: Lab
  readonly story: Story
  readonly folder: string
  readonly secret: string
  readonly draw: () => number
}

/** Starts `runbook` in the folder; while `clockFile` is there its clock is off by five minutes, either way. */
export function controller(
  { folder, secret }: Pick<Given, 'folder' | 'secret'>,
  words: readonly string[],
  clockFile = '/nowhere',
  offMs = 0,
): Started {
  const clock = `import { existsSync } from 'node:fs'; const was = Date.now; Date.now = () => was() + (existsSync(${JSON.stringify(clockFile)}) ? ${String(offMs)} : 0)`
  return start(folder, words, { env: { [secretVariable]: secret }, preload: clock })
}

/** The undisturbed run of a story: how many records there are to draw from. */
export async function undisturbed(
  given: Given,
): Promise<{ readonly records: number; readonly wrong: readonly string[]; readonly said: string }> {
  const { story, folder } = given
  mkdirSync(folder, { recursive: true })
  await story.prepare(false)
  const file = story.write(folder)
  const one = controller(given, ['apply', file, '--yes', '--output', 'json'])
  let records = 0
  one.onLine = (_, count) => (records = count)
  const { code } = await one.ended
  const wrong = code === 0 ? await story.wrong(folder) : [`exit ${String(code)}`]
  return { records, wrong, said: one.said() }
}

/** A run that is struck at a random point, and resumed until it is done. */
export async function struck(given: Given, kind: FaultKind, records: number): Promise<Played> {
  const { lab, story, folder, draw } = given
  const beganMs = performance.now()
  mkdirSync(folder, { recursive: true })
  const host = story.hosts[Math.floor(draw() * story.hosts.length)] ?? story.hosts[0]
  if (host === undefined) throw new Error('a story without hosts')
  const after = 1 + Math.floor(draw() * (records - 2))
  const delayMs = Math.floor(draw() * 1500)
  const holdMs = (kind.lasting ?? draw() < 0.3) ? undefined : 500 + Math.floor(draw() * 12_000)
  const offMs = draw() < 0.5 ? CLOCK_OFF_MS : -CLOCK_OFF_MS
  const trouble: Trouble = { lab, host, clockFile: join(folder, 'clock-is-off'), small: story.small }
  await story.prepare(kind.wantsSmall === true)
  const file = story.write(folder)
  const codes: (number | string)[] = []
  let said = ''
  let asked = 0
  /** Ends when the process does; one that hangs is killed and says so. */
  const ended = async (one: Started): Promise<void> => {
    const hangs = sleep(HANGS_MS).then(() => 'hangs' as const)
    const end = await Promise.race([one.ended, hangs])
    if (end === 'hangs') {
      one.child.kill('SIGKILL')
      await one.ended
      codes.push('hung')
    } else codes.push(end.code)
    said += one.said()
  }
  const first = controller(given, ['apply', file, '--yes', '--output', 'json'], trouble.clockFile, offMs)
  const point = new Promise<void>(resolve => {
    first.onLine = (_, count) => {
      if (count >= after) resolve()
    }
  })
  const struckAt = (async (): Promise<boolean> => {
    const over = first.ended.then(() => 'over' as const)
    if ((await Promise.race([point.then(() => sleep(delayMs)), over])) === 'over') return false
    await kind.inflict(trouble)
    if (holdMs === undefined) return true
    await sleep(holdMs)
    await kind.heal(trouble)
    return false
  })()
  await ended(first)
  if (await struckAt) await kind.heal(trouble)
  if (first.child.exitCode !== 0) await reachable(host)
  for (let tries = 0; codes.at(-1) !== 0 && tries < MOST_RESUMES; tries++) {
    // In doubt once: the host may know, so it is asked. In doubt again: a person looks.
    const [, step] = /--assume (\S+)=done/.exec(said.slice(said.lastIndexOf('Look at the host'))) ?? []
    const inDoubt = codes.at(-1) === 17 && codes.at(-2) === 17 && step !== undefined
    if (inDoubt) asked += 1
    const answer = inDoubt ? ['--assume', `${step}=${(await story.wasDone(step)) ? 'done' : 'not-done'}`] : []
    await ended(controller(given, ['resume', ...answer, '--output', 'json'], trouble.clockFile, offMs))
  }
  const wrong = [
    ...(codes.includes('hung') ? ['a part of it hung'] : []),
    ...(codes.at(-1) === 0 ? await story.wrong(folder) : [`never done: ${codes.join(', ')}`]),
  ]
  return {
    kind: kind.name,
    host: host.name,
    at: `record ${String(after)} + ${String(delayMs)} ms, ${holdMs === undefined ? 'lasting' : `${(holdMs / 1000).toFixed(1)} s`}`,
    codes,
    asked,
    seconds: (performance.now() - beganMs) / 1000,
    wrong,
    said,
  }
}
