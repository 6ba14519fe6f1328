import { describe, expect, it } from 'vitest'
import { products } from '../../src/catalog/index.ts'
import { playbookRules } from '../../src/catalog/rules.ts'
import { adopt, type MakeWorld } from '../../src/cli/adopt.ts'
import type { Io } from '../../src/cli/io.ts'
import { survey } from '../../src/cli/survey.ts'
import { readonly } from '../../src/hosts/readonly.ts'
import { preview } from '../../src/plan/preview.ts'
import { type Draft, draftText } from '../../src/playbook/draft.ts'
import { readPlaybook } from '../../src/playbook/read.ts'
import type { Topology } from '../../src/playbook/topology.ts'
import { createRedact } from '../../src/run/redact.ts'
import { openSessions } from '../../src/run/world.ts'
import { virtualClock } from '../../src/twin/clock.ts'
import { connectTwin } from '../../src/twin/connect.ts'
import type { Estate } from '../../src/twin/estate.ts'
import { normal, play, type Stage } from '../../src/twin/rehearse.ts'
import { example } from '../sweep/examples.ts'

const io = { env: { UCP_ADMIN_PASSWORD: 'x', MKE_ADMIN_PASSWORD: 'x' } } as unknown as Io

/** The twin as hosts that can only be looked at. A host that is named by its address is the one that has it. */
function looking(estate: Estate, stage: Stage): MakeWorld {
  const clock = virtualClock(estate.clockMs)
  const twin = connectTwin(estate, stage.models, clock, { guardProbes: true })
  const addresses = new Map<string, string>()
  for (const [name, host] of Object.entries(estate.hosts)) {
    const { address } = host.state['os'] as { readonly address?: string }
    addresses.set(address ?? name, name)
  }
  return topology => ({
    ...stage,
    hosts: topology.hosts,
    connect: readonly(host =>
      twin(estate.hosts[host.name] ? host : { ...host, name: addresses.get(host.address) ?? host.name }),
    ),
    clock,
    ask: () => Promise.reject(new Error('adopting asks nobody')),
    redact: createRedact(),
  })
}

async function adopted(
  name: string,
  change: (estate: Estate) => void = () => undefined,
  env: NodeJS.ProcessEnv = io.env,
  balancers: { readonly [name: string]: string } = {},
): Promise<{
  draft: Draft
  text: string
  topology: Topology | undefined
  todo: readonly string[]
  run: readonly string[]
  said: string
}> {
  const { plan, stage } = await example(name)
  const { estate } = await play(plan, stage, {})
  change(estate)
  // Asked for its audit log, a pretend host makes an empty one.
  for (const host of Object.values(estate.hosts)) host.custody ??= { leases: [], audit: [], kept: {} }
  const before = normal(estate)
  const make = looking(estate, stage)
  const manager = plan.hosts[plan.steps.find(step => step.kind === 'ucp.install')?.host ?? '']
  const password = name === 'msr-2.9-mke-3' ? 'env:MKE_ADMIN_PASSWORD' : 'env:UCP_ADMIN_PASSWORD'
  const draft = await adopt(
    {
      address: manager?.address ?? '',
      ssh: { user: 'root' },
      admin: { username: 'admin', password: { secret: password } },
      name: plan.name,
      balancers,
      folder: '/',
      head: ['Read by a test.'],
    },
    make,
    { ...io, env },
  )
  const text = draftText(draft, 'x.json')
  const { topology, digest, diagnostics } = readPlaybook(text, 'x.yml', () => 'missing', playbookRules)
  const said = diagnostics.map(({ severity, code, message }) => `${severity} ${code} ${message}`).join('\n')
  const todo = draft.remarks.filter(one => one.todo).map(one => `${one.path.join('.')}: ${one.text}`)
  if (!topology || digest === undefined) return { draft, text, topology, todo, run: [], said }
  const world = make(topology, stage.secret)
  const seen = await survey(topology, digest, products, world, openSessions(topology.hosts, world.connect))
  expect(normal(estate) === before).toBe(true)
  return {
    draft,
    text,
    topology,
    todo,
    said,
    run: preview(seen.plan, seen.facts)
      .filter(one => one.will !== 'hold')
      .map(one => one.step),
  }
}

describe('adopt', () => {
  it.each(['dtr-ha', 'minimal', 'dtr-5-s3', 'multi-site', 'msr-2.9-mke-3', 'steps'])(
    'of a cluster as %s makes it writes a playbook with an empty plan',
    async name => {
      const { text, run, said, todo } = await adopted(name)
      expect(said).not.toMatch(/^error/m)
      expect(run, text).toEqual([])
      expect(text).toMatch(/^# yaml-language-server: \$schema=x\.json\n# Read by a test\.\nrunbook: 1\n/)
      // What no node tells is said, and nothing else is left open.
      expect(todo.filter(one => !/^(loadBalancer|storage):/.test(one))).toEqual([])
      expect(todo.join('\n')).toContain('loadBalancer')
    },
  )

  it('keeps what is not the default: ports, names in the certificate, replica ids', async () => {
    const { topology } = await adopted('msr-2.9-mke-3')
    expect(topology?.dtr?.replicas[0]).toMatchObject({ httpPort: 8000, httpsPort: 4443 })
    expect(topology?.ucp).toMatchObject({ version: '3.5.5', repository: 'mirantis' })
    const { topology: other } = await adopted('dtr-ha')
    expect(other?.ucp?.sans).toContain('ucp.example.com')
    expect(other?.dtr?.replicas.map(one => one.id)).toEqual(['00782d09c72f', 'df4b9961c4fb', '128f0a04acc7'])
  })

  it('reads balancers that it is told of, so that the plan is empty with them too', async () => {
    const given = { lb1: '198.51.100.10' }
    const { topology, run, todo } = await adopted('dtr-ha', undefined, io.env, given)
    expect(topology?.loadBalancer).toEqual({
      kind: 'haproxy',
      hosts: ['lb1'],
      ucp: { name: 'ucp.example.com', port: 8443, bind: '*' },
      dtr: { name: 'dtr.example.com', port: 443, bind: '*' },
    })
    expect(run).toEqual([])
    expect(todo).toEqual([])
    const foreign = await adopted(
      'dtr-ha',
      estate => {
        const file = estate.hosts['lb1']?.files['/etc/haproxy/haproxy.cfg']
        if (file) file.content = 'global\n'
      },
      io.env,
      given,
    )
    expect(foreign.topology?.loadBalancer).toBeUndefined()
    expect(foreign.todo.join()).toContain('lb1 has no HAProxy that runbook configured')
  })

  it('says of a host that cannot be asked that nothing is known of it, and does not leave it out', async () => {
    const { text, todo } = await adopted('dtr-ha', estate => {
      const host = estate.hosts['d3']
      if (host) host.up = false
    })
    expect(text).toContain('d3: { address: 198.51.100.23 }')
    expect(todo.join('\n')).toMatch(
      /hosts\.d3: d3 could not be asked[^]*dtr\.replicas: the database knows a member 128f0a04acc7/,
    )
  })

  it('without the password writes what needs none, and says what that leaves open', async () => {
    const { text, todo } = await adopted('dtr-ha', undefined, {})
    expect(text).toContain('externalUrl: https://dtr.example.com')
    expect(todo.join('\n')).toMatch(
      /dtr\.externalUrl: [^]*env:UCP_ADMIN_PASSWORD could not be read[^]*storage: /,
    )
  })

  it('of a host that is no manager says so', async () => {
    const { plan, stage } = await example('minimal')
    const seed = { address: '198.51.100.21', ssh: {}, folder: '/', head: [] }
    const admin = { username: 'admin', password: { secret: 'env:UCP_ADMIN_PASSWORD' } }
    await expect(adopt({ ...seed, admin }, looking(stage.estate, stage), io)).rejects.toMatchObject({
      exit: 'usage',
      message: expect.stringMatching(/no manager of a swarm/) as string,
    })
    expect(Object.keys(plan.hosts)).toContain('d1')
  })
})
