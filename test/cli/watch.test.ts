import { expect, it } from 'vitest'
import type { Io } from '../../src/cli/io.ts'
import { watch } from '../../src/cli/watch.ts'
import { noPaint } from '../../src/views/layout.ts'
import type { StatusReport } from '../../src/views/status.ts'

const report: StatusReport = {
  name: 'site',
  at: '2026-01-01T00:00:00.000Z',
  health: [],
  rows: Array.from({ length: 30 }, (_, i) => ({ item: `item ${i}`, state: 'ok' as const, detail: '' })),
  quorums: {},
  drift: [],
  findings: [],
  unreachable: {},
  next: [],
}

async function watched(
  json: boolean,
  terminal: boolean,
  looks: number,
): Promise<{ out: string; drawn: string }> {
  let out = ''
  let drawn = ''
  const end = new AbortController()
  let seen = 0
  const io = {
    out: (text: string) => void (out += text),
    outPaint: noPaint,
    errPaint: noPaint,
    terminal: terminal
      ? {
          stream: { rows: 12, write: (text: string) => void (drawn += text) },
          paint: noPaint,
          unicode: false,
        }
      : undefined,
  } as unknown as Io
  const look = (): Promise<StatusReport> => {
    seen += 1
    // Ctrl-C comes while the hosts are asked once more.
    if (seen > looks) {
      end.abort()
      return new Promise(() => undefined)
    }
    return Promise.resolve({ ...report, name: `look ${seen}` })
  }
  const last = await watch(look, { everySeconds: 0, json, signal: end.signal }, io)
  expect(last.name).toBe(`look ${looks}`)
  return { out, drawn }
}

it('draws in place on a terminal, no more than fits, and leaves it as it was', async () => {
  const { out, drawn } = await watched(false, true, 2)
  expect(drawn.startsWith('\u001B[?1049h\u001B[?25l')).toBe(true)
  expect(drawn.endsWith('\u001B[?1049l\u001B[?25h')).toBe(true)
  const pictures = drawn.split('\u001B[H').slice(1)
  expect(pictures).toHaveLength(2)
  for (const picture of pictures) expect(picture.split('\n').length).toBeLessThanOrEqual(12)
  expect(pictures[1]).toMatch(/Ctrl-C ends[^]*look 2: ok[^]*more lines/)
  expect(out).toMatch(/^look 2: ok\n/)
  expect(out).not.toContain('\u001B')
})

it('writes one line a look elsewhere, and one document a line as JSON', async () => {
  const plain = await watched(false, false, 3)
  expect(plain.out.split('\n').filter(line => line !== '')).toEqual(
    [1, 2, 3].map(i => `2026-01-01T00:00:00.000Z look ${i}: ok`),
  )
  const json = await watched(true, true, 2)
  expect(json.drawn).toBe('')
  const documents = json.out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { format: string; name: string })
  expect(documents.map(one => one.name)).toEqual(['look 1', 'look 2'])
  expect(documents[0]?.format).toBe('runbook.status/1')
})
