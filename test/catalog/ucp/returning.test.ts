import { describe, expect, it } from 'vitest'
import { returning } from '../../../src/catalog/ucp/returning.ts'
import { type Facts, factKey } from '../../../src/plan/fact.ts'
import type { Json, Step } from '../../../src/plan/step.ts'
import { example } from '../dtr/onTwin.ts'

const topology = example('dtr-ha')
const { ucp, docker } = topology
if (!ucp) throw new Error('dtr-ha has UCP')
const join: Step = {
  id: 'ucp.join@m2',
  kind: 'ucp.joinManager',
  title: '',
  section: '',
  host: 'm2',
  needs: [],
  requires: [],
  during: [],
  goal: [{ fact: 'ucp.ping', host: 'm2', is: { status: 200 } }],
  run: [],
  withinSeconds: 1,
  risk: 'none',
  inDoubt: 'repeat',
  takes: { p50Seconds: 1, p90Seconds: 1 },
}
const engine = factKey({ fact: 'docker.engine', host: 'm2', args: { wanted: docker.version } })
const listed = factKey({ fact: 'docker.node', host: 'm1', args: { name: 'm2' } })
const facts = (seen: { readonly [key: string]: Json }): Facts => new Map(Object.entries(seen))
const hostsOf = (seen: { readonly [key: string]: Json }, step = join) =>
  returning(step, topology, ucp, 'm1', facts(seen)).mayFollow?.hosts
const off = { [engine]: { running: false } }
const active = { state: 'active' }

describe('a host that may be in already', () => {
  it('is one whose engine is off, as only that engine knows', () => {
    expect(hostsOf(off)).toEqual(['m1', 'm2', 'm3'])
    expect(hostsOf({ ...off, [listed]: { state: 'down' } })).toEqual(['m1', 'm2', 'm3'])
    expect(hostsOf({ 'docker.swarm@m2': active, 'ucp.node@m2': { version: ucp.version } })).toBeDefined()
  })
  it('is none that the managers have struck off, or that is in no swarm, or has no engine or no part of UCP', () => {
    expect(hostsOf({ ...off, [listed]: null })).toBeUndefined()
    expect(hostsOf({ 'docker.swarm@m2': { state: 'inactive' } })).toBeUndefined()
    expect(hostsOf({ [engine]: null })).toBeUndefined()
    expect(hostsOf({})).toBeUndefined()
    expect(hostsOf({ 'docker.swarm@m2': active, 'ucp.node@m2': null })).toBeUndefined()
    expect(hostsOf({ 'docker.swarm@m2': active, 'ucp.node@m2': { version: '3.1.0' } })).toBeUndefined()
  })
  it('changes no step whose goal holds, nor one of another kind', () => {
    expect(hostsOf({ ...off, 'ucp.ping@m2': { status: 200 } })).toBeUndefined()
    expect(hostsOf(off, { ...join, kind: 'ucp.upgrade' })).toBeUndefined()
  })
})
