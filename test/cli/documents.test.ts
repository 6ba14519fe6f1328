import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { products } from '../../src/catalog/index.ts'
import type { Io } from '../../src/cli/io.ts'
import { loadGood } from '../../src/cli/load.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { render, toSave } from '../../src/cli/review.ts'
import { snapshotBytes } from '../../src/cli/snapshot.ts'
import { offline } from '../../src/cli/survey.ts'
import { canonical } from '../../src/plan/canonical.ts'
import { type SavedPlan, savedBytes } from '../../src/plan/saved.ts'
import { diagnosticsJson } from '../../src/playbook/diagnostic.ts'
import { loadPlaybook } from '../../src/playbook/read.ts'
import { playbookRules } from '../../src/catalog/rules.ts'
import { noPaint } from '../../src/views/layout.ts'
import { events } from '../views/sample.ts'

const root = packageRoot()
const examples = readdirSync(join(root, 'playbooks')).filter(name => name.endsWith('.yml'))
const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true })
const problems = (schema: string, document: unknown): unknown => {
  const path = join(root, 'schemas', `${schema}.schema.json`)
  const known = ajv.getSchema(`https://runbook.invalid/schemas/${schema}.schema.json`)
  const validate = known ?? ajv.compile(JSON.parse(readFileSync(path, 'utf8')) as object)
  return validate(document) === true ? [] : validate.errors
}
const io = { cwd: process.cwd(), env: {}, err: () => undefined } as unknown as Io

async function saved(path: string): Promise<SavedPlan> {
  const good = await loadGood(path, io)
  return toSave(good, offline(good.topology, good.digest, products), 'offline')
}

describe.each(examples)('playbooks/%s', name => {
  it.each([
    ['text', 'txt'],
    ['md', 'md'],
    ['json', 'json'],
  ] as const)('as %s is what the golden file says', async (format, ending) => {
    const text = await render(await saved(join('playbooks', name)), format, noPaint)
    await expect(text).toMatchFileSnapshot(`../golden/plans/${name.replace(/\.yml$/, '')}.${ending}`)
  })

  it('makes a plan, facts and findings as their schemas say', async () => {
    const good = await loadGood(join('playbooks', name), io)
    const seen = offline(good.topology, good.digest, products)
    const plan = JSON.parse(savedBytes(toSave(good, seen, 'offline'))) as SavedPlan
    expect(problems('plan', plan)).toEqual([])
    expect(problems('facts', JSON.parse(snapshotBytes(seen, '2026-01-01T00:00:00.000Z')))).toEqual([])
    const { diagnostics } = loadPlaybook(join('playbooks', name), playbookRules)
    expect(problems('findings', JSON.parse(JSON.stringify(diagnosticsJson(diagnostics))))).toEqual([])
    expect(problems('plan', { ...plan, digest: 7 })).not.toEqual([])
  })
})

describe('events', () => {
  it.each(events.map(event => [event.kind, event] as const))('%s is as its schema says', (_, event) => {
    expect(problems('events', JSON.parse(canonical(event)))).toEqual([])
    expect(problems('events', { kind: event.kind })).not.toEqual([])
  })
})

describe('the same plan', () => {
  it('comes of hosts in another order in the file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runbook-order-'))
    const text = readFileSync(join(root, 'playbooks/minimal.yml'), 'utf8')
    const hosts = /^hosts:\n((?: {2}.*\n)+)/m.exec(text)?.[1] ?? ''
    const turned = `${hosts.trimEnd().split('\n').reverse().join('\n')}\n`
    expect(turned).not.toBe(hosts)
    writeFileSync(join(folder, 'minimal.yml'), text.replace(hosts, turned))
    const [a, b] = [await saved(join('playbooks', 'minimal.yml')), await saved(join(folder, 'minimal.yml'))]
    rmSync(folder, { recursive: true })
    const bytes = ({ plan }: SavedPlan): string =>
      canonical({ ...plan, from: { ...plan.from, playbook: '' } })
    expect(bytes(b)).toBe(bytes(a))
  })

  it('comes in every locale and time zone', async () => {
    const made = async (env: NodeJS.ProcessEnv): Promise<string> => {
      const argv = [
        '--import',
        'tsx',
        'src/main.ts',
        'plan',
        'playbooks/minimal.yml',
        '--offline',
        '--format',
        'json',
      ]
      const { stdout } = await promisify(execFile)(process.execPath, argv, {
        cwd: root,
        env: { PATH: process.env['PATH'] ?? '', ...env },
        maxBuffer: 16_000_000,
      })
      return stdout
    }
    const [a, b] = await Promise.all([
      made({ LC_ALL: 'C', TZ: 'UTC' }),
      made({ LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8', TZ: 'Asia/Kathmandu' }),
    ])
    expect(a.length).toBeGreaterThan(1000)
    expect(b).toBe(a)
  }, 30_000)
})
