import { expect, test } from 'vitest'
import { products } from '../../src/catalog/index.ts'
import { pages } from '../../src/playbook/pages.ts'

test('a code means one thing: no two pages share one', () => {
  const titles = new Map<string, Set<string>>()
  for (const { code, title } of [...pages, ...products.flatMap(product => product.pages)]) {
    titles.set(code, (titles.get(code) ?? new Set()).add(title))
  }
  expect(titles.size).toBeGreaterThan(60)
  expect([...titles].filter(([, all]) => all.size > 1)).toEqual([])
})

test('every fact has a name of its own', () => {
  const names = products.flatMap(product => product.facts.map(fact => fact.name))
  expect(names.length).toBeGreaterThan(30)
  expect(new Set(names).size).toBe(names.length)
})
