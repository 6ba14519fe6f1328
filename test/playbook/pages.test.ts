import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { rulePages } from '../../src/catalog/rules.ts'
import { pages } from '../../src/playbook/pages.ts'
import { loadPlaybook } from '../../src/playbook/read.ts'
import { corpus } from './corpus.ts'

const all = [...pages, ...rulePages]
const codes = all.map(({ code }) => code)
/** Of the file as a whole; test/playbook/read.test.ts has one of each. */
const ofFiles = ['RB0101', 'RB0102', 'RB0103', 'RB0104']

it('every code has one page, which says why and what to do', () => {
  expect(new Set(codes).size).toBe(codes.length)
  for (const { code, title, why, fix } of all) {
    expect(code).toMatch(/^RB0[1-7]\d\d$/)
    expect(title, code).toMatch(/^\S.{3,70}[^.]$/)
    expect(why, code).toMatch(/[.\])]$/)
    expect(fix, code).toMatch(/[.]$/)
  }
})

it('every page is of a code that a broken playbook earns, with the severity it says', () => {
  const seen = new Map(
    corpus().flatMap(({ loaded }) =>
      loaded.diagnostics.map(({ code, severity }) => [code, severity] as const),
    ),
  )
  expect(codes.filter(code => !seen.has(code) && !ofFiles.includes(code))).toEqual([])
  for (const { code, severity } of all) if (seen.has(code)) expect(seen.get(code), code).toBe(severity)
  expect([...seen.keys()].filter(code => !codes.includes(code))).toEqual([])
  expect(loadPlaybook('nowhere.yml').diagnostics.map(({ code }) => code)).toEqual(['RB0101'])
})

it('every code written in the sources of reader and rules has a page', () => {
  const sources = [
    'src/playbook/',
    'src/catalog/',
    'src/catalog/docker/',
    'src/catalog/ucp/',
    'src/catalog/dtr/',
    'src/catalog/storage/',
    'src/catalog/loadBalancer/',
  ]
  const written = new Set(
    sources.flatMap(folder => {
      const path = fileURLToPath(new URL(`../../${folder}`, import.meta.url))
      const files = readdirSync(path).filter(name => name.endsWith('.ts') && !name.includes('.gen.'))
      return files.flatMap(name =>
        [...readFileSync(path + name, 'utf8').matchAll(/'(RB0[1-7]\d\d)'/g)].map(match => match[1] ?? ''),
      )
    }),
  )
  expect(written.size).toBeGreaterThan(70)
  expect([...written].filter(code => !codes.includes(code))).toEqual([])
})
