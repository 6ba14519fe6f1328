import { expect, it } from 'vitest'
import type { Census, SeenMember } from '../../../src/catalog/dtr/census.ts'
import { allowed, diagnose, recipes, wordFor } from '../../../src/catalog/dtr/verdict.ts'

const member = (id: string, state: SeenMember['state']): SeenMember => ({
  id,
  state,
  host: id,
  version: '2.7.6',
  httpPort: 80,
  httpsPort: 443,
})
const census = (states: readonly SeenMember['state'][], more: Partial<Census> = {}): Census => ({
  database: 'told',
  witness: undefined,
  members: states.map((state, i) => member(`r${i}`, state)),
  strays: [],
  carried: [],
  tablesReady: true,
  connected: true,
  issues: 0,
  version: '2.7.6',
  mixed: false,
  ...more,
})

it('has one word for every registry', () => {
  const word = (...states: readonly SeenMember['state'][]) => diagnose(census(states)).verdict
  expect(word('healthy', 'healthy', 'healthy')).toBe('healthy')
  expect(word('healthy', 'healthy', 'stopped')).toBe('degraded')
  expect(word('healthy', 'healthy', 'failed')).toBe('degraded')
  expect(word('healthy', 'healthy', 'ghost')).toBe('ghost')
  expect(word('healthy', 'failed', 'ghost')).toBe('lost')
  expect(word('healthy', 'failed')).toBe('lost')
  expect(diagnose(census(['healthy', 'healthy'])).even).toBe(true)
  expect(diagnose(census([], { database: 'silent' })).verdict).toBe('none')
  expect(diagnose(census([], { database: 'refused' })).verdict).toBe('lost')
  const carried = [{ id: 'a', host: 'a', running: false, containers: 9 }]
  expect(diagnose(census([], { database: 'silent', carried })).verdict).toBe('unknown')
})

it('needs floor(n/2)+1, for every number of members', () => {
  for (let members = 1; members <= 7; members++)
    for (let healthy = 0; healthy <= members; healthy++)
      expect(wordFor(members, healthy, 0) === 'lost').toBe(healthy < Math.floor(members / 2) + 1)
})

it('allows what the table of the sheet allows', () => {
  const may = (operation: (typeof allowed)['healthy'][number]) =>
    Object.entries(allowed).flatMap(([verdict, list]) => (list.includes(operation) ? [verdict] : []))
  expect(may('join')).toEqual(['healthy'])
  expect(may('remove-healthy')).toEqual(['healthy'])
  expect(may('remove-failed')).toEqual(['degraded', 'ghost'])
  expect(may('upgrade')).toEqual(['healthy'])
  expect(may('reconfigure')).toEqual(['healthy'])
  expect(may('emergency-repair')).toEqual(['lost'])
  expect(may('backup')).toEqual(['healthy', 'degraded', 'ghost'])
  expect(may('install')).toEqual(['none'])
  for (const verdict of Object.keys(allowed) as (keyof typeof allowed)[])
    expect(recipes[verdict].length).toBeGreaterThan(10)
})
