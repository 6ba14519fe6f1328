import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SavedPlan } from '../../src/plan/saved.ts'
import { until } from './command.ts'
import { estateOf } from './estate.ts'
import type { Lab } from './harness.ts'
import { labDown, labUp } from './harness.ts'
import { whyNoLab } from './machine.ts'
import { stopAtFirstFailure } from './ordered.ts'
import { byHand } from './person.ts'
import { adminPassword, writePlaybook } from './playbook.ts'
import { runbook } from './run.ts'
import { clusterStatus, healthy } from './vendor.ts'

const reason = await whyNoLab()
if (reason !== undefined) console.warn(`skipped: this machine cannot carry a lab: ${reason}`)

const formats = ['text', 'md', 'json', 'html', 'sarif', 'junit', 'gitlab', 'bash', 'runbook.md']
const hosts = ['m1', 'd1', 'lb1']

/**
 * The plan on paper, on real hosts: whatever is asked of `plan`, `inspect` and `status` changes nothing, and the bash form in the hands of a
 * person leads to what `apply` leads to.
 */
describe.skipIf(reason !== undefined)('the plan on paper', () => {
  let lab: Lab
  let directory: string
  let made: Readonly<Record<string, readonly string[]>>
  stopAtFirstFailure()
  const fresh = async (): Promise<void> => {
    await labDown()
    lab = await labUp({ hosts })
    writePlaybook(lab, directory, { managers: ['m1'], workers: [], replicas: ['d1'] })
  }
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'runbook-lab-'))
    await fresh()
  })
  afterAll(async () => {
    await labDown()
    rmSync(directory, { recursive: true, force: true })
  })

  /** Everything that only looks, in every form. */
  const lookAtAll = async (): Promise<void> => {
    for (const words of [
      ...formats.map(format => ['plan', 'lab.yml', '--format', format]),
      ['plan', 'lab.yml', '--out', 'looked.json', '--detailed-exitcode'],
      ['inspect', 'lab.yml', '--out', 'snapshot.json'],
      ['plan', 'lab.yml', '--offline', '--from', 'snapshot.json'],
      ['apply', 'lab.yml', '--dry-run'],
      ['status', 'lab.yml'],
    ]) {
      const end = await runbook(directory, words)
      // 2: there are changes. 12: a finding says no. 18, 20: status is not well. None of them may be a crash, and all only look.
      expect([0, 2, 12, 18, 20], `${words.join(' ')}: ${end.err.slice(-800)}`).toContain(end.code)
      expect(end.out + end.err).not.toContain(adminPassword)
    }
  }
  const looksOnly = async (): Promise<void> => {
    const before = await estateOf(lab)
    await lookAtAll()
    expect(await estateOf(lab)).toEqual(before)
  }

  test('nothing that only looks changes bare hosts', looksOnly)

  test('a person with the script makes the cluster', async () => {
    const plan = await runbook(directory, ['plan', 'lab.yml', '--out', 'plan.json'])
    expect(plan.code, plan.err).toBe(0)
    const shown = await runbook(directory, ['show', 'plan.json', '--format', 'bash'])
    writeFileSync(join(directory, 'plan.sh'), shown.out)
    const saved = JSON.parse(readFileSync(join(directory, 'plan.json'), 'utf8')) as SavedPlan
    const options = [
      `-F /dev/null -i ${lab.keyPath} -o IdentitiesOnly=yes -o UserKnownHostsFile=${lab.knownHostsPath}`,
      `-o StrictHostKeyChecking=yes -o LogLevel=ERROR -o ControlMaster=auto -o ControlPersist=20`,
      `-o ControlPath=${join(directory, '%C')}`,
    ]
    const began = Date.now()
    const done = await byHand(directory, 'lab.yml', 'plan.sh', saved.plan, `ssh ${options.join(' ')}`)
    console.info(
      `by hand from bare hosts: ${((Date.now() - began) / 1000).toFixed(0)} s, ${done.judged} questions judged`,
    )
    expect(done.code, done.screen.slice(-3000)).toBe(0)
    expect(done.screen).toContain('All steps are done.')
    expect(done.screen).not.toContain(adminPassword)
    await healthy(lab, 'd1')
    expect(Object.values((await clusterStatus(lab, 'd1'))?.replica_health ?? {})).toEqual(['OK'])
  }, 900_000)

  test('runbook finds nothing left to do, and fidelity is of no command at all', async () => {
    const plan = await runbook(directory, ['plan', 'lab.yml', '--detailed-exitcode'])
    expect(plan.code, plan.out.slice(0, 3000)).toBe(0)
    const again = await runbook(directory, ['apply', 'lab.yml', '--yes'])
    expect(again.code, again.err.slice(-2000)).toBe(0)
    expect(again.out).toMatch(/\b0 changes\b/)
    made = shapeOf(await estateOf(lab))
  })

  test('nothing that only looks changes a cluster that stands', looksOnly)

  test('nor one where the balancer was edited and a replica is down', async () => {
    const edited = await lab.host('lb1').exec("echo '# by hand' >> /etc/haproxy/haproxy.cfg")
    expect(edited.code).toBe(0)
    const stopped = await lab.host('d1').exec('docker stop $(docker ps -q --filter name=dtr-nginx)')
    expect(stopped.code, stopped.err).toBe(0)
    await until('the replica to be down', 30_000, async () => {
      const up = await lab.host('d1').exec('docker ps -q --filter name=dtr-nginx')
      return up.out.trim() === '' ? true : undefined
    })
    await looksOnly()
  })

  test('apply leads from bare hosts to the same', async () => {
    await fresh()
    const done = await runbook(directory, ['apply', 'lab.yml', '--yes'])
    expect(done.code, done.err.slice(-1500)).toBe(0)
    expect(done.out).toMatch(
      /Plan fidelity (\d+)\/\1( \(1 step planned for if still needed, and not needed\))?\n/,
    )
    const again = await runbook(directory, ['apply', 'lab.yml', '--yes'])
    expect(again.out, again.err.slice(-1500)).toMatch(/\b0 changes\b/)
    expect(made).toEqual(shapeOf(await estateOf(lab)))
  }, 600_000)
})

/** An estate without what is another one on every new host: ids, digests, sizes, and keys that are made there. */
function shapeOf(
  estate: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(estate).map(([host, lines]) => [
      host,
      lines
        .filter(line => !/^[0-9a-f]{64} {2}/.test(line))
        .map(line =>
          line
            .replace(/^(\/\S+) \d+ (\d+ \S+)/, '$1 $2')
            .replaceAll(/\b[0-9a-f]{64}\b/g, 'ID')
            .replaceAll(/\b[0-9a-z]{25}\b/g, 'ID')
            .replace(/^[0-9a-z]{12} /, 'ID ')
            .replace(/(\/sha256\/)[0-9a-f]{2}\b/, '$1XX'),
        )
        .sort(),
    ]),
  )
}
