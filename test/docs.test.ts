import { readFileSync, readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { reference } from '../scripts/reference.ts'

const folder = new URL('../docs/reference/', import.meta.url)
const made = reference()

it.each(Object.keys(made))('docs/reference/%s is what the texts say: run `npm run docs`', file => {
  expect(readFileSync(new URL(file, folder), 'utf8') === made[file], `${file} is stale`).toBe(true)
})

it('has no page that nothing makes', () => {
  expect(readdirSync(folder).sort()).toEqual(Object.keys(made).sort())
})

it('has no link into nowhere', () => {
  for (const [file, text] of Object.entries(made)) {
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, one = '']) => one.toLowerCase())
    for (const [, link = ''] of text.matchAll(/\]\(#([^)]+)\)/g))
      expect(headings, `${file}: ${link}`).toContain(link)
  }
})
