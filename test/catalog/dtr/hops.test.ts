import { expect, it } from 'vitest'
import { atVersion, prefixOf, wayTo } from '../../../src/catalog/dtr/hops.ts'
import { publicRepository } from '../../../src/playbook/images.ts'
import { example } from './onTwin.ts'

it('skips no minor, passes patches freely, and never goes back', () => {
  expect(wayTo('2.7.3', '2.7.15')).toEqual({ kind: 'hops', versions: ['2.7.15'] })
  expect(wayTo('2.6.10', '2.7.6')).toEqual({ kind: 'hops', versions: ['2.7.6'] })
  expect(wayTo('2.5.14', '2.7.6')).toEqual({ kind: 'hops', versions: ['2.6.15', '2.7.6'] })
  expect(wayTo('2.5.14', '2.9.1')).toEqual({ kind: 'hops', versions: ['2.6.15', '2.7.8', '2.8.2', '2.9.1'] })
  expect(wayTo('2.7.6', '2.7.6')).toEqual({ kind: 'hops', versions: [] })
  expect(wayTo('2.7.15', '2.7.6')).toEqual({ kind: 'downgrade' })
  expect(wayTo('2.8.2', '2.10.0')).toEqual({ kind: 'no-station', line: '2.9' })
  expect(wayTo('2.4.1', '2.6.0')).toEqual({ kind: 'no-station', line: '2.4' })
})

it('knows the same repositories as the playbook', () => {
  for (const line of ['2.5', '2.6', '2.7', '2.8', '2.9', '2.10'])
    for (let patch = 0; patch < 30; patch++)
      expect(prefixOf(`${line}.${patch}`)).toBe(publicRepository('dtr', `${line}.${patch}`))
})

it('changes the image prefix with the version, and leaves a mirror alone', () => {
  const { dtr } = example('dtr-ha')
  if (!dtr) throw new Error('no registry')
  expect(atVersion(dtr, '2.7.8').image).toBe('mirantis/dtr:2.7.8')
  const mirrored = { ...dtr, repository: 'mirror.local/x', image: 'mirror.local/x/dtr:2.7.6' }
  expect(atVersion(mirrored, '2.7.8').image).toBe('mirror.local/x/dtr:2.7.8')
})
