import { configDefaults, defineConfig } from 'vitest/config'

/** What takes long has a command of its own: `npm run test:lab:scale`, `npm run test:lab:paper`, `npm run test:lab:recover`. */
const long =
  process.env['RUNBOOK_LAB_LONG'] === '1'
    ? []
    : [
        'test/lab/scale.lab.test.ts',
        'test/lab/paper.lab.test.ts',
        'test/lab/restore.lab.test.ts',
        'test/lab/recover.lab.test.ts',
      ]

/**
 * Tests on real hosts: see test/lab/README.md. They have a lab of their own, beside one that a person has up; two runs beside each
 * other each need a prefix, a network and a directory (RUNBOOK_LAB_DIR).
 */
export default defineConfig({
  test: {
    include: ['test/lab/**/*.lab.test.ts'],
    exclude: [...configDefaults.exclude, ...long],
    env: {
      RUNBOOK_LAB_PREFIX: process.env['RUNBOOK_LAB_PREFIX'] ?? 'labt',
      RUNBOOK_LAB_NETWORK: process.env['RUNBOOK_LAB_NETWORK'] ?? '78',
    },
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
    reporters: ['verbose'],
  },
})
