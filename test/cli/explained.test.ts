import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { codePages, factPages, kindPages } from '../../src/cli/explained.ts'
import type { Io } from '../../src/cli/io.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { offline } from '../../src/cli/survey.ts'
import { explain } from '../../src/cli/verbs/explain.ts'
import { products } from '../../src/catalog/index.ts'
import { loadPlaybook } from '../../src/playbook/read.ts'
import { playbookSchema } from '../../src/playbook/schema-at.ts'

/** The text of every source below a folder. */
function sources(folder: string): readonly string[] {
  const root = fileURLToPath(new URL(`../../src/${folder}`, import.meta.url))
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts') && !name.includes('.gen.'))
    .map(name => readFileSync(join(root, name), 'utf8'))
}

/** Kinds as the plays write them into steps; a page writes its kind first on a line of its own too, so pages are left out. */
const written = new Set(
  sources('catalog')
    .filter(text => !text.includes('KindPage'))
    .flatMap(text => [...text.matchAll(/\bkind: '([a-zA-Z]+\.[a-zA-Z]+)'/g)].map(([, kind = '']) => kind)),
)
/** Builders of others' steps, whose kind the caller replaces. */
const replaced = ['os.file', 'os.service']

function said(what: string): string {
  let text = ''
  const io = { out: (more: string) => (text += more) } as unknown as Io
  explain({ what }, io)
  return text
}

it('has a page for every kind of step that a play of the catalog writes', () => {
  const paged = kindPages.map(page => page.kind)
  expect(written.size).toBeGreaterThan(30)
  expect([...written].filter(kind => !replaced.includes(kind) && !paged.includes(kind))).toEqual([])
})

it('has a page for every action that a playbook may name in its own steps', () => {
  const step = playbookSchema.$defs['step']
  const places = ['name', 'hosts', 'before', 'after', 'when', 'risk', 'on']
  const actions = Object.keys(step?.properties ?? {}).filter(key => !places.includes(key))
  expect(actions.length).toBeGreaterThan(8)
  expect(actions.map(action => `step.${action}`).sort()).toEqual(
    kindPages
      .map(page => page.kind)
      .filter(kind => kind.startsWith('step.'))
      .sort(),
  )
})

it('has no page for a kind that nothing makes, and none twice', () => {
  const paged = kindPages.map(page => page.kind)
  expect(new Set(paged).size).toBe(paged.length)
  expect(paged.filter(kind => !kind.startsWith('step.') && !written.has(kind))).toEqual([])
})

it('has a page for every kind that the shipped playbooks plan', () => {
  const folder = join(packageRoot(), 'playbooks')
  const names = readdirSync(folder).filter(name => name.endsWith('.yml') && name !== 'steps.yml')
  const kinds = names.flatMap(name => {
    const { topology, digest } = loadPlaybook(join(folder, name))
    return topology === undefined || digest === undefined
      ? []
      : offline(topology, digest, products).plan.steps.map(step => step.kind)
  })
  expect(kinds.length).toBeGreaterThan(100)
  expect(kinds.filter(kind => !kindPages.some(page => page.kind === kind))).toEqual([])
})

it('has a page for every code that stands anywhere in the sources', () => {
  const codes = new Set(
    sources('').flatMap(text => [...text.matchAll(/'(RB0\d\d\d)'/g)].map(([, code = '']) => code)),
  )
  expect(codes.size).toBeGreaterThan(120)
  expect([...codes].filter(code => !codePages.some(page => page.code === code))).toEqual([])
})

it('prints every page whole: codes, kinds and facts', () => {
  for (const { code, title } of codePages) expect(said(code)).toContain(title.split(' ')[0])
  for (const { kind } of kindPages)
    expect(said(kind)).toMatch(new RegExp(`^${kind}: [\\s\\S]*When: [\\s\\S]*Care: `))
  for (const { name } of factPages) expect(said(name)).toContain(`${name}: a question`)
})

it('shows a step of the shipped example where there is one', () => {
  expect(said('dtr.join')).toContain('docker run')
  expect(said('dtr.remove')).not.toContain('As planned')
})

it('writes every page in whole sentences', () => {
  for (const { kind, title, when, does, care } of kindPages) {
    expect(title, kind).toMatch(/^\S.{3,80}[^.]$/)
    for (const text of [when, does, care]) expect(text, kind).toMatch(/[.\])]$/)
  }
})
