import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { facts } from '../../../src/catalog/ucp/facts.ts'
import { allRecorded, answer } from '../os/recorded.ts'

const of = (name: string) => answer(facts, 'ucp', name)
const args = {
  port: 443,
  username: 'admin',
  password: { secret: 'env:X' },
  section: 'scheduling_configuration',
}

describe('facts of UCP', () => {
  it('tells the version of a node, and none', () => {
    expect(of('node')).toEqual({ version: '3.2.6', image: 'docker/ucp-agent:3.2.6' })
    expect(of('node-none')).toBeNull()
  })

  it('reads every component of a version', () => {
    const node = facts.find(({ name }) => name === 'ucp.node')
    for (const [image, version] of [
      ['docker/ucp-agent:3.2.15', '3.2.15'],
      ['registry.example.com:5000/mirantis/ucp-agent:3.4.10', '3.4.10'],
      ['docker/ucp-agent:3.3.0-rc1', '3.3.0-rc1'],
    ] as const) {
      expect(node?.parse({ code: 0, stdout: `${image}\n`, stderr: '' }, undefined)).toEqual({
        version,
        image,
      })
    }
    expect(
      node?.parse({ code: 0, stdout: 'registry.example.com:5000/ucp-agent\n', stderr: '' }, undefined),
    ).toBeUndefined()
  })

  it('tells healthy, unhealthy, nobody and silence apart', () => {
    expect(of('ping')).toEqual({ status: 200, healthy: true })
    expect(of('ping-unhealthy')).toEqual({ status: 500, healthy: false })
    expect(of('ping-refused')).toBeNull()
    expect(of('ping-timeout')).toBeUndefined()
  })

  it('reads one section of the configuration, and only the whole of it', () => {
    expect(of('config')).toEqual({
      login: 'ok',
      settings: { enable_admin_ucp_scheduling: true, default_node_orchestrator: 'swarm' },
    })
    expect(of('config-cut-off')).toBeUndefined()
    expect(of('config-refused')).toEqual({ login: 'refused' })
    expect(of('config-nobody')).toBeNull()
  })

  it('asks as the administrator without the password in an argument', () => {
    const config = facts.find(({ name }) => name === 'ucp.config')
    const probe = config?.probe(args)
    expect(JSON.stringify(probe?.argv)).not.toContain('env:X')
    expect(JSON.stringify(probe?.stdin)).toContain('{"secret":"env:X"}')
    expect(() => config?.probe({ ...args, password: 'plain' })).toThrow('{secret}')
  })

  it('tells authority and certificates', () => {
    expect(of('ca')).toMatchObject({ pem: expect.stringMatching(/^-----BEGIN CERTIFICATE-----/) as string })
    expect(of('certificates')).toMatchObject({
      key: true,
      ca: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    })
    expect(of('certificates-none')).toBeNull()
  })

  it('never takes noise, silence or half an output for an answer', () => {
    for (const fact of facts) {
      expect(fact.parse({ code: undefined, stdout: '', stderr: '' }, args), fact.name).toBeUndefined()
      expect(fact.parse({ code: 0, stdout: '', stderr: '' }, args), fact.name).toBeUndefined()
      fc.assert(
        fc.property(
          fc.string(),
          text => fact.parse({ code: 1, stdout: text, stderr: text }, args) === undefined,
        ),
        { numRuns: 100 },
      )
    }
    for (const [name, { args: asked, exit, fact }] of allRecorded('ucp')) {
      const found = facts.find(one => one.name === fact)
      if (!found || exit.code !== 0 || fact === 'ucp.node') continue
      const whole = found.parse(exit, asked)
      for (let length = 0; length < exit.stdout.length - 1; length++) {
        const seen = found.parse({ ...exit, stdout: exit.stdout.slice(0, length) }, asked)
        if (seen !== undefined) expect(seen, `${name} cut at ${length}`).toEqual(whole)
      }
    }
  })
})
