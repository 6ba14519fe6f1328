import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../src/cli/package.ts'
import { canonical } from '../../src/plan/canonical.ts'
import { difference } from '../../src/plan/difference.ts'
import { readSavedPlan } from '../../src/plan/saved.ts'
import { differenceJson } from '../../src/views/difference.ts'
import { planDocument } from '../../src/views/json.ts'
import { half, plan, report } from '../views/sample.ts'

/**
 * Documents of earlier versions, kept as they were written. They are never made anew: when one does not fit its schema any more,
 * the schema was changed in a way that breaks its readers.
 */
const archive = join(packageRoot(), 'test/fixtures/documents')
const schemas = join(packageRoot(), 'schemas')
const names = readdirSync(schemas).map(file => file.replace('.schema.json', ''))
const byPeople = ['playbook', 'drill']
const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true })
for (const name of names)
  ajv.addSchema(JSON.parse(readFileSync(join(schemas, `${name}.schema.json`), 'utf8')) as object)

function problems(name: string, document: unknown): unknown {
  const validate = ajv.getSchema(`https://runbook.invalid/schemas/${name}.schema.json`)
  if (validate === undefined) throw new Error(`there is no schema ${name}`)
  return validate(document) === true ? [] : validate.errors
}

function documents(file: string): readonly unknown[] {
  const text = readFileSync(join(archive, file), 'utf8')
  return file.endsWith('l')
    ? text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as unknown)
    : [JSON.parse(text)]
}

describe('documents of earlier versions', () => {
  const files = readdirSync(archive)

  it('there is one of each kind', () => {
    const kinds = new Set(files.map(file => file.replace(/-\d+\.jsonl?$/, '')))
    // Playbooks and drills are written by people; the examples stand for them.
    expect([...kinds].sort()).toEqual(names.filter(name => !byPeople.includes(name)).sort())
  })

  it.each(files)('%s fits its schema', file => {
    const name = file.replace(/-\d+\.jsonl?$/, '')
    const all = documents(file)
    expect(all.length).toBeGreaterThan(0)
    for (const one of all) expect(problems(name, one)).toEqual([])
  })

  it('a saved plan can still be read', () => {
    const saved = readSavedPlan(readFileSync(join(archive, 'plan-1.json'), 'utf8'))
    expect(saved.plan.steps.length).toBeGreaterThan(10)
  })
})

describe('what is written today', () => {
  it('fits: preview and difference', () => {
    const now = report(half)
    expect(problems('preview', JSON.parse(planDocument(now)))).toEqual([])
    const fewer = { ...plan, steps: plan.steps.slice(1) }
    expect(problems('plan-diff', JSON.parse(differenceJson(difference(fewer, plan))))).toEqual([])
  })

  it.each(names.filter(name => !byPeople.includes(name)))('%s refuses what lacks its members', name => {
    expect(problems(name, JSON.parse(canonical({ format: `runbook.${name}/1` })))).not.toEqual([])
  })
})
