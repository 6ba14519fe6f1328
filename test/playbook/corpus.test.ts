import { describe, expect, it } from 'vitest'
import { corpus } from './corpus.ts'

const cases = corpus()

describe('the corpus of broken playbooks', () => {
  it('has at least 60', () => {
    expect(cases.length).toBeGreaterThanOrEqual(60)
    expect(cases.filter(({ expected }) => expected.length === 0).map(({ name }) => name)).toEqual([])
  })

  it.each(cases.map(one => [one.name, one] as const))('%s', (_, { loaded, expected }) => {
    const seen = loaded.diagnostics
    const brief = ({ line, code }: { line: number; code: string }) => `${line} ${code}`
    // Everything it marks is found, where it says and in the words it says …
    for (const { line, code, words } of expected) {
      const found = seen.find(diagnostic => diagnostic.line === line && diagnostic.code === code)
      expect(
        found,
        `${code} on line ${line}; seen: ${seen.map(one => `${brief(one)} ${one.message}`).join(' | ')}`,
      ).toBeDefined()
      expect(`${found?.message ?? ''} ${found?.help ?? ''}`).toContain(words)
    }
    // … and nothing else is called wrong. Notes say what a small playbook could have; most files earn some.
    const wrong = seen.filter(({ severity }) => severity !== 'note').map(brief)
    const marked = expected.map(brief)
    expect(wrong.filter(one => !marked.includes(one))).toEqual([])
    expect(loaded.topology === undefined).toBe(seen.some(({ severity }) => severity === 'error'))
    for (const diagnostic of seen) expect(diagnostic.help, diagnostic.message).toBeTruthy()
  })
})
