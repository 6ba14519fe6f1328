import { describe, expect, it } from 'vitest'
import { atLeast, compareVersions, components, coversVersion } from '../../src/plan/version.ts'

describe('versions', () => {
  it('have whole components', () => {
    expect(components('2.7.15')).toEqual([2, 7, 15])
    expect(components('19.03.5-ce')).toEqual([19, 3, 5])
  })

  it('compare by number, not by letter', () => {
    expect(['2.10.0', '2.9.1', '2.7.15', '2.7.2'].sort(compareVersions)).toEqual([
      '2.7.2',
      '2.7.15',
      '2.9.1',
      '2.10.0',
    ])
    expect(compareVersions('2.7', '2.7.0')).toBe(0)
    expect(atLeast('3.2.8', '3.2.8')).toBe(true)
    expect(atLeast('3.2.7', '3.2.8')).toBe(false)
  })

  it('cover by whole components', () => {
    expect(coversVersion('19.03', '19.03.15')).toBe(true)
    expect(coversVersion('19.03', '19.030.1')).toBe(false)
    expect(coversVersion('19.03.1', '19.03.15')).toBe(false)
    expect(coversVersion('20.10.7', '20.10')).toBe(false)
  })
})
