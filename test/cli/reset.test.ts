import { afterAll, beforeAll, expect, it } from 'vitest'
import { reset, type ResetArgs } from '../../src/cli/verbs/reset.ts'
import { normal } from '../../src/twin/rehearse.ts'
import { type Standing, standing } from './standing.ts'

/** Over real SSH, one story: refused until the name is said, then all goes, and a second one does nothing. */

let cluster: Standing
const args: ResetArgs = { file: 'minimal.yml', dryRun: false, output: 'plain', parallel: 4, runsDir: 'runs' }

beforeAll(async () => {
  cluster = await standing('minimal')
})
afterAll(() => cluster.close())

it('shows the plan and changes nothing without the name', async () => {
  const before = normal(cluster.estate)
  const shown = await cluster.run(io => reset({ ...args, dryRun: true }, io))
  expect(shown.code).toBe(0)
  expect(shown.out).toMatch(/Registry goes[^]*UCP goes[^]*Swarm goes/)
  await expect(cluster.run(io => reset(args, io))).rejects.toMatchObject({
    exit: 'unanswered',
    help: 'say it beforehand: --yes-name minimal',
  })
  await expect(cluster.run(io => reset(args, io), ['y'])).rejects.toMatchObject({ exit: 'unanswered' })
  await expect(cluster.run(io => reset({ ...args, yesName: 'dtr-ha' }, io))).rejects.toMatchObject({
    exit: 'unanswered',
    message: expect.stringContaining('the playbook is of minimal') as string,
  })
  expect(normal(cluster.estate) === before).toBe(true)
})

it('takes all away when the name was typed, and has nothing to do then', async () => {
  const gone = await cluster.run(io => reset(args, io), ['minimal'])
  expect(gone.err).toContain('Type minimal to go on')
  expect(gone.out).toMatch(/minimal: done, \d+ changes/)
  expect(gone.code).toBe(0)
  expect(cluster.estate.shared['ucp']).toBeUndefined()
  const again = await cluster.run(io => reset(args, io))
  expect(again.out).toMatch(/no changes[^]*done, 0 changes/)
  expect(again.code).toBe(0)
})
