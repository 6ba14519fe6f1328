import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../src/cli/package.ts'
import { pagerOf, showPaged } from '../../src/cli/pager.ts'

describe('the pager', () => {
  it('is less, or what the environment names, and only where somebody looks', () => {
    expect(pagerOf({}, true)).toBe('less')
    expect(pagerOf({ PAGER: 'most' }, true)).toBe('most')
    expect(pagerOf({ PAGER: 'most', RUNBOOK_PAGER: 'bat -p' }, true)).toBe('bat -p')
    for (const env of [{ PAGER: '' }, { RUNBOOK_PAGER: 'cat' }, { TERM: 'dumb' }])
      expect(pagerOf(env, true)).toBeUndefined()
    expect(pagerOf({ PAGER: 'most' }, false)).toBeUndefined()
  })

  it('that is not installed shows nothing, and says so', () => {
    expect(showPaged('text', 'no-such-pager-here', process.env)).toBe(false)
    expect(showPaged('text\n'.repeat(100_000), 'true', process.env)).toBe(true)
  })

  const script = spawnSync('script', ['--version']).status === 0
  if (!script) process.stderr.write('skipped: no script(1) here to be a terminal\n')
  it.skipIf(!script)(
    'is used at a terminal',
    () => {
      const root = packageRoot()
      const show = `const { processIo } = await import('${join(root, 'src/cli/io.ts')}'); processIo(undefined).page('a plan\\n')`
      const node = `${process.execPath} --import ${join(root, 'node_modules/tsx/dist/loader.mjs')} --input-type=module -e "${show}"`
      const env = { PATH: process.env['PATH'] ?? '', TERM: 'xterm', RUNBOOK_PAGER: "sed 's/^/page: /'" }
      const seen = spawnSync('script', ['-qec', node, '/dev/null'], { env, encoding: 'utf8' })
      expect(seen.stdout).toBe('page: a plan\r\n')
    },
    30_000,
  )
})
