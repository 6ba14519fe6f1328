import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { findings } from '../../src/catalog/compile.ts'
import { startSwarm } from '../../src/catalog/docker/estate.ts'
import { FATAL_LINE } from '../../src/catalog/docker/api.ts'
import { importLaunchpad } from '../../src/catalog/import/launchpad.ts'
import { products as allProducts } from '../../src/catalog/index.ts'
import { bareEstate } from '../../src/catalog/os/bareHost.ts'
import { playbookRules } from '../../src/catalog/rules.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { offline } from '../../src/cli/survey.ts'
import { canonical } from '../../src/plan/canonical.ts'
import { preview } from '../../src/plan/preview.ts'
import { publicRepository } from '../../src/playbook/images.ts'
import { loadPlaybook } from '../../src/playbook/read.ts'
import { playbookSchema } from '../../src/playbook/schema-at.ts'
import type { Topology } from '../../src/playbook/topology.ts'
import { play } from '../../src/twin/rehearse.ts'
import { PASSWORD, look, planOf, products, stageOf, standing } from '../catalog/ucp/onTwin.ts'
import { platform } from '../catalog/ucp/topology.ts'

/**
 * Defects that were found by reading another installer for the same products; each is a way to hurt a cluster, and each has a test that is
 * named for it: those of the registry in launchpadRegistry.test.ts. Where the situation cannot exist here, the test shows that it cannot.
 */
const withAbsent = (nodes: readonly string[]): Topology => {
  const all = platform()
  return platform({
    absent: { replicas: [], nodes },
    docker: { ...all.docker, hosts: all.docker.hosts.filter(host => !nodes.includes(host)) },
    ...(all.ucp && { ucp: { ...all.ucp, workers: all.ucp.workers.filter(host => !nodes.includes(host)) } }),
  })
}

/** Every name and text of a schema, however deep. */
const schemaText = JSON.stringify(playbookSchema)
/** Plans of every shipped playbook for bare hosts, as bytes. */
const shippedPlans = (): readonly string[] => {
  const folder = join(packageRoot(), 'playbooks')
  return readdirSync(folder)
    .filter(name => name.endsWith('.yml') && name !== 'steps.yml')
    .map(name => {
      const { topology, digest } = loadPlaybook(join(folder, name))
      if (!topology || digest === undefined) throw new Error(`${name} is broken`)
      return canonical(offline(topology, digest, allProducts).plan)
    })
}

describe('defects of another installer', () => {
  it('4: a failed install is not a success', async () => {
    const topology = platform()
    const stage = { ...stageOf(topology), secret: () => 'short' }
    const done = await play(planOf(topology, await look(topology, stage)), stage, {})
    expect(done.run.steps.get('ucp.install@m1')?.state).toBe('failed')
    expect(done.run.steps.get('ucp.join@m2')?.state).toBe('waiting')
  })

  it('6: a fatal line is a failure whatever the exit code says', () => {
    const plan = planOf(platform(), new Map())
    const runs = plan.steps
      .flatMap(({ run }) => run)
      .filter(op => 'exec' in op && op.exec.argv.includes('docker/ucp:3.2.6'))
    expect(runs.map(op => ('exec' in op ? op.failsOn : ''))).toEqual([FATAL_LINE])
    expect('time="x" level=fatal msg="no"').toMatch(new RegExp(FATAL_LINE))
  })

  it('7: an unhealthy manager ends the run, it does not hang it', async () => {
    const estate = await standing(platform())
    const host = estate.hosts['m3']
    if (host) host.up = false
    const stage = stageOf(platform(), estate)
    const done = await play(planOf(platform(), await look(platform(), stage)), stage, {})
    expect(done.run.outcome).not.toBe('done')
  })

  it('8: a file of v1.5 is translated, as are those of every other version that says which it is', () => {
    for (const version of ['v1.1', 'v1.2', 'v1.3', 'v1.4', 'v1.5', 'v1.6']) {
      const text = `apiVersion: launchpad.mirantis.com/mke/${version}\nkind: mke\nmetadata:\n  name: my\nspec:\n  hosts:\n    - role: manager\n      ssh: {address: 10.0.0.1}\n  mke:\n    version: 3.3.4\n`
      const made = importLaunchpad(text, { env: () => undefined, publicRepository, head: [] })
      expect('message' in made ? made.message : Object.keys(made.draft.playbook.hosts), version).toEqual([
        'm1',
      ])
    }
  })

  it('9: a password is a reference by its form, so none is made up, printed or logged', () => {
    const given = loadedWith('adminPassword: hunter2hunter2')
    expect(
      given.diagnostics.map(({ code, severity, message }) => [
        code.slice(0, 4),
        severity,
        message.includes('adminPassword'),
      ]),
    ).toContainEqual(['RB01', 'error', true])
    const missing = loadedWith('adminUsername: admin')
    expect(missing.diagnostics.some(({ message }) => message.includes('adminPassword'))).toBe(true)
  })

  it('10: the network of a cluster is never changed: no key for it, and no plan that speaks of it', () => {
    expect(/vxlan/i.test(schemaText)).toBe(false)
    for (const plan of shippedPlans()) expect(plan).not.toMatch(/vxlan/i)
  })

  it('11: engines are not touched when they are as wanted', async () => {
    const estate = await standing(platform())
    const facts = await look(platform(), stageOf(platform(), estate))
    expect(preview(planOf(platform(), facts), facts).filter(({ will }) => will !== 'hold')).toEqual([])
  })

  it('12: no command asks for a terminal', () => {
    const words = planOf(platform(), new Map()).steps.flatMap(({ run }) =>
      run.flatMap(op => ('exec' in op ? op.exec.argv : [])),
    )
    expect(words.filter(word => word === '-it' || word === '-t' || word === '--tty')).toEqual([])
    expect(words.length).toBeGreaterThan(20)
  })

  it('13: the password is in no argument list, event or plan', async () => {
    const stage = stageOf(platform())
    const plan = planOf(platform(), await look(platform(), stage))
    const done = await play(plan, stage, {})
    expect(canonical([plan as never, done.events as never, done.argv as never])).not.toContain(PASSWORD)
  })

  it('14: a host of another swarm is not taken for a member', async () => {
    const estate = await standing(platform())
    const other = bareEstate(platform(), { '*': { engine: '19.03.15' } }).hosts['w2']
    if (!other) throw new Error('no w2')
    estate.hosts['w2'] = other
    const foreign = startSwarm(estate, 'w2', '10.9.9.9')
    expect(foreign).not.toBe('')
    const facts = await look(platform(), stageOf(platform(), estate))
    expect(findings(platform(), products, facts).map(({ code, host }) => `${code} ${host ?? ''}`)).toContain(
      'RB0840 w2',
    )
  })

  it('15: nodes join through a manager that is healthy, not through the first', async () => {
    const estate = await standing(withAbsent([]))
    const host = estate.hosts['m1']
    if (host) host.up = false
    const facts = await look(platform(), stageOf(platform(), estate))
    const join = planOf(platform(), facts).steps.find(({ id }) => id === 'ucp.join@w1')
    expect(join?.requires.find(({ host: asked }) => asked !== 'w1')?.host).toBe('m2')
  })

  it('16: without --prune nothing is removed, and nothing fails for it', async () => {
    const estate = await standing(platform())
    const { absent: _, ...topology } = withAbsent(['w2'])
    const facts = await look(topology, stageOf(topology, estate))
    const plan = planOf(topology, facts)
    expect(plan.steps.filter(({ kind }) => /demote|drain|strike|leave|sweep/.test(kind))).toEqual([])
  })

  it('17: a flag with = reaches the installer, and the plan is the same every time', () => {
    const all = platform()
    const topology = platform(
      all.ucp && { ucp: { ...all.ucp, extraFlags: ['--swarm-port=2999', '--dns=10.0.0.2'] } },
    )
    const plan = planOf(topology, new Map())
    expect(canonical(plan as never)).toContain('"--swarm-port=2999","--dns=10.0.0.2"')
    expect(canonical(plan as never)).toBe(canonical(planOf(topology, new Map()) as never))
  })

  it('18: the daemon’s own file is neither read nor written, and flags go to the installer as they are written', () => {
    expect(schemaText.includes('daemon.json')).toBe(false)
    for (const plan of shippedPlans()) expect(plan).not.toContain('daemon.json')
    const all = platform()
    const topology = platform(all.ucp && { ucp: { ...all.ucp, extraFlags: ['--log-level=warning'] } })
    expect(canonical(planOf(topology, new Map()) as never)).toContain('"--log-level=warning"')
  })

  it('19: an address of UCP that the person gives by flag is refused; ours is made from checked hosts', () => {
    const { dtr } = platform()
    const found = playbookRules(platform(dtr && { dtr: { ...dtr, extraFlags: ['--ucp-url=::not a url'] } }))
    expect(found.find(({ code }) => code === 'RB0341')).toMatchObject({ severity: 'error' })
  })

  it('20: a login takes its password from standard input, and there are no Windows hosts', () => {
    const logins = shippedPlans().flatMap(plan =>
      plan.split('\\n').filter(line => /^docker .* login /.test(line)),
    )
    expect(logins.length).toBeGreaterThan(0)
    for (const line of logins) expect(line).toContain('--password-stdin')
    expect(
      Object.keys(playbookSchema.$defs['host']?.properties ?? {}).filter(key => /win|^os$/i.test(key)),
    ).toEqual([])
  })

  it('21: a removed host leaves the swarm itself, and may join again', async () => {
    const estate = await standing(platform())
    const topology = withAbsent(['w2'])
    const stage = stageOf(topology, estate)
    const done = await play(planOf(topology, await look(topology, stage)), stage, {})
    const facts = await look(platform(), stageOf(platform(), done.estate))
    expect(findings(platform(), products, facts).filter(({ severity }) => severity === 'error')).toEqual([])
    expect(done.argv).toContain('docker swarm leave')
  })

  it('has a test for each of the 22', () => {
    const here = fileURLToPath(new URL('./', import.meta.url))
    const named = readdirSync(here).flatMap(file =>
      [...readFileSync(join(here, file), 'utf8').matchAll(/^ {2}it\('(\d+): /gm)].map(([, one]) =>
        Number(one),
      ),
    )
    expect(named.sort((a, b) => a - b)).toEqual(Array.from({ length: 22 }, (_, i) => i + 1))
  })
})

/** A small playbook whose UCP has this line instead of its password. */
function loadedWith(line: string): ReturnType<typeof loadPlaybook> {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-defect-'))
  try {
    const text = `runbook: 1\nname: a\nhosts:\n  m1: {address: 10.0.0.1}\ndocker: {version: '19.03'}\nucp:\n  version: 3.2.6\n  managers: [m1]\n  ${line}\n`
    writeFileSync(join(folder, 'a.yml'), text)
    return loadPlaybook(join(folder, 'a.yml'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
