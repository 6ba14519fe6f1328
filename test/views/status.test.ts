import { describe, expect, it } from 'vitest'
import type { ProductHealth } from '../../src/catalog/product.ts'
import { overall, type StatusReport, statusDocument, statusLine, statusText } from '../../src/views/status.ts'

const well: StatusReport = {
  name: 'site',
  at: '2026-01-01T00:00:00.000Z',
  health: [
    {
      product: 'group',
      state: 'degraded',
      verdict: ['ghost', 'even'],
      versions: ['3.1', '3.2'],
      wanted: '3.2',
      allows: ['start', 'remove-failed', 'destroy', 'backup'],
      recipe:
        'a member of which nothing is left: remove its id through a healthy one, then join (0000000000d1)',
    },
  ],
  drift: [
    { step: 'group.join@node-2', title: 'Join node-2', will: 'run' },
    {
      step: 'group.whole@node-1',
      title: 'Wait until the group is whole again and everybody has a vote',
      will: 'depend',
    },
  ],
  findings: [
    { code: 'RB0999', severity: 'warning', message: 'node-2 is not what it was', help: 'look at it' },
  ],
  next: ['runbook plan site.yml'],
  rows: [
    { item: 'group', state: 'ok', detail: '3.2, leader node-1' },
    { item: 'node', host: 'node-1', state: 'ok', detail: 'ready' },
    {
      item: 'node',
      host: 'node-2',
      state: 'degraded',
      detail: 'down since a while, and a long story about why that is which does not fit',
    },
    { item: 'gate', host: 'gate', state: 'absent', detail: 'not configured' },
  ],
  quorums: { group: { up: 2, members: 3, spare: 0 } },
  unreachable: {},
}

const [ghost] = well.health as [ProductHealth]

describe('status', () => {
  it('draws a table as the golden file has it', async () => {
    const text = statusText({ ...well, unreachable: { 'node-3': 'no answer within 10 s' } })
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    await expect(text).toMatchFileSnapshot('../golden/status.txt')
  })

  it.each([
    ['degraded', well],
    ['lost', { ...well, health: [{ ...ghost, state: 'lost' as const }], unreachable: { x: 'gone' } }],
    ['unknown', { ...well, unreachable: { x: 'gone' } }],
    ['unknown', { ...well, rows: [{ item: 'a', state: 'unknown' as const, detail: '' }] }],
    [
      'absent',
      { ...well, rows: [{ item: 'a', state: 'absent' as const, detail: '' }], health: [], quorums: {} },
    ],
    [
      'ok',
      {
        ...well,
        health: [],
        rows: well.rows.slice(0, 2),
        quorums: { group: { up: 3, members: 3, spare: 1 } },
      },
    ],
    ['degraded', { ...well, health: [], rows: well.rows.slice(0, 2) }],
    ['degraded', { ...well, rows: well.rows.slice(0, 2), quorums: {} }],
  ])('is %s', (state, report) => expect(overall(report)).toBe(state))

  it('says it on one line where nothing may be drawn', () => {
    expect(statusLine(well)).toBe(
      '2026-01-01T00:00:00.000Z site: degraded; group ghost and even; group 2/3; 2 changes to the playbook',
    )
  })

  it('says the same as JSON', () => {
    expect(JSON.parse(statusDocument(well))).toMatchObject({
      format: 'runbook.status/1',
      state: 'degraded',
      name: 'site',
    })
  })
})
