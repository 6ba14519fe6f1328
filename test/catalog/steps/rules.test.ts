import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { products } from '../../../src/catalog/index.ts'
import { findings } from '../../../src/catalog/compile.ts'
import { pages } from '../../../src/catalog/steps/pages.ts'
import { checkPlaybook } from '../../../src/cli/check.ts'
import { machine } from './toy.ts'

const head = `runbook: 1
name: toy
hosts:
  m1: { address: 198.51.100.11 }
  d1: { address: 198.51.100.21 }
docker: { version: '19.03' }
ucp: { version: 3.2.6, managers: [m1], workers: [d1], adminPassword: env:P }
vars: { port: 8080 }
steps:
`

describe('own steps that are wrong', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'steps-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const check = async (steps: string) => {
    const path = join(folder, 'toy.yml')
    writeFileSync(path, head + steps)
    return checkPlaybook(path)
  }
  const told = async (steps: string): Promise<readonly string[]> =>
    (await check(steps)).diagnostics
      .filter(({ severity }) => severity !== 'note')
      .map(({ code, line, message }) => `${code}:${line} ${message}`)

  it.each([
    ['  - { name: a }\n', "RB0901:10 step 'a' does nothing"],
    [
      '  - { name: a, pause: { message: x }, service: { name: x } }\n',
      "RB0901:10 step 'a' has 2 actions: service, pause",
    ],
    [
      '  - { name: Do it, pause: { message: x } }\n  - { name: do-it, pause: { message: x } }\n',
      "RB0902:11 a step before it is called 'Do it' already",
    ],
    ['  - { name: a, file: { path: /x } }\n', "RB0903:10 a file has either 'content' or 'source'"],
    [
      '  - { name: a, when: host.nam == "x", pause: { message: x } }\n',
      'RB0904:10 \'host.nam == "x"\' does not fit together: No such key: nam',
    ],
    [
      '  - { name: a, when: host.name, pause: { message: x } }\n',
      "RB0904:10 'host.name' is no condition but gives string",
    ],
    [
      '  - { name: a, when: "${{ true }}", pause: { message: x } }\n',
      "RB0904:10 'when' is an expression as it is",
    ],
    [
      '  - { name: a, file: { path: /x, content: "${{ vars.prt }}" } }\n',
      "RB0904:10 'vars.prt' does not fit together: No such key: prt",
    ],
    [
      '  - { name: a, file: { path: /x, content: "${{ host.site }}" } }\n',
      "RB0905:10 'host.site' (string) gives nothing on d1",
    ],
    [
      '  - { name: a, command: { argv: [x, "${{ secret(\'env:P\') }}"], creates: /x } }\n',
      'RB0906:10 a secret cannot stand here, where it would be seen by others',
    ],
    [
      '  - { name: a, command: { argv: [x], env: { P: "${{ secret(\'hunter2\') }}" }, creates: /x } }\n',
      'RB0906:10 secret() takes a reference, not the secret itself',
    ],
    ['  - { name: a, file: { path: x, content: y } }\n', "RB0907:10 'x' is no plain absolute path"],
    ['  - { name: a, before: dtr, pause: { message: x } }\n', "RB0910:10 nothing here is called 'dtr'"],
    [
      '  - { name: a, after: ucp.jion, pause: { message: x } }\n',
      "RB0910:10 nothing here is called 'ucp.jion'",
    ],
    [
      '  - name: a\n    after: ucp\n    before: docker\n    pause: { message: x }\n',
      "RB0911:12 'ucp' itself comes after 'docker', so nothing can come after the one and before the other",
    ],
    [
      '  - { name: a, command: { argv: [x] } }\n',
      "RB0913:10 nothing tells whether 'a' is needed: opaque, runs every time",
    ],
    ['  - { name: a, hosts: [dtr], pause: { message: x } }\n', "RB0914:10 no host is meant by step 'a'"],
  ])('%s', async (steps, expected) => {
    const seen = await told(steps)
    expect(seen).toHaveLength(1)
    expect(seen[0]).toContain(expected)
    expect(seen[0]).not.toContain('hunter2')
  })

  it('are all told in one go, with everything else that is wrong', async () => {
    const seen = await told(
      '  - { name: a, before: dtr, when: nope, command: { argv: ["${{ 1 + }}"] } }\n  - { name: b, hosts: [nobody], pause: { message: x } }\n',
    )
    expect(seen.map(one => one.slice(0, 6)).sort()).toEqual([
      'RB0201',
      'RB0904',
      'RB0904',
      'RB0910',
      'RB0913',
      'RB0914',
    ])
  })

  it('are not looked at while a variable has no name that expressions know', async () => {
    const path = join(folder, 'vars.yml')
    writeFileSync(path, `${head.replace('port: 8080', 'no-name: 1')}  - { name: a, pause: { message: x } }\n`)
    const { diagnostics } = await checkPlaybook(path)
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toMatchObject([
      { code: 'RB0907', line: 8, message: "'no-name' cannot be the name of a variable" },
    ])
  })

  it('may be accepted where they are a matter of judgement', async () => {
    const { diagnostics } = await check(
      '  - { name: a, command: { argv: [x] } }\naccept: [{ code: RB0913, reason: it only sends a mail }]\n',
    )
    expect(diagnostics.filter(({ code }) => code === 'RB0913')).toMatchObject([
      { severity: 'note', message: expect.stringContaining('it only sends a mail') as string },
    ])
    expect(diagnostics.map(({ code }) => code)).not.toContain('RB0210')
  })

  it('are told from what was seen, and an unseen host is not guessed at', async () => {
    const { topology } = await check('  - { name: a, when: machine.cpus > 2, pause: { message: x } }\n')
    if (topology === undefined) throw new Error('the playbook has errors')
    const seen = findings(topology, products, new Map([['os.machine@m1', machine]]))
    expect(seen.filter(({ code }) => code === 'RB0909')).toMatchObject([
      { severity: 'error', path: ['steps', 0], host: 'd1' },
    ])
  })

  it('have a page each', () => {
    expect(new Set(pages.map(({ code }) => code)).size).toBe(pages.length)
    for (const { code, why, fix } of pages) {
      expect(code).toMatch(/^RB09\d\d$/)
      expect(why.length + fix.length).toBeGreaterThan(80)
    }
  })
})
