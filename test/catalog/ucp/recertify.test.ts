import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BACK, KEEP, OWN_CERTIFICATE, ownCertificate } from '../../../src/catalog/ucp/ownCertificate.ts'
import { findings } from '../../../src/catalog/ucp/preflight.ts'
import { bareEstate } from '../../../src/catalog/os/bareHost.ts'
import { factKey } from '../../../src/plan/fact.ts'
import { preview } from '../../../src/plan/preview.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import { play, rehearse } from '../../../src/twin/rehearse.ts'
import { bench } from '../sh.ts'
import { look, planOf, stageOf } from './onTwin.ts'
import { platform } from './topology.ts'

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
const texts: { readonly [file: string]: string } = { ca: 'CA', old: 'OLD', new: 'NEW', other: 'OTHER CA' }
const fileOf = (file: string): string => texts[file] ?? ''
const pinned = (file: string) => ({ file, sha256: digest(fileOf(file)) })

/** The platform with a certificate of its own. */
function wearing(cert: string, ca = 'ca'): Topology {
  const topology = platform()
  if (!topology.ucp) throw new Error('the platform has UCP')
  const certificates = { ca: pinned(ca), cert: pinned(cert), key: { secret: 'file:key.pem' } }
  return { ...topology, ucp: { ...topology.ucp, certificates } }
}
const stage = (topology: Topology, estate: Estate) => ({ ...stageOf(topology, estate), file: fileOf })

async function standing(topology: Topology): Promise<Estate> {
  const bare = stage(topology, bareEstate(topology))
  const { run, estate } = await play(planOf(topology, await look(topology, bare)), bare, {})
  expect(run.outcome).toBe('done')
  for (const host of Object.values(estate.hosts)) host.jobs = {}
  return estate
}

describe('a new certificate of the same authority', () => {
  it('comes into force on one manager after another, and a second plan does nothing', async () => {
    const estate = await standing(wearing('old'))
    const after = wearing('new')
    const facts = await look(after, stage(after, structuredClone(estate)))
    const plan = planOf(after, facts)
    const steps = plan.steps.filter(step => step.kind === 'ucp.recertify')
    const managers = after.ucp?.managers ?? []
    expect(steps.map(step => step.host)).toEqual(managers)
    expect(steps.slice(1).map(step => step.needs)).toEqual(steps.slice(0, -1).map(step => [step.id]))
    for (const step of steps)
      for (const host of managers)
        expect(step.requires).toContainEqual(expect.objectContaining({ fact: 'ucp.ping', host }))
    expect(preview(plan, facts).filter(one => one.will !== 'hold')).toHaveLength(managers.length)
    expect(findings(after, facts).filter(one => one.severity === 'error')).toEqual([])
    const done = await play(plan, stage(after, estate), { guardProbes: true })
    expect(done.run.outcome).toBe('done')
    expect(JSON.stringify(done.estate.hosts['m1'])).not.toContain('"OLD"}')
    const again = await look(after, stage(after, structuredClone(done.estate)))
    expect(preview(planOf(after, again), again).filter(one => one.will !== 'hold')).toEqual([])
  })

  it('can be undone, to the certificate that was seen in force', async () => {
    const before = wearing('old')
    const after = wearing('new')
    const estate = await standing(before)
    const plan = planOf(after, await look(after, stage(after, structuredClone(estate))))
    const done = await play(plan, stage(after, estate), {})
    for (const host of Object.values(done.estate.hosts)) host.jobs = {}
    const steps = plan.steps
      .filter(step => step.kind === 'ucp.recertify')
      .map(({ undo, ...step }) => ({ ...step, ...undo, needs: [] }))
    const back = await play({ ...plan, steps }, stage(before, done.estate), {})
    expect(back.run.outcome).toBe('done')
    const facts = await look(before, stage(before, structuredClone(back.estate)))
    expect(preview(planOf(before, facts), facts).filter(one => one.will !== 'hold')).toEqual([])
  })

  it('survives a failure at any point', async () => {
    const estate = await standing(wearing('old'))
    const after = wearing('new')
    const plan = planOf(after, await look(after, stage(after, structuredClone(estate))))
    const { stuck, diverged, cases } = await rehearse(plan, stage(after, estate), fault => fault.at % 3 === 0)
    expect(cases).toBeGreaterThan(20)
    expect({ stuck, diverged }).toEqual({ stuck: [], diverged: [] })
  })

  it('of another authority is refused while a registry trusts the old one, and made where there is none', async () => {
    const estate = await standing(wearing('old'))
    const codes = async (topology: Topology): Promise<readonly string[]> => {
      const facts = await look(topology, stage(topology, structuredClone(estate)))
      return findings(topology, facts).map(one => `${one.code} ${one.host ?? ''}`)
    }
    expect(await codes(wearing('new', 'other'))).toEqual(
      expect.arrayContaining(['RB0833 m1', 'RB0833 m2', 'RB0833 m3']),
    )
    const { dtr, ...without } = wearing('new', 'other')
    expect(dtr).toBeDefined()
    expect(await codes(without)).toEqual([])
  })

  it('is not told where openssl is missing, and neither is it then called another one', () => {
    const exit = { code: 3, stdout: '', stderr: 'there is no openssl on this host\n' }
    expect(ownCertificate.parse(exit, undefined)).toBeUndefined()
    const facts = new Map([[factKey({ fact: 'ucp.node', host: 'm1' }), { version: '3.2.6', image: '' }]])
    expect(findings(wearing('new'), facts).filter(one => one.code === 'RB0833')).toEqual([])
  })
})

describe('the scripts, run for real', () => {
  const made = (dir: string, name: string): void => {
    const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const files = [
      '-subj',
      `/CN=${name}`,
      '-keyout',
      join(dir, `${name}.key`),
      '-out',
      join(dir, `${name}.pem`),
    ]
    expect(spawnSync('openssl', [...words, ...files, '-days', '2']).status).toBe(0)
  }

  it('tell whether the served certificate is the one in the volume; keep it and put it back', async () => {
    const one = bench({ docker: 'echo "$BENCH/volume"' })
    const volume = join(one.dir, 'volume')
    mkdirSync(volume)
    for (const name of ['a', 'b']) made(one.dir, name)
    const read = (name: string): string => readFileSync(join(one.dir, name), 'utf8')
    const put = (name: string): void => {
      writeFileSync(join(volume, 'ca.pem'), `authority of ${name}\n`)
      writeFileSync(join(volume, 'cert.pem'), read(`${name}.pem`))
      writeFileSync(join(volume, 'key.pem'), read(`${name}.key`))
    }
    put('a')
    const server = createServer({ cert: read('a.pem'), key: read('a.key') })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const port = String((server.address() as AddressInfo).port)
    const asked = async () => {
      const { code, ...said } = await one.run(OWN_CERTIFICATE, [port])
      return ownCertificate.parse({ ...said, code: code ?? undefined }, undefined)
    }
    const files = (name: string) => ({
      ca: digest(`authority of ${name}\n`),
      cert: digest(read(`${name}.pem`)),
      key: true,
    })
    expect(await asked()).toEqual({ ...files('a'), served: true })
    expect((await one.run(KEEP, ['tag'])).code).toBe(0)
    put('b')
    // Given again when nobody saw how it ended: what was kept first stays kept.
    expect((await one.run(KEEP, ['tag'])).code).toBe(0)
    expect(await asked()).toEqual({ ...files('b'), served: false })
    expect((await one.run(BACK, ['tag'])).code).toBe(0)
    expect(await asked()).toEqual({ ...files('a'), served: true })
    expect((await one.run(BACK, ['another'])).code).toBe(1)
    expect((await one.run(KEEP, ['next'])).code).toBe(0)
    expect(readdirSync(volume).filter(name => name.startsWith('.before-tag'))).toEqual([])
    await new Promise(resolve => server.close(resolve))
    expect(await asked()).toEqual({ ...files('a'), served: 'none' })
    one.done()
  })
})
