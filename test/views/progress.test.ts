import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { noPaint } from '../../src/views/layout.ts'
import { progress } from '../../src/views/progress.ts'
import { events, plan, startMs } from './sample.ts'

/** A terminal that keeps what is written and, as a real one would, what can be seen. */
function terminal(columns: number, rows: number) {
  const writes: string[] = []
  const stream = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        writes.push(chunk.toString())
        done()
      },
    }),
    { columns, rows, isTTY: true },
  ) as unknown as NodeJS.WriteStream
  const screen = (): string[] => {
    let lines: string[] = []
    let row = 0
    for (const text of writes) {
      const up = /^\u001B\[(\d+)A\r/.exec(text)
      if (up) row -= Number(up[1])
      const body = text.replace(/^\u001B\[\d+A\r/, '').replaceAll('\u001B[K', '')
      for (const line of body.split('\n').slice(0, -1)) lines[row++] = line
      if (body.endsWith('\u001B[J')) lines = lines.slice(0, row)
    }
    return lines
  }
  return { stream, writes, screen, paint: noPaint, unicode: true }
}

const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('progress', () => {
  it('shows what runs, then what came of it', async () => {
    const term = terminal(80, 24)
    const view = progress(plan, term)
    await settle()
    for (const event of events.slice(0, 6)) view.show(event)
    await settle()
    view.tick(startMs + 45_000)
    expect(term.screen().join('\n')).toMatch(
      /1\/5 site, 45s.*\n✔ Packages +1\/1\n +Group +0\/3\n +. Start the group on node-1 +node-1 +44s\n +│ INFO\[0001\] pulling\n +│ INFO\[0039\] ready\n· Gate +0\/1$/,
    )
    for (const event of events.slice(6)) view.show(event)
    await view.end()
    expect(term.screen().join('\n')).toMatch(
      /2\/5 site, 1m 21s.*\n✔ Packages +1\/1\n✖ Group +1\/3\n +✖ Join node-2 to the group +node-2\n +│ FATA\[0004\] a member is unhealthy\n +│ exit code 1 on node-2\n· Gate +0\/1$/,
    )
  })

  it('draws at most ten times a second and never on an event', async () => {
    const term = terminal(80, 24)
    const view = progress(plan, term)
    await settle()
    for (const event of events.slice(0, 4)) view.show(event)
    const before = term.writes.length
    const output = events[4]
    if (output?.kind !== 'output') throw new Error('the sample has lost its output')
    for (let i = 0; i < 14_000; i++) {
      view.show(output)
      view.tick(startMs + i / 10)
    }
    const drawn = term.writes.length - before
    expect(drawn).toBeGreaterThan(10)
    expect(drawn).toBeLessThanOrEqual(15)
    await view.end()
  })

  it('leaves signals and the terminal as they were', async () => {
    const term = terminal(60, 10)
    const listeners = process.listenerCount('SIGINT')
    // eslint-disable-next-line @typescript-eslint/unbound-method -- only compared
    const own = term.stream.write
    const view = progress(plan, term)
    await settle()
    expect(process.listenerCount('SIGINT')).toBe(listeners)
    term.stream.write('a warning from elsewhere\n')
    for (const event of events) view.show(event)
    await view.end()
    await view.end()
    // eslint-disable-next-line @typescript-eslint/unbound-method -- only compared
    expect(term.stream.write).toBe(own)
    expect(process.listenerCount('SIGINT')).toBe(listeners)
    expect(term.writes.at(0)).toBe('\u001B[?25l')
    expect(term.writes.at(-1)).toBe('\u001B[?25h')
    expect(term.writes.at(-2)).toContain('a warning from elsewhere')
  })
})
