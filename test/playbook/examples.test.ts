import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { playbookRules } from '../../src/catalog/rules.ts'
import { loadPlaybook } from '../../src/playbook/read.ts'

const folder = fileURLToPath(new URL('../../playbooks/', import.meta.url))
const names = readdirSync(folder).filter(name => name.endsWith('.yml'))
const load = (name: string) => loadPlaybook(folder + name, playbookRules)

describe('the worked examples', () => {
  it('are the five that are promised, and one of own steps', () => {
    expect(names.sort()).toEqual([
      'dtr-5-s3.yml',
      'dtr-ha.yml',
      'minimal.yml',
      'msr-2.9-mke-3.yml',
      'multi-site.yml',
      'steps.yml',
    ])
  })

  it.each(names)('%s has neither error nor warning, and tells editors its schema', name => {
    const { diagnostics, topology } = load(name)
    expect(diagnostics.filter(({ severity }) => severity !== 'note')).toEqual([])
    expect(topology).toBeDefined()
    expect(readFileSync(folder + name, 'utf8').split('\n')[0]).toBe(
      '# yaml-language-server: $schema=../schemas/playbook.schema.json',
    )
  })

  it('dtr-ha.yml is the cluster of the main job', () => {
    const { topology } = load('dtr-ha.yml')
    expect(topology?.roles).toEqual({
      manager: ['m1', 'm2', 'm3'],
      worker: ['w1', 'w2', 'd1', 'd2', 'd3'],
      dtr: ['d1', 'd2', 'd3'],
      loadBalancer: ['lb1'],
    })
    expect([topology?.ucp?.image, topology?.dtr?.image]).toEqual(['docker/ucp:3.2.6', 'docker/dtr:2.7.6'])
    expect(topology?.storage.kind).toBe('nfs')
  })

  it('together show every kind of balancer, four of storage, certificates, licence, jump hosts and sites', () => {
    const all = names.map(name => load(name).topology)
    expect(new Set(all.map(one => one?.loadBalancer?.kind))).toEqual(
      new Set(['haproxy', 'nginx', 'external', undefined]),
    )
    expect(new Set(all.map(one => one?.storage.kind))).toEqual(new Set(['nfs', 's3', 'path', 'local']))
    for (const has of [
      all.some(one => one?.ucp?.certificates && one.dtr?.certificates && one.ucp.license),
      all.some(one => Object.values(one?.hosts ?? {}).some(host => host.jump)),
      all.some(one => Object.values(one?.hosts ?? {}).some(host => host.site)),
      all.some(one => one?.ucp?.repository === 'mirantis' && one.dtr?.repository === 'mirantis'),
    ]) {
      expect(has).toBe(true)
    }
  })
})
