import { canonical } from '../plan/canonical.ts'
import type { Plan, Step, Value } from '../plan/step.ts'
import type { Estate, Model } from '../twin/estate.ts'
import type { Exit } from '../plan/fact.ts'

/** Commands of the person's own that no model knows, and how pretended hosts answer them. */
export interface OwnCommands {
  /** Steps whose commands are taken to do what the step says. */
  readonly taken: readonly string[]
  /** To be asked before the models of products. */
  readonly model: Model
}

const done: Exit = { code: 0, stdout: '', stderr: '' }
const notYet: Exit = { code: 1, stdout: '', stderr: 'not yet, on pretended hosts' }

/**
 * A playbook may run anything, and nobody has a model of everything: what no model knows is taken to end well, and its own goal to
 * hold from then on. Pure but for the estate it is asked about.
 */
export function ownCommands(plan: Plan, models: readonly Model[], estate: Estate): OwnCommands {
  const taken = plan.steps.filter(step => step.kind === 'step.command' && !isModelled(step, models, estate))
  const runs = new Map<string, Step>()
  const looks = new Map<string, { readonly step: Step; readonly exit: number; readonly output: string }>()
  for (const step of taken) {
    for (const argv of commandsOf(step)) runs.set(keyOf(step.host, argv), step)
    for (const { host, args, is } of step.goal) {
      const words = member(args, 'argv')
      const [exit, output] = [member(is, 'exit'), member(is, 'output')]
      if (isWords(words) && typeof exit === 'number')
        looks.set(keyOf(host, words), { step, exit, output: typeof output === 'string' ? output : '' })
    }
  }
  return {
    taken: taken.map(step => step.id),
    model(line, host, now) {
      const key = keyOf(host, line.argv)
      const step = runs.get(key)
      if (step !== undefined) {
        now.shared[`own ${step.id}`] = true
        for (const { host: at, args } of step.goal) {
          const path = member(args, 'path')
          const on = now.hosts[at]
          if (typeof path === 'string' && on) on.files[path] ??= { content: '', mode: '0644' }
        }
        return done
      }
      const look = looks.get(key)
      if (look === undefined) return undefined
      return now.shared[`own ${look.step.id}`] === true
        ? { ...done, code: look.exit, stdout: look.output }
        : notYet
    },
  }
}

/** Whether some model answers all of its commands. Asked of a copy: nothing is changed. */
function isModelled(step: Step, models: readonly Model[], estate: Estate): boolean {
  const copy = structuredClone(estate)
  return commandsOf(step).every(argv =>
    models.some(model => model({ argv, env: {} }, step.host, copy) !== undefined),
  )
}

function commandsOf(step: Step): readonly (readonly string[])[] {
  return step.run.flatMap(op => ('exec' in op && isWords(op.exec.argv) ? [op.exec.argv] : []))
}

function isWords(words: unknown): words is readonly string[] {
  return Array.isArray(words) && (words as readonly Value[]).every(word => typeof word === 'string')
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as { readonly [name: string]: unknown })[name]
    : undefined
}

function keyOf(host: string, argv: readonly string[]): string {
  return `${host} ${canonical(argv)}`
}
