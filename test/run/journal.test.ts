import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Event } from '../../src/run/event.ts'
import { openJournal, readJournal } from '../../src/run/journal.ts'

let folder = ''
let count = 0
const path = (): string => join(folder, `run-${count++}`, 'journal.jsonl')
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const at = '2026-01-01T00:00:00.000Z'
const events: readonly Event[] = [
  { at, kind: 'run-started', run: 'R', plan: 'p', name: 'Zürich – 東京 \u2028', steps: 1, resumed: false },
  { at, kind: 'step-started', step: 's', attempt: 1 },
  { at, kind: 'op-started', step: 's', op: 0, host: 'a', shown: 'x "y" \\' },
  { at, kind: 'output', step: 's', host: 'a', stream: 'err', line: '\u0000\u001b[31m \n �' },
  { at, kind: 'op-ended', step: 's', op: 0, code: 0 },
  { at, kind: 'step-done', step: 's', how: 'changed' },
]
function written(some = events): string {
  const file = path()
  const journal = openJournal(file)
  for (const event of some) journal.append(event)
  journal.close()
  return file
}

describe('a journal that was changed', () => {
  it('is refused wherever a byte was changed, the last record included', () => {
    const file = written()
    const whole = readFileSync(file)
    for (let i = 0; i < whole.length; i++) {
      const changed = Buffer.from(whole)
      changed[i] = (changed[i] ?? 0) ^ 0x01
      writeFileSync(file, changed)
      if (i === whole.length - 1) {
        // Without its line end the last record is one that was cut short: said, and left out.
        expect(readJournal(file)).toMatchObject({ note: expect.stringContaining('cut short') as string })
        expect(readJournal(file).events).toHaveLength(events.length - 1)
      } else {
        expect(() => readJournal(file), `byte ${i}`).toThrow(/journal\.jsonl:\d+: /)
      }
    }
  })

  it.each([
    [
      'a record taken out',
      (lines: string[]) => lines.filter((_, i) => i !== 2),
      ':3: this record does not follow',
    ],
    ['the first one taken out', (lines: string[]) => lines.slice(1), ':1: this record does not follow'],
    [
      'two records swapped',
      ([a = '', b = '', c = '', ...rest]: string[]) => [a, c, b, ...rest],
      ':2: this record does not follow',
    ],
    [
      'a record twice',
      ([a = '', b = '', ...rest]: string[]) => [a, b, b, ...rest],
      ':3: this record does not follow',
    ],
    ['an empty line', ([a = '', ...rest]: string[]) => [a, '', ...rest], ':2: not a journal record'],
    [
      'some other JSON',
      ([a = '', ...rest]: string[]) => [a, '{"kind":"output"}', ...rest],
      ':2: not a journal record',
    ],
  ])('is refused: %s', (_, change, message) => {
    const file = written()
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    writeFileSync(file, `${change(lines).join('\n')}\n`)
    expect(() => readJournal(file)).toThrow(message)
  })
})

describe('a journal that was cut off', () => {
  it('reads as far as it is whole, at every byte, and can be written on', () => {
    const file = written()
    const whole = readFileSync(file)
    const ends = [0, ...[...whole.entries()].filter(([, byte]) => byte === 10).map(([i]) => i + 1)]
    for (let length = 0; length <= whole.length; length++) {
      writeFileSync(file, whole)
      truncateSync(file, length)
      const past = readJournal(file)
      const records = ends.filter(end => end <= length).length - 1
      expect(past.events).toEqual(events.slice(0, records))
      expect(past.note === undefined).toBe(ends.includes(length))
      if (length % 7 !== 0) continue
      const journal = openJournal(file, past)
      journal.append(events[5] ?? events[0] ?? ({} as Event))
      journal.close()
      expect(readJournal(file).events).toEqual([...events.slice(0, records), events[5]])
    }
  })
})

describe('writing', () => {
  it('is on disk, readable by nobody else, as soon as append returns', () => {
    const file = path()
    const journal = openJournal(file)
    for (const [i, event] of events.entries()) {
      journal.append(event)
      expect(readJournal(file).events).toHaveLength(i + 1)
    }
    journal.close()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700)
  })
  it('never goes over a journal that is there', () => {
    const file = written()
    expect(() => openJournal(file)).toThrow('EEXIST')
    expect(readJournal(file).events).toEqual(events)
  })
  it('throws when the disk is full', ({ skip }) => {
    if (!existsSync('/dev/full')) skip('this machine has no /dev/full')
    const journal = openJournal('/dev/full', { events: [], bytes: 0, last: '0'.repeat(64) })
    expect(() => {
      journal.append(events[0] ?? ({} as Event))
    }).toThrow('ENOSPC')
  })
  it('gives back what was written, in every language', () => {
    expect(readJournal(written()).events).toEqual(events)
  })
})
