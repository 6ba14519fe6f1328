import type { Io } from '../../src/cli/io.ts'
import { noPaint } from '../../src/views/layout.ts'

/** An `Io` at which nobody sits, and what was said to it. */
export interface Heard {
  readonly io: Io
  out: string
  err: string
  /** Forgets what was said. */
  clear(): void
}

/** @param more what is to be otherwise: the environment, who answers, the clock */
export function heard(cwd: string, more: Partial<Io> = {}): Heard {
  const self: Heard = {
    out: '',
    err: '',
    clear() {
      self.out = self.err = ''
    },
    io: {
      out: text => void (self.out += text),
      err: text => void (self.err += text),
      outPaint: noPaint,
      errPaint: noPaint,
      coloured: { out: false, err: false },
      terminal: undefined,
      interactive: false,
      env: { UCP_ADMIN_PASSWORD: 'Pa55-phrase' },
      cwd,
      clock: { now: () => 0, sleep: () => Promise.resolve() },
      question: () => Promise.reject(new Error('nobody is there')),
      ...more,
    },
  }
  return self
}
