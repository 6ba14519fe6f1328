import { describe, expect, it } from 'vitest'
import { diagnosticsJson, type Diagnostic } from '../../src/playbook/diagnostic.ts'
import { renderDiagnostic, renderDiagnostics } from '../../src/playbook/frame.ts'
import { readPlaybook } from '../../src/playbook/read.ts'

const first = (text: string): Diagnostic => {
  const [diagnostic] = readPlaybook(text, 'dtr-ha.yml', () => 'missing').diagnostics
  if (diagnostic === undefined) throw new Error('no diagnostic')
  return diagnostic
}

describe('a diagnostic for people', () => {
  it('shows place, line, caret, help and page', () => {
    const text =
      'runbook: 1\nname: a\nhosts:\n  m1: { adress: 198.51.100.11 }\ndocker: { version: "19.03" }\n'
    expect(renderDiagnostic(first(text), false)).toBe(
      [
        "error[RB0122]: unknown key 'adress' in 'hosts.m1'",
        '  ┌─ dtr-ha.yml:4:9',
        ' 4│   m1: { adress: 198.51.100.11 }',
        '  │         ^^^^^^',
        "  = help: did you mean 'address'?",
        '  = docs: runbook explain RB0122',
      ].join('\n'),
    )
  })

  it('is coloured only when asked', () => {
    const diagnostic = first('runbook: 2\n')
    expect(renderDiagnostic(diagnostic, true)).toContain('\u001b[')
    expect(renderDiagnostic(diagnostic, false)).not.toContain('\u001b')
  })

  it('cuts long lines around the place and lets no control character through', () => {
    const text = `runbook: 1\nx: [${'a, '.repeat(200)}"\\e[31m", \u0007b]\nhosts: { m1: { address: x, "p\u001b[31mrt": 1 } }\n`
    const shown = renderDiagnostics(readPlaybook(text, 'x.yml', () => 'missing').diagnostics, false)
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
    for (const line of shown.split('\n').filter(one => one.includes('│')))
      expect(line.length).toBeLessThan(140)
  })

  it('shows twenty, errors first, and counts the rest', () => {
    const hosts = Array.from({ length: 30 }, (_, i) => `  h${i}: { address: a, pport: 1 }\n`).join('')
    const { diagnostics } = readPlaybook(
      `runbook: 1\nname: a\nhosts:\n${hosts}docker: { version: yes }\n`,
      'x.yml',
      () => 'missing',
    )
    expect(diagnostics).toHaveLength(31)
    const shown = renderDiagnostics(diagnostics, false)
    expect(shown.match(/^error\[/gm)).toHaveLength(20)
    expect(shown.split('\n').at(-1)).toMatch(/^\d+ errors.*; 11 more not shown$/)
    expect(diagnosticsJson(diagnostics)).toMatchObject({ format: 'runbook.diagnostics/1', diagnostics })
  })

  it('masks what looks like a secret, wherever the mistake is', () => {
    const lines = [
      'ssh: { password: hunter2, prot: 22 }',
      'ucp: { adminPassword: "hunter2", versoin: 1 }',
      "dtr: { extraFlags: ['--ucp-password=hunter2'], replicsa: [] }",
      'storage: { kind: s3, secretKey: hunter2, accessKey: hunter2, buket: x }',
    ]
    const { diagnostics } = readPlaybook(`runbook: 1\n${lines.join('\n')}\n`, 'x.yml', () => 'missing')
    expect(diagnostics.length).toBeGreaterThan(4)
    expect(JSON.stringify(diagnostics)).not.toContain('hunter2')
    const { excerpt } = first('docker: { kkey: 1, install: { key: files/docker.asc } }')
    expect(excerpt).toContain('files/docker.asc')
  })
})
