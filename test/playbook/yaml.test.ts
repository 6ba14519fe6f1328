import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { playbookRules } from '../../src/catalog/rules.ts'
import { renderDiagnostics } from '../../src/playbook/frame.ts'
import { readPlaybook } from '../../src/playbook/read.ts'
import { parseYaml } from '../../src/playbook/yaml.ts'

const valueOf = (text: string): unknown => {
  const { root, problems } = parseYaml(text)
  expect(problems).toEqual([])
  return root?.value
}

describe('YAML as playbooks take it', () => {
  it('shares maps by alias and merge; own keys win, then earlier sources', () => {
    const text = 'a: &a { x: 1, y: 1 }\nb: &b { y: 2, z: 2 }\nc: { <<: [*a, *b], x: 3 }\nd: *a\n"<<": 1\n'
    expect(valueOf(text)).toEqual({
      a: { x: 1, y: 1 },
      b: { y: 2, z: 2 },
      c: { x: 3, y: 1, z: 2 },
      d: { x: 1, y: 1 },
      '<<': 1,
    })
  })

  it('keeps __proto__ a key like any other', () => {
    const value = valueOf('__proto__: { polluted: 1 }\n') as object
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  it('reads YAML 1.2: words stay words', () => {
    expect(valueOf('a: 12:30\nb: 2001-01-01\nc: 0o17\nd: ~\ne: 1_000\n1: x\n')).toEqual({
      a: '12:30',
      b: '2001-01-01',
      c: 15,
      d: null,
      e: '1_000',
      1: 'x',
    })
  })

  it('gives the last anchor of a name, as YAML says', () => {
    expect(valueOf('a: &x 1\nb: &x 2\nc: *x\n')).toEqual({ a: 1, b: 2, c: 2 })
  })
})

const within = <T>(limitMs: number, work: () => T): T => {
  const before = performance.now()
  const result = work()
  expect(performance.now() - before).toBeLessThan(limitMs)
  return result
}
const read = (text: string) => readPlaybook(text, 'x.yml', () => 'missing', playbookRules)

describe('hostile text', () => {
  const big = 10_000
  it.each([
    ['brackets', '['.repeat(big)],
    ['braces', '{a: '.repeat(big)],
    ['dashes', '- '.repeat(big)],
    ['open quotes on every line', 'a: "\n'.repeat(big)],
    ['open brackets on every line', 'a: [\n'.repeat(3000)],
    ['unknown tags', 'a: !x 1\n'.repeat(big / 4)],
    ['keys that are all the same', 'a: 1\n'.repeat(big)],
    ['anchors', Array.from({ length: 5000 }, (_, i) => `k${i}: &a${i} x\n`).join('')],
    [
      'merges of merges',
      Array.from(
        { length: 500 },
        (_, i) => `k${i}: &a${i} {${i > 0 ? `<<: *a${i - 1}, ` : ''}x${i}: 1}\n`,
      ).join(''),
    ],
    ['colons', ': '.repeat(big)],
    ['comments', '#\n'.repeat(big)],
    ['one long word', 'a'.repeat(1_000_000)],
    ['nul bytes', '\0'.repeat(big)],
  ])('of %s is answered in time', (_, text) => {
    const { diagnostics } = within(10_000, () => read(text))
    expect(diagnostics.length).toBeGreaterThan(0)
    expect(renderDiagnostics(diagnostics, false).length).toBeLessThan(20_000)
  })

  it('aliases of aliases are stopped early', () => {
    const lines = Array.from({ length: 30 }, (_, i) => `x${i + 1}: &x${i + 1} [*x${i}, *x${i}, *x${i}]`)
    const { diagnostics } = within(10_000, () => read(`x0: &x0 [a]\n${lines.join('\n')}\n`))
    expect(diagnostics.map(({ code }) => code)).toEqual(['RB0112'])
  })

  it('2,000 hosts are read in time', () => {
    const hosts = Array.from(
      { length: 2000 },
      (_, i) => `  h${i}: { address: 198.51.${100 + (i >> 8)}.${i & 255} }\n`,
    ).join('')
    const workers = Array.from({ length: 2000 }, (_, i) => `h${i}`)
      .slice(1)
      .join(', ')
    const text = `runbook: 1\nname: a\nhosts:\n${hosts}docker: { version: '19.03' }\nucp: { version: 3.2.6, managers: [h0], workers: [${workers}], adminPassword: env:A }\n`
    expect(within(10_000, () => read(text)).topology?.ucp?.workers).toHaveLength(1999)
  })
})

describe('any text', () => {
  const bits = fc.constantFrom(
    'a',
    ': ',
    '- ',
    '\n',
    '  ',
    '[',
    ']',
    '{',
    '}',
    ', ',
    '"',
    "'",
    '&a ',
    '*a',
    '<<: ',
    '!t ',
    '|\n',
    '>-\n',
    '#',
    '%',
    '---\n',
    '...\n',
    '0644',
    'yes',
    '~',
    '\t',
    '\u0000',
    '\ud800',
    'é',
    '? ',
    '@',
  )
  const fragments = fc.constantFrom(
    'runbook: 1\n',
    'name: a\n',
    'hosts:\n',
    '  m1: ',
    '{ address: a }\n',
    'docker: ',
    "{ version: '1.2' }\n",
    'ucp:\n',
    '  managers: ',
    '[m1]\n',
    'dtr:\n',
    '  replicas:\n',
    '    - host: m1\n',
    'storage:\n',
    '  kind: ',
    'nfs\n',
    'loadBalancer: ',
    'accept: ',
    '  version: 3.2.6\n',
    '  adminPassword: env:A\n',
  )

  it('is read without throwing, and every place is in the text', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.array(bits, { maxLength: 60 }).map(parts => parts.join('')),
      fc.array(fc.oneof(fragments, bits), { maxLength: 40 }).map(parts => parts.join('')),
    )
    fc.assert(
      fc.property(texts, text => {
        const { diagnostics, topology } = read(text)
        const lines = text.split('\n')
        for (const { line, column } of diagnostics) {
          expect(line).toBeGreaterThanOrEqual(1)
          expect(line).toBeLessThanOrEqual(lines.length)
          expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1)
        }
        expect(topology !== undefined || diagnostics.some(({ severity }) => severity === 'error')).toBe(true)
        renderDiagnostics(diagnostics, false)
      }),
      { numRuns: 400 },
    )
  })

  it('of any values of any shape is read without throwing', () => {
    const sections = [
      'runbook',
      'name',
      'ssh',
      'hosts',
      'docker',
      'ucp',
      'dtr',
      'storage',
      'loadBalancer',
      'accept',
    ]
    const keys = [
      'kind',
      'host',
      'hosts',
      'version',
      'managers',
      'workers',
      'replicas',
      'address',
      'jump',
      'roles',
      'm1',
      'name',
      'port',
      'code',
    ]
    const value = fc.letrec(tie => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<unknown>(
          'm1',
          'nfs',
          's3',
          'external',
          '3.2.6',
          'env:A',
          null,
          true,
          1,
          443,
          -1,
          1.5,
        ),
        tie('list'),
        tie('map'),
      ),
      list: fc.array(tie('any'), { maxLength: 4 }),
      map: fc.dictionary(fc.constantFrom(...keys), tie('any'), { maxKeys: 4 }),
    })).any
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...sections), value), data => {
        // JSON is YAML.
        read(
          JSON.stringify({
            runbook: 1,
            name: 'a',
            hosts: { m1: { address: 'a' } },
            docker: { version: '1.2' },
            ...data,
          }),
        )
      }),
      { numRuns: 400 },
    )
  })
})
