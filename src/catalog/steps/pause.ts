import type { PauseSpec } from '../../playbook/steps.ts'
import type { Deed, Site } from './action.ts'
import type { Mistake } from './mistake.ts'
import { fileSays } from './paths.ts'

/** Where answers are remembered, so that a second run does not ask again. */
const ANSWERS = '/var/lib/runbook/answers'

/** A person has to say yes before anything goes on. @throws Mistake */
export function pauseDeed(spec: PauseSpec, { host, slug, read }: Site, at: Mistake['path']): Deed {
  const message = read.text(spec.message, [...at, 'message'])
  const ask = { ask: message, answer: { enum: ['yes'] } }
  const takes = { p50Seconds: 60, p90Seconds: 600 }
  if (spec.always) return { goal: [], run: [ask], withinSeconds: 0, takes, opaque: true }
  const path = `${ANSWERS}/${slug}`
  const content = `${message}\n`
  return {
    goal: [fileSays({ path, mode: '0644' }, content, host)],
    run: [ask, { write: path, content, mode: '0644' }],
    withinSeconds: 5,
    takes,
  }
}
