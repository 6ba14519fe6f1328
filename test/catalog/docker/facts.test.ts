import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { facts } from '../../../src/catalog/docker/facts.ts'
import { allRecorded, answer } from '../os/recorded.ts'

const of = (name: string) => answer(facts, 'docker', name)

describe('facts of the engine, on recordings', () => {
  it('tells running, stopped, missing and refused apart', () => {
    expect(of('engine-running')).toEqual({ version: '20.10.24+dfsg1', running: true, asWanted: true })
    expect(of('engine-stopped')).toEqual({ version: '28.2.2', running: false, asWanted: true })
    expect(of('engine-missing')).toBeNull()
    expect(of('engine-missing-sudo')).toBeNull()
    expect(of('permission-denied')).toBeUndefined()
  })

  it('compares versions by whole components', () => {
    const engine = facts.find(({ name }) => name === 'docker.engine')
    const { exit } = allRecorded('docker').find(([name]) => name === 'engine-running')?.[1] ?? {
      exit: { code: 1, stdout: '', stderr: '' },
    }
    for (const [wanted, asWanted] of [
      ['20', true],
      ['20.10', true],
      ['20.10.24', true],
      ['20.1', false],
      ['20.10.2', false],
      ['19.03', false],
    ] as const) {
      expect(engine?.parse(exit, { wanted }), wanted).toMatchObject({ asWanted })
    }
  })

  it('knows managers, workers, outsiders and lost majorities', () => {
    expect(of('swarm-manager')).toMatchObject({
      state: 'active',
      manager: true,
      worker: false,
      quorum: true,
      nodeAddr: '10.77.1.1',
    })
    expect(of('swarm-worker')).toMatchObject({
      state: 'active',
      manager: false,
      worker: true,
      quorum: false,
      clusterId: null,
    })
    expect(of('swarm-inactive')).toMatchObject({
      state: 'inactive',
      manager: false,
      worker: false,
      nodeId: null,
    })
    expect(of('swarm-no-leader')).toMatchObject({
      state: 'active',
      manager: true,
      quorum: false,
      clusterId: null,
    })
    expect(of('swarm-engine-stopped')).toBeUndefined()
  })

  it('lists nodes only where there is a list', () => {
    expect(of('nodes')).toHaveLength(8)
    expect(of('nodes')).toContainEqual({
      id: 'exyf9l6whzfadnig2s14eb4uo',
      hostname: 'm1',
      role: 'manager',
      state: 'ready',
      availability: 'active',
      reachability: 'reachable',
      leader: true,
    })
    expect(of('nodes-on-worker')).toBeNull()
    expect(of('nodes-no-swarm')).toBeNull()
    expect(of('nodes-no-leader')).toBeUndefined()
    expect(of('nodes-engine-stopped')).toBeUndefined()
  })

  it('prefers the node that is ready over an old one of the same name', () => {
    expect(of('node-twice')).toMatchObject({ state: 'ready', doubles: 1 })
  })

  it('tells containers by name and state', () => {
    expect(of('containers-ucp')).toMatchObject({
      'ucp-reconcile': { up: false },
      'ucp-kv': { up: true, image: 'docker/ucp-etcd:3.2.6' },
    })
    expect(of('containers-none')).toEqual({})
    expect(of('container')).toMatchObject({ state: 'running' })
    expect(of('container-exited')).toMatchObject({ state: 'exited' })
    expect(of('container-none')).toBeNull()
    expect(of('volume')).toMatchObject({ driver: 'local', options: {} })
    expect(of('volume-none')).toBeNull()
  })

  it('tells configs and tokens only on managers', () => {
    expect(of('config')).toEqual({ name: 'com.docker.license' })
    expect(of('config-on-worker')).toBeNull()
    expect(of('jointoken')).toEqual({ token: `SWMTKN-1-${'0'.repeat(50)}-${'1'.repeat(25)}` })
    expect(of('jointoken-on-worker')).toBeNull()
  })
})

describe('facts of the engine, on what cannot be told', () => {
  const args = { name: 'x', prefix: 'x', role: 'worker' }

  it('never takes a lost link or noise for an answer', () => {
    for (const fact of facts) {
      expect(fact.parse({ code: undefined, stdout: '', stderr: '' }, args), fact.name).toBeUndefined()
      expect(
        fact.parse({ code: 1, stdout: '', stderr: 'Error response from daemon: something new' }, args),
        fact.name,
      ).toBeUndefined()
      fc.assert(
        fc.property(
          fc.string({ minLength: 1 }),
          text => fact.parse({ code: 1, stdout: text, stderr: text }, args) === undefined,
        ),
        { numRuns: 100 },
      )
    }
  })

  it('never gives half an answer to half an output', () => {
    for (const [name, recording] of allRecorded('docker')) {
      const { args: asked, exit, fact } = recording
      const found = facts.find(one => one.name === fact)
      // Lists of lines cannot tell where they were cut at the end of a line; a cut link has no exit code.
      if (
        !found ||
        exit.code !== 0 ||
        ['docker.nodes', 'docker.node', 'docker.containers', 'docker.config'].includes(fact)
      )
        continue
      const whole = found.parse(exit, asked)
      for (let length = 0; length < exit.stdout.length - 1; length += 7) {
        const seen = found.parse({ ...exit, stdout: exit.stdout.slice(0, length) }, asked)
        if (seen !== undefined) expect(seen, `${name} cut at ${length}`).toEqual(whole)
      }
    }
  })
})
