import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { engineState } from '../../src/catalog/docker/estate.ts'
import { stopReplica, twinDtr } from '../../src/catalog/dtr/state.ts'
import { recover, type RecoverArgs } from '../../src/cli/verbs/recover.ts'
import { normal } from '../../src/twin/rehearse.ts'
import { type Standing, standing } from './standing.ts'

/** Over real SSH, one story: whole, a replica lost, looked at, refused, saved, brought back. */

let cluster: Standing
const args: RecoverArgs = {
  scenario: 'dtr-replica-loss',
  file: 'dtr-ha.yml',
  dryRun: false,
  yes: false,
  output: 'plain',
  parallel: 4,
  runsDir: 'runs',
}

beforeAll(async () => {
  cluster = await standing('dtr-ha')
})
afterAll(() => cluster.close())

it('refuses what makes no sense with exit 64, and names the nearest recipe', async () => {
  await expect(
    cluster.run(io => recover({ ...args, scenario: 'dtr-replica-los' }, io)),
  ).rejects.toMatchObject({
    exit: 'usage',
    help: 'did you mean dtr-replica-loss?',
  })
  const { file: _file, ...alone } = args
  await expect(cluster.run(io => recover(alone, io))).rejects.toMatchObject({
    exit: 'usage',
    message: 'recover needs a playbook',
  })
  await expect(cluster.run(io => recover(args, io))).rejects.toMatchObject({
    exit: 'usage',
    help: 'runbook recover dtr-replica-loss dtr-ha.yml --yes, or --dry-run to see the plan',
  })
})

it('refuses a whole cluster with exit 12 and lists the recipes, none of which fits', async () => {
  const before = normal(cluster.estate)
  await expect(cluster.run(io => recover({ ...args, dryRun: true }, io))).rejects.toMatchObject({
    exit: 'refused',
    message: 'a rule says no: RB0862',
  })
  const { file: _file, ...rest } = args
  const shown = await cluster.run(io => recover({ ...rest, scenario: 'dtr-ha.yml' }, io))
  expect(shown.code).toBe(0)
  expect(shown.out).toMatch(/the hosts point to no recipe[^]*dtr-replica-loss[^]*ucp-manager-loss/)
  expect(shown.out).not.toContain('->')
  expect(normal(cluster.estate) === before).toBe(true)
})

it('marks the recipe that fits, shows its plan, and saves it without changing anything', async () => {
  const members = twinDtr(cluster.estate)?.members ?? {}
  stopReplica(cluster.estate, Object.keys(members).find(id => members[id]?.host === 'd2') ?? '')
  const before = normal(cluster.estate)
  const { file: _file, ...rest } = args
  const shown = await cluster.run(io => recover({ ...rest, scenario: 'dtr-ha.yml' }, io))
  expect(shown.out).toMatch(/-> dtr-replica-loss[^]*1\. its containers are there and have stopped/)
  expect(shown.err).toContain('next: runbook recover dtr-replica-loss dtr-ha.yml --dry-run')
  const plan = await cluster.run(io => recover({ ...args, dryRun: true, out: 'back.json' }, io))
  expect(plan.code).toBe(0)
  expect(plan.out).toContain('dtr.start@d2')
  expect(readFileSync(join(cluster.folder, 'back.json'), 'utf8')).toContain('"dtr.start@d2"')
  expect(normal(cluster.estate) === before).toBe(true)
})

it('brings it back when somebody agrees, exactly as saved; then that plan is stale', async () => {
  await expect(cluster.run(io => recover(args, io), ['n'])).rejects.toMatchObject({ exit: 'unanswered' })
  const done = await cluster.run(io => recover({ ...args, plan: 'back.json' }, io), ['y'])
  expect(done.out).toMatch(/dtr-ha: done, \d+ changes?/)
  expect(done.code).toBe(0)
  await expect(
    cluster.run(io => recover({ ...args, plan: 'back.json', yes: true }, io)),
  ).rejects.toMatchObject({
    exit: 'refused',
  })
})

it('asks for the name of the cluster before what nothing undoes, and repairs what has lost its majority', async () => {
  const { members = {} } = twinDtr(cluster.estate) ?? {}
  for (const [id, { host }] of Object.entries(members)) {
    if (host === 'd2') continue
    stopReplica(cluster.estate, id)
    const { containers, volumes } = engineState(cluster.estate, host)
    for (const kind of [containers, volumes])
      for (const name of Object.keys(kind)) if (name.endsWith(`-${id}`)) Reflect.deleteProperty(kind, name)
  }
  const { file: _file, ...rest } = args
  const shown = await cluster.run(io => recover({ ...rest, scenario: 'dtr-ha.yml' }, io))
  expect(shown.out).toContain('-> dtr-majority-loss')
  const repair: RecoverArgs = { ...args, scenario: 'dtr-majority-loss' }
  await expect(cluster.run(io => recover(repair, io), ['y'])).rejects.toMatchObject({ exit: 'unanswered' })
  const done = await cluster.run(io => recover(repair, io), ['dtr-ha'])
  expect(done.err).toContain('Nothing undoes 1 of these steps. Type dtr-ha to go on')
  expect(done.out).toMatch(/dtr-ha: done, \d+ changes?/)
  expect(done.code).toBe(0)
})

it('takes a total loss for what a backup is for: looks first, and takes no flag that a restore does not', async () => {
  await expect(
    cluster.run(io => recover({ ...args, scenario: 'dtr-total-loss', without: 'd3', dryRun: true }, io)),
  ).rejects.toMatchObject({ exit: 'usage' })
  await expect(
    cluster.run(io => recover({ ...args, scenario: 'dtr-total-loss', dryRun: true }, io)),
  ).rejects.toMatchObject({ exit: 'refused', message: 'a rule says no: RB0862' })
})
