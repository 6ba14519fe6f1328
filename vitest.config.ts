import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The lab needs root and real engines; it has its own configuration.
    exclude: ['test/lab/**'],
    pool: 'threads',
    isolate: false,
    // Many tests wait for shells and servers, not for the processor.
    maxWorkers: Math.max(4, availableParallelism()),
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
})
