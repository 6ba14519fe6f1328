import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import { beforeAll, describe, expect, it } from 'vitest'
import { products } from '../../src/catalog/index.ts'
import type { Io } from '../../src/cli/io.ts'
import { loadGood } from '../../src/cli/load.ts'
import { reportOfSaved, toSave } from '../../src/cli/review.ts'
import { offline } from '../../src/cli/survey.ts'
import { planSarif } from '../../src/views/sarif.ts'
import { bare, built, half, report } from './sample.ts'

const io = { cwd: process.cwd(), env: {}, err: () => undefined } as unknown as Io
let fits: ValidateFunction
beforeAll(() => {
  const { id, ...schema } = JSON.parse(
    readFileSync('test/fixtures/sarif/sarif-2.1.0-rtm.5.json', 'utf8').replace(/"\$schema": "[^"]*",/, ''),
  ) as { readonly id: string }
  const ajv = new Ajv({ strict: false, unicodeRegExp: false })
  ajv.addFormat('uri', text => URL.canParse(text))
  ajv.addFormat('uri-reference', text => URL.canParse(text, 'file:///x/'))
  ajv.addFormat('date-time', text => !Number.isNaN(Date.parse(text)))
  fits = ajv.compile({ ...schema, $id: id })
})

const faults = (text: string): unknown => (fits(JSON.parse(text)) ? [] : fits.errors)

describe('SARIF is what the schema of SARIF 2.1.0 allows', () => {
  it.each(['dtr-ha', 'dtr-5-s3', 'minimal', 'msr-2.9-mke-3', 'multi-site', 'steps'])(
    'for the playbook %s',
    async name => {
      const good = await loadGood(`playbooks/${name}.yml`, io)
      const saved = toSave(good, offline(good.topology, good.digest, products), 'offline')
      const origin = { playbook: saved.playbook, places: saved.places, tool: saved.tool }
      expect(faults(planSarif(reportOfSaved(saved), origin))).toEqual([])
    },
  )

  it('with findings of every severity, odd paths and texts, and with nothing to say', () => {
    const findings = (['error', 'warning', 'note'] as const).map(severity => ({
      finding: {
        code: `RB000${severity.length}`,
        severity,
        message: 'ä "quoted" <b>\n',
        path: [],
        help: 'x',
      },
      place: 'a folder/sité #1.yml:3:2',
    }))
    const origin = { playbook: 'a folder/sité #1.yml', places: {}, tool: '1.0.0' }
    for (const facts of [bare, built, half])
      for (const some of [findings, []])
        expect(faults(planSarif(report(facts, { findings: some }), origin))).toEqual([])
  })

  it('which refuses what it does not allow', () => {
    const text = planSarif(report(bare), { playbook: 'x.yml', places: {}, tool: '1.0.0' })
    expect(faults(text.replace('"level": "warning"', '"level": "fatal"'))).not.toEqual([])
    expect(faults(text.replace('"columnKind"', '"columns"'))).not.toEqual([])
  })
})
