import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { importLaunchpad } from '../../../src/catalog/import/launchpad.ts'
import type { Said } from '../../../src/catalog/import/outcome.ts'
import { playbookRules } from '../../../src/catalog/rules.ts'
import { type Draft, draftText } from '../../../src/playbook/draft.ts'
import { publicRepository } from '../../../src/playbook/images.ts'
import { readPlaybook } from '../../../src/playbook/read.ts'

const folder = fileURLToPath(new URL('../../fixtures/launchpad/', import.meta.url))
const files = readdirSync(folder).filter(name => name.endsWith('.yaml'))

function imported(
  text: string,
  env: { readonly [name: string]: string } = {},
): { readonly draft: Draft; readonly said: readonly Said[] } {
  const made = importLaunchpad(text, { env: name => env[name], publicRepository, head: ['From a test.'] })
  if ('message' in made) throw new Error(`${made.line}: ${made.message}`)
  return made
}

const of = (name: string, env?: { readonly [name: string]: string }): ReturnType<typeof imported> =>
  imported(readFileSync(join(folder, name), 'utf8'), env)

describe.each(files)('%s', name => {
  const text = readFileSync(join(folder, name), 'utf8')
  const { draft, said } = imported(text)

  it('says of every value what became of it, at its line', () => {
    // Every key of the file is on a line that something is said about, but for those that only hold others.
    const spoken = new Set(said.map(one => one.line))
    const lines = text.split('\n')
    for (const one of said) expect(lines[one.line - 1], `${one.at} on line ${one.line}`).toMatch(/\S/)
    const values = lines.flatMap((line, i) => (/^\s*(- )?("?[\w-]+"?): *[^\s#&*|]/.test(line) ? [i + 1] : []))
    const inWholes = lines.flatMap((line, i) =>
      /debug:|max-|insecure-reg|port: 2000|10\.0\.0\.3$|enabled:/.test(line) ? [i + 1] : [],
    )
    expect(values.filter(line => !spoken.has(line) && !inWholes.includes(line))).toEqual([])
    expect(said.filter(one => one.text.startsWith('unknown'))).toEqual([])
  })

  it('copies no password, neither into the playbook nor into what is said', () => {
    const all = `${draftText(draft, 'x.json')}${JSON.stringify(said)}`
    for (const password of ['orcaorcaorca', 'miradmin']) expect(all).not.toContain(password)
    expect(all).toContain('env:UCP_ADMIN_PASSWORD')
  })

  it('makes a playbook of the right shape', () => {
    // The test of a migration names no roles, so nobody is left to be a manager.
    const isPart = name.startsWith('v1.3')
    const { draft: filled } = imported(text, { MANAGER_IP: '10.0.0.1', WORKER_IP: '10.0.0.2' })
    const { diagnostics } = readPlaybook(draftText(filled, 'x.json'), 'x.yml', () => 'missing', playbookRules)
    const codes = diagnostics.filter(one => /^RB01/.test(one.code)).map(one => one.code)
    expect(codes).toEqual(isPart ? ['RB0127', 'RB0127'] : [])
  })
})

describe('importLaunchpad', () => {
  it("carries over NFS, names, ids and versions of a file without gaps, to a playbook whose one error is the file's own", () => {
    const { draft, said } = of('v1.5-nfs.yaml')
    expect(draft.playbook).toMatchObject({
      name: 'blue-cluster',
      hosts: { m1: { address: '10.0.0.1', user: 'ubuntu', sudo: 'nopasswd', identityFile: '~/.ssh/id_rsa' } },
      docker: { version: '23.0.8' },
      ucp: {
        version: '3.7.3',
        managers: ['m1'],
        sans: ['pgedaray-mke-lb-1477b84d031720d6.elb.us-west-1.amazonaws.com'],
        extraFlags: ['--nodeport-range=32768-35535'],
      },
      dtr: {
        version: '2.9.15',
        replicas: [{ host: 'd1', id: '000000000001' }, { host: 'd2' }, { host: 'd3' }],
      },
      storage: { kind: 'nfs', url: 'nfs://nfs.example.com/' },
    })
    expect(draft.playbook.ucp).not.toHaveProperty('repository')
    const { diagnostics } = readPlaybook(draftText(draft, 'x.json'), 'x.yml', () => 'missing', playbookRules)
    // nfs://nfs.example.com/ names no export.
    expect(diagnostics.filter(one => one.severity === 'error').map(one => one.code)).toEqual(['RB0503'])
    expect(said.filter(one => one.became === 'left').map(one => `${one.line} ${one.at}`)).toEqual([
      '17 spec.mcr.channel',
      '18 spec.mcr.installURLLinux',
      '19 spec.mcr.installURLWindows',
      '20 spec.mcr.repoURL',
      '30 spec.mke.upgradeFlags.0',
      '31 spec.mke.upgradeFlags.1',
    ])
  })

  it('reads the older words of v1.1 and says what it leaves, hooks and engine settings too', () => {
    const { draft, said } = of('v1.1-footloose.yaml')
    expect(draft.playbook).toMatchObject({
      hosts: { m1: { address: '127.0.0.1', port: 9022 }, d1: { port: 9023 } },
    })
    const lost = said.filter(one => one.became === 'left').map(one => one.at)
    expect(lost).toEqual(['spec.hosts.0.engineConfig', 'spec.hosts.0.hooks', 'spec.hosts.1.engineConfig'])
  })

  it('makes one host of a bastion that several share', () => {
    const { draft } = of('v1.4-bastion.yaml', {
      MANAGER_IP: '10.0.0.1',
      WORKER_IP: '10.0.0.2',
      BASTION_PORT: '9022',
    })
    expect(draft.playbook.hosts).toMatchObject({
      bastion1: { address: '127.0.0.1', port: 9022 },
      m1: { address: '10.0.0.1', jump: 'bastion1' },
      w1: { address: '10.0.0.2', jump: 'bastion1' },
    })
    expect(draft.playbook.ucp?.config).toEqual({
      scheduling_configuration: { default_node_orchestrator: 'kubernetes' },
    })
  })

  it('takes the engine of v1.6 from the channel, and leaves Windows out', () => {
    expect(of('v1.6-minimal.yaml').draft.playbook.docker).toEqual({ version: '29.2' })
    expect(Object.keys(of('v1.3-migration.yaml').draft.playbook.hosts)).toEqual([])
  })

  it.each([
    ['kind: mke\n', 1, /no apiVersion/],
    ['# x\napiVersion: launchpad.mirantis.com/mke/v1.7\n', 2, /v1\.1 to v1\.6/],
    ['apiVersion: launchpad.mirantis.com/v1beta3\n', 1, /launchpad describe config/],
    ['a: [\n', 2, /./],
    ['', 1, /no apiVersion/],
  ])('refuses %j at its line', (text, line, message) => {
    const made = importLaunchpad(text, { env: () => undefined, publicRepository, head: [] })
    expect(made).toMatchObject({ line, message: expect.stringMatching(message) as string })
  })

  it('names keys that neither knows', () => {
    const { said } = imported(
      'apiVersion: launchpad.mirantis.com/mke/v1.6\nspec:\n  mke:\n    colour: blue\n',
    )
    expect(said.at(-1)).toEqual({
      line: 4,
      at: 'spec.mke.colour',
      became: 'left',
      text: 'unknown to Launchpad and to runbook',
    })
  })
})
