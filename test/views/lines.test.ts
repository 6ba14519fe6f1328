import { describe, expect, it } from 'vitest'
import { lines } from '../../src/views/lines.ts'
import { events, plan, startMs } from './sample.ts'

function show(feed: (view: ReturnType<typeof lines>) => void): string {
  let text = ''
  const view = lines(plan, more => (text += more))
  feed(view)
  return text
}

describe('lines', () => {
  it('writes one line an event, as the golden file has it', async () => {
    const text = show(view => events.forEach(event => view.show(event)))
    expect(text.trimEnd().split('\n').length).toBe(
      events.filter(event => event.kind !== 'op-ended' || event.code !== 0).length,
    )
    await expect(text).toMatchFileSnapshot('../golden/lines-failed.txt')
  })

  it('gives a sign of life every 30 s of silence, and only then', () => {
    const text = show(view => {
      events.slice(0, 8).forEach(event => view.show(event))
      for (let s = 42; s < 140; s += 0.1) view.tick(startMs + s * 1000)
    })
    const beats = text.split('\n').filter(line => line.includes('still at it'))
    expect(beats.map(line => line.slice(0, 8))).toEqual(['15:05:12', '15:05:42', '15:06:12'])
    expect(beats[0]).toContain('Start the group on node-1 (1m 11s, waits until group.node@node-1')
  })

  it('says nothing about steps that have ended', () => {
    const text = show(view => {
      events.forEach(event => view.show(event))
      view.tick(startMs + 600_000)
    })
    expect(text).not.toContain('still at it')
  })

  it('tells a repeated wait once', () => {
    const wait = events.filter(event => event.kind === 'waiting')
    const text = show(view => [...events.slice(0, 8), ...wait, ...wait].forEach(event => view.show(event)))
    expect(text.match(/waits until/g)).toHaveLength(1)
  })
})
