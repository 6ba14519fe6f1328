import { describe, expect, it } from 'vitest'
import { digest } from '../../src/plan/canonical.ts'
import { jsonLines } from '../../src/views/jsonlines.ts'
import { planDocument } from '../../src/views/json.ts'
import { bare, events, half, plan, report } from './sample.ts'

describe('planDocument', () => {
  it('is the same bytes for the same input', () => {
    expect(planDocument(report(half))).toBe(planDocument(report(new Map([...half].reverse()))))
  })
  it('says what the text says', () => {
    const document: unknown = JSON.parse(planDocument(report(bare)))
    expect(document).toMatchObject({
      format: 'runbook.preview/1',
      digest: digest(plan),
      counts: { run: 4, hold: 0, depend: 1 },
    })
  })
})

describe('jsonLines', () => {
  it('writes every event as one line and names the format once', () => {
    let text = ''
    const view = jsonLines(
      more => (text += more),
      () => {},
    )
    events.forEach(event => view.show(event))
    const lines = text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map(({ format, ...event }) => [format, event])).toEqual(
      events.map((event, i) => [i === 0 ? 'runbook.events/1' : undefined, event]),
    )
  })
})
