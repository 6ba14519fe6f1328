import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Io } from '../../src/cli/io.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { importFile, type ImportArgs } from '../../src/cli/verbs/import.ts'

const folder = mkdtempSync(join(tmpdir(), 'runbook-import-'))
cpSync(join(packageRoot(), 'test/fixtures/launchpad'), folder, { recursive: true })
afterAll(() => {
  rmSync(folder, { recursive: true })
})

async function run(args: Partial<ImportArgs>): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const io = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    coloured: { out: false, err: false },
    env: {},
    cwd: folder,
  } as unknown as Io
  const code = await importFile({ file: 'v1.6-minimal.yaml', out: 'made.yml', force: true, ...args }, io)
  return { code, out, err }
}

it('writes a playbook, names file and line of all that is not as it was, and counts', async () => {
  const said = await run({})
  expect(said.out).toMatch(/^made\.yml: 1 host, /)
  expect(said.out).toMatch(/v1\.6-minimal\.yaml:18: spec\.mke\.adminPassword: in other words: not copied/)
  expect(said.out).toMatch(/\n\d+ values: \d+ carried over, \d+ in other words, \d+ not carried over\n$/)
  expect(said.out).not.toMatch(/secret$/m)
  expect(said.code).toBe(0)
  expect(said.err).toMatch(/next: runbook validate made\.yml\n$/)
  expect(readFileSync(join(folder, 'made.yml'), 'utf8')).toContain('# Translated from v1.6-minimal.yaml')
})

it('ends with 10 where the playbook needs mending, and says where', async () => {
  const said = await run({ file: 'v1.5-nfs.yaml' })
  expect(said.code).toBe(10)
  expect(said.err).toMatch(
    /error\[RB0503\][^]*made\.yml:\d+[^]*next: mend made\.yml, then runbook validate made\.yml\n$/,
  )
})

it('refuses what is no file of Launchpad, and a name that is taken', async () => {
  await expect(run({ file: 'made.yml' })).rejects.toMatchObject({
    exit: 'invalid',
    message: expect.stringMatching(/^made\.yml:1: there is no apiVersion/) as string,
  })
  await expect(run({ out: 'v1.5-nfs.yaml', force: false })).rejects.toMatchObject({ exit: 'usage' })
  await expect(run({ file: 'none.yaml' })).rejects.toMatchObject({ exit: 'usage' })
})
