import { afterEach, describe, expect, it } from 'vitest'
import { type Interrupt, onInterrupt } from '../../src/cli/signals.ts'

let interrupt: Interrupt | undefined
afterEach(() => interrupt?.release())

describe('onInterrupt', () => {
  it('stops gently at the first signal, at once at the second, and not at all at SIGHUP', () => {
    const told: string[] = []
    interrupt = onInterrupt(
      signal => told.push(`first ${signal}`),
      signal => told.push(`second ${signal}`),
    )
    process.emit('SIGHUP', 'SIGHUP')
    expect([told, interrupt.signal.aborted, interrupt.stoppedBy()]).toEqual([[], false, undefined])
    process.emit('SIGTERM', 'SIGTERM')
    expect([interrupt.signal.aborted, interrupt.stoppedBy()]).toEqual([true, 'SIGTERM'])
    process.emit('SIGINT', 'SIGINT')
    expect(told).toEqual(['first SIGTERM', 'second SIGINT'])
    expect(interrupt.stoppedBy()).toBe('SIGTERM')
  })

  it('leaves no listener behind', () => {
    const before = process.listenerCount('SIGINT')
    onInterrupt(
      () => {},
      () => {},
    ).release()
    expect(process.listenerCount('SIGINT')).toBe(before)
  })
})
