import { describe, expect, it } from 'vitest'
import { atVersion, prefixOf, wayTo } from '../../../src/catalog/ucp/hops.ts'
import { publicRepository } from '../../../src/playbook/images.ts'
import { platform } from './topology.ts'

describe('the way from one UCP to another', () => {
  it('takes patches freely and every minor', () => {
    expect(wayTo('3.2.5', '3.2.6')).toEqual({ kind: 'hops', versions: ['3.2.6'] })
    expect(wayTo('3.2.6', '3.2.6')).toEqual({ kind: 'hops', versions: [] })
    expect(wayTo('3.0.4', '3.3.4')).toEqual({ kind: 'hops', versions: ['3.1.15', '3.2.8', '3.3.4'] })
  })

  it('has no way back, and none through a line nobody knows', () => {
    expect(wayTo('3.2.6', '3.2.5')).toEqual({ kind: 'downgrade' })
    expect(wayTo('3.3.2', '3.5.0')).toEqual({ kind: 'no-station', line: '3.4' })
    expect(wayTo('2.2.4', '3.0.0')).toEqual({ kind: 'no-station', line: '2.2' })
  })

  it('finds images where the playbook would', () => {
    for (const version of ['3.0.9', '3.1.14', '3.1.15', '3.2.7', '3.2.8', '3.3.1', '3.3.2', '3.4.0', '3.8.2'])
      expect(prefixOf(version), version).toBe(publicRepository('ucp', version))
  })

  it('keeps a mirror and changes the public prefix', () => {
    const { ucp } = platform()
    if (!ucp) throw new Error('no ucp')
    expect(atVersion(ucp, '3.2.8').image).toBe('mirantis/ucp:3.2.8')
    const mirrored = { ...ucp, image: 'registry.example.com/ee/ucp:3.2.6' }
    expect(atVersion(mirrored, '3.2.8').image).toBe('registry.example.com/ee/ucp:3.2.8')
  })
})
