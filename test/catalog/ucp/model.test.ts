import { describe, expect, it } from 'vitest'
import { certificatePut, configGet, installCommand } from '../../../src/catalog/ucp/commands.ts'
import { facts as ucpFacts } from '../../../src/catalog/ucp/facts.ts'
import { facts as dockerFacts } from '../../../src/catalog/docker/facts.ts'
import { osOf } from '../../../src/catalog/os/bareHost.ts'
import type { Exit } from '../../../src/plan/fact.ts'
import type { Json } from '../../../src/plan/step.ts'
import type { Line } from '../../../src/hosts/session.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import { bareEstate } from '../../../src/catalog/os/bareHost.ts'
import { PASSWORD, products } from './onTwin.ts'
import { withEngines } from './topology.ts'

const topology = withEngines()
const spec = topology.ucp
if (!spec) throw new Error('the platform has UCP')
const ucp = spec

/** Gives a line to the twin and lets as much time pass as it takes. */
function run(estate: Estate, host: string, line: Partial<Line> & { argv: readonly string[] }): Exit {
  for (const { model } of products) {
    const answer = model({ env: {}, ...line }, host, estate)
    if (answer === undefined) continue
    if (!('finish' in answer)) return answer
    estate.clockMs += answer.tookMs
    return answer.finish(estate)
  }
  throw new Error(`not modelled: ${line.argv.join(' ')}`)
}

function ask(estate: Estate, host: string, name: string, args?: Json): Json | undefined {
  const fact = [...dockerFacts, ...ucpFacts].find(one => one.name === name)
  const { argv, stdin } = fact?.probe(args) ?? { argv: [] }
  const text = typeof stdin === 'object' ? `{"username":"admin","password":"${PASSWORD}"}` : stdin
  return fact?.parse(
    run(estate, host, { argv: argv as readonly string[], ...(text === undefined ? {} : { stdin: text }) }),
    args,
  )
}

const install: Line = {
  argv: installCommand(topology, ucp, 'm1').argv as readonly string[],
  env: { UCP_ADMIN_USER: 'admin', UCP_ADMIN_PASSWORD: PASSWORD },
}

function installed(): Estate {
  const estate = bareEstate(topology)
  expect(run(estate, 'm1', install)).toMatchObject({ code: 0 })
  return estate
}

function join(estate: Estate, host: string, role: 'manager' | 'worker', change: object = {}): Exit {
  const { token } = ask(estate, 'm1', 'docker.jointoken', { role }) as { token: string }
  const body = { ListenAddr: '0.0.0.0:2377', RemoteAddrs: ['10.0.0.11:2377'], JoinToken: token, ...change }
  return run(estate, host, {
    argv: [
      'curl',
      '--unix-socket',
      '/var/run/docker.sock',
      '--data-binary',
      '@-',
      'http://localhost/swarm/join',
    ],
    stdin: JSON.stringify(body),
  })
}

const ping = (estate: Estate, host: string): Json | undefined => ask(estate, host, 'ucp.ping', { port: 443 })

describe("the twin's UCP", () => {
  it('holds the name ucp while it installs, and a second run meets it', () => {
    const estate = bareEstate(topology)
    const began = products
      .map(({ model }) => model(install, 'm1', estate))
      .find(answer => answer !== undefined)
    expect(began && 'finish' in began).toBe(true)
    expect(ask(estate, 'm1', 'docker.container', { name: 'ucp' })).toMatchObject({ state: 'running' })
    expect(run(estate, 'm1', install)).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('The container name "/ucp" is already in use') as string,
    })
    estate.clockMs += 60_000
    if (began && 'finish' in began)
      expect(began.finish(estate).stderr).toContain('Installation completed on m1')
    expect(ask(estate, 'm1', 'docker.container', { name: 'ucp' })).toBeNull()
  })

  it('answers GET with 200 and HEAD with 404, and nobody on a bare host', () => {
    const estate = bareEstate(topology)
    expect(ping(estate, 'm1')).toBeNull()
    const built = installed()
    expect(ping(built, 'm1')).toEqual({ status: 200, healthy: true })
    expect(
      run(built, 'm1', {
        argv: ['curl', '--head', '--user-agent', 'runbook-ucp', 'https://127.0.0.1:443/_ping'],
      }).stdout,
    ).toBe('404')
  })

  it('refuses a short password and a wrong one', () => {
    const estate = bareEstate(topology)
    expect(run(estate, 'm1', { ...install, env: { UCP_ADMIN_PASSWORD: 'short' } })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('level=fatal') as string,
    })
    const built = installed()
    const get = configGet(443, 'scheduling_configuration', { username: 'admin', password: '' })
    expect(
      run(built, 'm1', { argv: get.argv as string[], stdin: '{"username":"admin","password":"wrong"}' }).code,
    ).toBe(22)
  })

  it('comes up on a new manager only a while after the join', () => {
    const estate = installed()
    expect(join(estate, 'm2', 'manager')).toMatchObject({ code: 0, stdout: '' })
    expect(ask(estate, 'm1', 'docker.node', { name: 'm2' })).toMatchObject({ state: 'unknown' })
    expect(ping(estate, 'm2')).toBeNull()
    estate.clockMs += 5_000
    expect(ask(estate, 'm1', 'docker.node', { name: 'm2' })).toMatchObject({
      state: 'ready',
      reachability: 'reachable',
    })
    estate.clockMs += 40_000
    expect(ping(estate, 'm2')).toEqual({ status: 500, healthy: false })
    estate.clockMs += 40_000
    expect(ping(estate, 'm2')).toEqual({ status: 200, healthy: true })
  })

  it('takes a key of the certificate only into its volume', () => {
    const estate = bareEstate(topology)
    expect(ask(estate, 'm1', 'ucp.certificates')).toBeNull()
    const put = certificatePut('key.pem', 'KEY')
    expect(run(estate, 'm1', { argv: put.argv as string[], stdin: 'KEY' }).code).toBe(0)
    expect(ask(estate, 'm1', 'ucp.certificates')).toEqual({ ca: null, cert: null, key: true })
  })
})

describe("the twin's swarm", () => {
  it('lets nobody in with another token, twice, or without a majority of managers', () => {
    const estate = installed()
    expect(join(estate, 'w1', 'worker', { JoinToken: 'SWMTKN-1-x-y' }).stdout).toContain(
      'A valid join token is necessary',
    )
    expect(join(estate, 'w1', 'worker', { RemoteAddrs: ['10.9.9.9:2377'] }).stdout).toContain(
      'connection refused',
    )
    join(estate, 'm2', 'manager')
    expect(join(estate, 'm2', 'manager').stdout).toContain('already part of a swarm')
    const { token } = ask(estate, 'm1', 'docker.jointoken', { role: 'worker' }) as { token: string }
    estate.clockMs += 100_000
    osOf(estate, 'm2').services['docker'] = { active: false, enabled: true }
    expect(ask(estate, 'm1', 'docker.swarm')).toMatchObject({ manager: true, quorum: false })
    expect(ask(estate, 'm1', 'docker.nodes')).toBeUndefined()
    expect(ping(estate, 'm1')).toEqual({ status: 500, healthy: false })
    const body = JSON.stringify({ RemoteAddrs: ['10.0.0.11:2377'], JoinToken: token })
    const refused = run(estate, 'w1', {
      argv: ['curl', '--unix-socket', '/var/run/docker.sock', 'http://localhost/swarm/join'],
      stdin: body,
    })
    expect(refused.stdout).toContain('does not have a leader')
  })

  it('sees a stopped host as down', () => {
    const estate = installed()
    join(estate, 'w1', 'worker')
    estate.clockMs += 10_000
    const host = estate.hosts['w1']
    if (host) host.up = false
    expect(ask(estate, 'm1', 'docker.node', { name: 'w1' })).toMatchObject({ state: 'down' })
  })
})
