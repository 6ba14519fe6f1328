import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Lab } from './harness.ts'
import { labDown, labUp } from './harness.ts'
import { sampleImage } from './images.ts'
import { whyNoLab } from './machine.ts'
import { stopAtFirstFailure } from './ordered.ts'
import { adminPassword, registryName, writePlaybook } from './playbook.ts'
import type { RunbookEnd } from './run.ts'
import { runbook } from './run.ts'
import { get, healthy } from './vendor.ts'

const reason = await whyNoLab()
if (reason !== undefined) console.warn(`skipped: this machine cannot carry a lab: ${reason}`)

const hosts = ['m1', 'm2', 'm3', 'd1', 'lb1']
const whyFailed = (end: RunbookEnd): string => `exit ${String(end.code)}: ${end.err.slice(-3500)}`
const image = `${registryName}/admin/sample`

/** A set is made, every host is thrown away with its disk, new ones come up under the same addresses, and the set brings the cluster back. */
describe.skipIf(reason !== undefined)('a restore from a set of before everything was wiped', () => {
  let lab: Lab
  let directory: string
  const before: { [tag: string]: string } = {}
  stopAtFirstFailure()
  const began = Date.now()
  const say = (what: string): void => {
    console.info(`${((Date.now() - began) / 1000).toFixed(0)} s: ${what}`)
  }
  const write = (recipient: string): void => {
    writePlaybook(lab, directory, {
      managers: ['m1', 'm2', 'm3'],
      workers: [],
      replicas: ['d1'],
      balancer: 'lb1',
      backup: { recipient },
    })
  }
  let recipient = ''
  const digestOf = async (tag: string): Promise<string> => {
    const login = `export DOCKER_CONFIG=/tmp/login; echo '${adminPassword}' | docker login -u admin --password-stdin ${registryName} >/dev/null`
    const pulled = await lab
      .host('d1')
      .exec(
        `${login} && docker pull -q ${image}:${tag} >/dev/null && docker image inspect --format '{{index .RepoDigests 0}}' ${image}:${tag}`,
      )
    expect(pulled.code, pulled.err).toBe(0)
    return pulled.out.trim()
  }

  beforeAll(async () => {
    await labDown()
    lab = await labUp({ hosts })
    directory = mkdtempSync(join(tmpdir(), 'runbook-restore-'))
    const identity = await generateIdentity()
    recipient = await identityToRecipient(identity)
    writeFileSync(join(directory, 'backup.agekey'), `${identity}\n`, { mode: 0o600 })
    write(recipient)
  })
  afterAll(async () => {
    await labDown()
    rmSync(directory, { recursive: true, force: true })
  })

  test('a cluster stands, and somebody has pushed to it', async () => {
    const done = await runbook(directory, ['apply', 'lab.yml', '--yes'])
    expect(done.code, whyFailed(done)).toBe(0)
    say('the cluster stands')
    const auth = `-u 'admin:${adminPassword}'`
    const made = await get(
      lab,
      `https://${registryName}/api/v0/repositories/admin`,
      `${auth} -d '{"name":"sample"}'`,
    )
    expect(made.status).toBe(201)
    const login = `export DOCKER_CONFIG=/tmp/login; echo '${adminPassword}' | docker login -u admin --password-stdin ${registryName}`
    for (const tag of ['1', '2']) {
      const pushed = await lab
        .host('d1')
        .exec(`${login} && docker tag ${sampleImage} ${image}:${tag} && docker push ${image}:${tag}`)
      expect(pushed.code, pushed.err).toBe(0)
      before[tag] = await digestOf(tag)
    }
    console.info(JSON.stringify(before))
  })

  test('a set is made of it, proven, and encrypted', async () => {
    const made = await runbook(directory, ['backup', 'create', 'lab.yml', '--yes', '--set', 'before'])
    expect(made.code, whyFailed(made)).toBe(0)
    expect(made.out + made.err).not.toContain(adminPassword)
    for (const host of ['m1', 'm2', 'm3', 'd1']) await healthy(lab, host)
    const listed = await runbook(directory, ['backup', 'list', 'lab.yml'])
    expect(listed.out).toMatch(/^before .*papers swarm ucp dtr images\n {2}complete/m)
    const proven = await runbook(directory, ['backup', 'verify', 'lab.yml'])
    expect(proven.code, whyFailed(proven)).toBe(0)
    say('the set is made')
    console.info(listed.out, proven.err)
    const again = await runbook(directory, ['apply', 'lab.yml', '--yes'])
    expect(again.out).toMatch(/\b0 changes\b/)
  })

  test('everything is wiped', async () => {
    await labDown()
    lab = await labUp({ hosts })
    write(recipient)
    const seen = await lab
      .host('m1')
      .exec(
        'docker info --format "{{.Swarm.LocalNodeState}}"; docker ps -aq; ls /mnt/dtr-storage 2>/dev/null',
      )
    expect(seen.out.trim()).toBe('inactive')
    say('new hosts are up')
  })

  test('the set brings it back: same tags and digests, the old password, and a second apply is empty', async () => {
    const back = await runbook(directory, ['restore', 'lab.yml', '--yes-name', 'lab'])
    expect(back.code, whyFailed(back)).toBe(0)
    say('restored')
    for (const host of ['m1', 'm2', 'm3', 'd1']) await healthy(lab, host)
    const auth = `-u 'admin:${adminPassword}'`
    const tags = await get(lab, `https://${registryName}/api/v0/repositories/admin/sample`, auth)
    expect(tags.status).toBe(200)
    for (const tag of ['1', '2']) expect(await digestOf(tag)).toBe(before[tag])
    const again = await runbook(directory, ['apply', 'lab.yml', '--yes'])
    expect(again.code, whyFailed(again)).toBe(0)
    expect(again.out).toMatch(/\b0 changes\b/)
    say('a second apply has nothing to do')
  })
})
