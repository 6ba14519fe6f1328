import { describe, expect, it } from 'vitest'
import { overall, type StatusReport, statusDocument, statusText } from '../../src/views/status.ts'

const well: StatusReport = {
  name: 'site',
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

describe('status', () => {
  it('draws a table as the golden file has it', async () => {
    const text = statusText({ ...well, unreachable: { 'node-3': 'no answer within 10 s' } })
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    await expect(text).toMatchFileSnapshot('../golden/status.txt')
  })

  it.each([
    ['degraded', well],
    ['unknown', { ...well, unreachable: { x: 'gone' } }],
    ['unknown', { ...well, rows: [{ item: 'a', state: 'unknown' as const, detail: '' }] }],
    ['absent', { ...well, rows: [{ item: 'a', state: 'absent' as const, detail: '' }], quorums: {} }],
    ['ok', { ...well, rows: well.rows.slice(0, 2), quorums: { group: { up: 3, members: 3, spare: 1 } } }],
    ['degraded', { ...well, rows: well.rows.slice(0, 2) }],
  ])('is %s', (state, report) => expect(overall(report)).toBe(state))

  it('says the same as JSON', () => {
    expect(JSON.parse(statusDocument(well))).toMatchObject({
      format: 'runbook.status/1',
      state: 'degraded',
      name: 'site',
    })
  })
})
