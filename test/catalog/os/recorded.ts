import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Exit, Fact } from '../../../src/plan/fact.ts'
import type { Json } from '../../../src/plan/step.ts'

/** A question, how the command behind it really ended, and where that was seen. */
export interface Recorded {
  readonly source: string
  readonly fact: string
  readonly args?: Json
  readonly exit: Exit
}

const root = join(import.meta.dirname, '..', '..', 'fixtures')

/** One recording by folder and name. */
export function recorded(folder: string, name: string): Recorded {
  return JSON.parse(readFileSync(join(root, folder, `${name}.json`), 'utf8')) as Recorded
}

/** All recordings of questions in a folder, by name. */
export function allRecorded(folder: string): readonly (readonly [string, Recorded])[] {
  return readdirSync(join(root, folder))
    .filter(name => name.endsWith('.json'))
    .map(name => [name.slice(0, -'.json'.length), recorded(folder, name.slice(0, -'.json'.length))])
}

/** A text as recorded. */
export function recordedText(folder: string, name: string): string {
  return readFileSync(join(root, folder, name), 'utf8')
}

/** What a fact makes of a recording. */
export function answer(facts: readonly Fact[], folder: string, name: string): Json | undefined {
  const { args, exit, fact } = recorded(folder, name)
  const found = facts.find(one => one.name === fact)
  if (!found) throw new Error(`no fact ${fact}`)
  return found.parse(exit, args)
}
