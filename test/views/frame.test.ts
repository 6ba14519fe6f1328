import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ascii, frame, type FrameOptions, type Row, unicode } from '../../src/views/frame.ts'
import { noPaint } from '../../src/views/layout.ts'

const options: FrameOptions = {
  name: 'site',
  columns: 80,
  rows: 24,
  nowMs: 200_000,
  sinceMs: 0,
  leftSeconds: 754,
  glyphs: unicode,
  paint: noPaint,
}

function rows(
  sections: number,
  perSection: number,
  state: (section: number, i: number) => Row['state'],
): readonly Row[] {
  return Array.from({ length: sections * perSection }, (_, n) => {
    const section = Math.floor(n / perSection)
    const now = state(section, n % perSection)
    return {
      title: `Do the thing number ${n}`,
      host: `host-${n % perSection}`,
      section: `Section ${section}`,
      state: now,
      tail: now === 'running' ? ['pulling layer 1', 'pulling layer 2', 'pulling layer 3'] : [],
      ...(now === 'waiting' ? {} : { sinceMs: 120_000 }),
      ...(now === 'failed' ? { note: 'exit code 1' } : {}),
    }
  })
}

const middle = rows(5, 4, (section, i) =>
  section < 2 ? 'done' : section > 2 ? 'waiting' : i === 0 ? 'done' : i < 3 ? 'running' : 'waiting',
)

describe('frame', () => {
  it.each([
    ['80x24', middle, {}],
    ['80x12', middle, { rows: 12 }],
    ['40x8', middle, { columns: 40, rows: 8 }],
    ['ascii', middle, { glyphs: ascii }],
    [
      'failed',
      rows(3, 3, (section, i) =>
        section === 0 ? 'already' : section === 1 && i === 0 ? 'failed' : 'waiting',
      ),
      {},
    ],
    ['many', rows(10, 40, () => 'running'), { columns: 120, rows: 40 }],
  ])('draws %s as the golden file has it', async (name, some, more) => {
    await expect(`${frame(some, { ...options, ...more }).join('\n')}\n`).toMatchFileSnapshot(
      `../golden/frame-${name}.txt`,
    )
  })

  it('never takes more rows or columns than there are', () => {
    const states = fc.constantFrom<Row['state']>('waiting', 'running', 'done', 'already', 'failed')
    const row = fc.record({
      title: fc.string({ maxLength: 120 }),
      host: fc.string({ maxLength: 30 }),
      section: fc.constantFrom('a', 'b', 'c', 'd'),
      state: states,
      tail: fc.array(fc.string({ maxLength: 200 }), { maxLength: 3 }),
      sinceMs: fc.constant(0),
    })
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 60 }),
        fc.integer({ min: 30, max: 200 }),
        fc.integer({ min: 4, max: 60 }),
        (some, columns, height) => {
          const lines = frame(some, { ...options, columns, rows: height })
          expect(lines.length).toBeLessThan(Math.max(4, height))
          for (const line of lines) expect(line.length).toBeLessThan(columns)
        },
      ),
      { numRuns: 300 },
    )
  })
})
