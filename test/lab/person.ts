import { spawn } from 'node:child_process'
import { products } from '../../src/catalog/index.ts'
import type { Io } from '../../src/cli/io.ts'
import { processIo } from '../../src/cli/io.ts'
import { loadGood } from '../../src/cli/load.ts'
import { realWorld } from '../../src/cli/world.ts'
import { holds } from '../../src/plan/check.ts'
import { factKey } from '../../src/plan/fact.ts'
import { showCheck } from '../../src/plan/show.ts'
import type { Check, FactRef, Json, Plan } from '../../src/plan/step.ts'
import { observe } from '../../src/run/observe.ts'
import { openSessions } from '../../src/run/world.ts'
import { adminPassword, passwordVariable } from './playbook.ts'

/** What a person did with a script: how it ended, what stood on the screen, and how often they were asked something. */
export interface ByHand {
  readonly code: number
  readonly screen: string
  readonly judged: number
}

const QUESTION =
  /-- (\S+): is it so that ([^\n]*)\?\n[^]*?\[y: yes, n: no, Enter: ask again\] $|Type yes to go on: $|Value of (\S+) (\S+) on (\S+): $/
const TITLE = /\n== (\d+)\. [^\n]*\n/g

/**
 * Runs the bash form of a plan at a terminal and answers what it asks as a careful person would: looks at the host in another window, by
 * the product's own questions, and says yes only when it is so. Nothing is answered from memory.
 */
export async function byHand(
  directory: string,
  playbook: string,
  script: string,
  plan: Plan,
  ssh: string,
): Promise<ByHand> {
  const env = { ...process.env, [passwordVariable]: adminPassword, RUNBOOK_SSH: ssh, TERM: 'dumb' }
  const io: Io = { ...processIo(false), out: () => undefined, err: () => undefined, env, cwd: directory }
  const { topology, folder } = await loadGood(playbook, io)
  const { hosts, ssh: way } = topology
  const secret = (): string => adminPassword
  const world = realWorld({ hosts, ssh: way, folder, products, secret, may: 'look', io })
  const sessions = openSessions(hosts, world.connect)
  const checks = checksOf(plan)
  const lates = latesOf(plan)
  const goalless = new Set(plan.steps.flatMap((step, i) => (step.goal.length === 0 ? [i + 1] : [])))

  const isSo = async (words: string): Promise<boolean> => {
    const check = checks.get(words)
    if (check === undefined) throw new Error(`the script asks what the plan does not: ${words}`)
    return holds(check, (await observe([check], world, sessions)).facts)
  }
  const valueOf = async (fact: string, pick: string, host: string): Promise<string> => {
    const ref = lates.find(one => one.pick === pick && one.fact.fact === fact && one.fact.host === host)?.fact
    if (ref === undefined) throw new Error(`the script wants a value that the plan does not: ${fact} ${pick}`)
    const seen: Json | undefined = (await observe([ref], world, sessions)).facts.get(factKey(ref))
    const value = pick
      .split('.')
      .reduce<unknown>((inside, name) => (inside as { [name: string]: unknown } | undefined)?.[name], seen)
    if (typeof value !== 'string') throw new Error(`${fact} ${pick} could not be told on ${host}`)
    return value
  }

  const child = spawn('script', ['-qefc', `bash ${script}`, '/dev/null'], { cwd: directory, env })
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => {
      resolve(code ?? 255)
    })
  })
  let [screen, unanswered, judged] = ['', '', 0]
  let [step, hasBegun] = [0, false]
  const answer = async (found: RegExpExecArray): Promise<string> => {
    const [, , words, fact, pick, host] = found
    if (fact !== undefined) return valueOf(fact, pick ?? '', host ?? '')
    if (words === undefined) return 'yes'
    judged += 1
    if (await isSo(words)) return 'y'
    // Before a step is begun "no" means that there is something to do; afterwards it would be giving up, so one asks again.
    const isFirst = !hasBegun && !goalless.has(step)
    hasBegun = true
    return isFirst ? 'n' : ''
  }
  let busy = Promise.resolve()
  const look = async (): Promise<void> => {
    for (const title of unanswered.matchAll(TITLE)) [step, hasBegun] = [Number(title[1]), false]
    const found = QUESTION.exec(unanswered)
    if (found === null) return
    unanswered = ''
    child.stdin.write(`${await answer(found)}\n`)
  }
  child.stdout.on('data', (chunk: Buffer) => {
    const text = chunk.toString().replaceAll('\r', '')
    screen += text
    unanswered += text
    busy = busy.then(look).catch((error: unknown) => {
      screen += `\nthe person gave up: ${String(error)}\n`
      child.kill()
    })
  })
  const code = await ended
  await sessions.closeAll()
  return { code, screen, judged }
}

function checksOf(plan: Plan): ReadonlyMap<string, Check> {
  return new Map(
    plan.steps
      .flatMap(step => [
        ...step.goal,
        ...step.requires,
        ...step.run.flatMap(op => ('await' in op ? op.await : [])),
      ])
      .map(check => [showCheck(check), check]),
  )
}

type Late = { readonly fact: FactRef; readonly pick: string }

function latesOf(plan: Plan): readonly Late[] {
  const found: Late[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if ('pick' in value && 'fact' in value) found.push(value as Late)
    Object.values(value).forEach(visit)
  }
  visit(plan.steps)
  return found
}
