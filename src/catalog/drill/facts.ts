import type { Fact } from '../../plan/fact.ts'
import type { Json } from '../../plan/step.ts'
import { lookScript } from './scripts.ts'

/**
 * Every fault that a host knows of, by id: null when there is none, or `{id: {state, by?}}`. `state` is 'armed' (about to strike), 'on'
 * or 'undone'; `by` says who undid it: 'timer', 'drill', 'stop', 'hand', or 'failed' when it could not be struck whole.
 */
export const faults: Fact = {
  name: 'drill.faults',
  about:
    'Faults of drills that a host knows of: null, or {id: {state: armed, on or undone, by: timer, drill, stop, hand, failed}}.',
  scope: 'host',
  volatile: true,
  probe: () => ({ argv: ['sh', '-c', lookScript, 'runbook-drill-look'] }),
  parse(exit) {
    const lines = exit.stdout.split('\n')
    if (exit.code !== 0 || lines.at(-2) !== 'end') return undefined
    const seen: { [id: string]: Json } = {}
    for (const line of lines.slice(0, -2)) {
      const [id = '', state = '', by] = line.split(' ')
      if (!['armed', 'on', 'undone'].includes(state)) return undefined
      seen[id] = { state, ...(by !== undefined && { by }) }
    }
    return Object.keys(seen).length === 0 ? null : seen
  },
}
