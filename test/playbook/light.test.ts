import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('reading a playbook loads no SSH, no progress display and no schema compiler', async () => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL('../../src/playbook/read.ts', import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
  })
  const packages = new Set(
    Object.keys(metafile.inputs).flatMap(path => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
  )
  expect([...packages].sort()).toEqual(['fastest-levenshtein', 'yaml'])
  expect(Object.keys(metafile.inputs).filter(path => path.startsWith('src/')).length).toBeGreaterThan(15)
})
