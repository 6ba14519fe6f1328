import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { difference, isSame } from '../plan/difference.ts'
import { moved, movedLine } from '../plan/moved.ts'
import type { SavedPlan } from '../plan/saved.ts'
import { differenceText } from '../views/difference.ts'
import { noPaint, type Paint } from '../views/layout.ts'
import { Quit } from './exit.ts'
import type { Io } from './io.ts'
import { readSaved, savedText } from './review.ts'

/** The playbook to apply, and the saved plan it has to come to. */
export interface Choice {
  readonly playbook: string
  readonly saved?: SavedPlan
}

const MOST_SHOWN = 20

/** `apply plan.json`, `apply site.yml --plan plan.json` and `apply site.yml`. @throws Quit when a file is missing or tampered with */
export function choose(args: { readonly file: string; readonly plan?: string }, io: Io): Choice {
  if (savedText(resolve(io.cwd, args.file)) !== undefined) {
    const saved = readSaved(args.file, io)
    if (args.plan !== undefined)
      throw new Quit('usage', 'two saved plans were named', `runbook apply ${args.file}`)
    // As it was named when the plan was made, else beside the plan.
    const beside = join(dirname(args.file), saved.playbook)
    const found = [saved.playbook, beside].find(path => existsSync(resolve(io.cwd, path)))
    if (found !== undefined) return { playbook: found, saved }
    throw new Quit(
      'usage',
      `the playbook of the saved plan, ${saved.playbook}, is not there`,
      `runbook apply PLAYBOOK --plan ${args.file} says where it is`,
    )
  }
  return { playbook: args.file, ...(args.plan !== undefined && { saved: readSaved(args.plan, io) }) }
}

/**
 * The plan was made anew from the playbook and what the hosts say now. It must be the saved one, so that a file can make
 * nothing happen that the playbook does not say.
 * @throws Quit 'stale' that names what moved
 */
export function insistOnSame(saved: SavedPlan, now: SavedPlan): void {
  if (saved.digest === now.digest) return
  if (saved.level === 'offline') {
    throw new Quit(
      'stale',
      `the saved plan was made offline, for bare hosts, and these hosts are not what it took them for\n${whatMoved(saved, now, noPaint).trimEnd()}`,
      'nothing was changed; make a plan that asks the hosts, or look with --replan',
    )
  }
  throw new Quit(
    'stale',
    `the saved plan is stale\n${whatMoved(saved, now, noPaint).trimEnd()}`,
    'nothing was changed; make a new plan and have it looked at, or look at it with --replan',
  )
}

/** What is different on the hosts, in the playbook and in the steps. */
export function whatMoved(saved: SavedPlan, now: SavedPlan, paint: Paint): string {
  const hosts = Object.keys({ ...saved.perHost, ...now.perHost })
    .filter(host => saved.perHost[host] !== now.perHost[host])
    .sort()
  const answers = moved(new Map(Object.entries(saved.facts)), new Map(Object.entries(now.facts)))
  const between = difference(saved.plan, now.plan)
  return [
    ...(saved.plan.from.playbook === now.plan.from.playbook ? [] : ['the playbook was changed since']),
    ...(hosts.length === 0 ? [] : [`moved since: ${hosts.join(', ')}`]),
    ...answers.slice(0, MOST_SHOWN).map(one => `  ${movedLine(one)}`),
    ...(answers.length > MOST_SHOWN ? [`  ... and ${answers.length - MOST_SHOWN} more`] : []),
    ...(isSame(between) ? [] : [differenceText(between, paint).trimEnd()]),
    ...(saved.tool === now.tool ? [] : [`it was made by runbook ${saved.tool}, this is ${now.tool}`]),
    '',
  ].join('\n')
}
