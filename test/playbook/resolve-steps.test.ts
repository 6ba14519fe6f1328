import { describe, expect, it } from 'vitest'
import { readPlaybook } from '../../src/playbook/read.ts'

const head = `runbook: 1
name: toy
hosts:
  a: { address: 198.51.100.1, roles: [rack] }
  b: { address: 198.51.100.2, roles: [rack] }
docker: { version: '19.03' }
`
const files: { readonly [name: string]: string } = {
  'x.liquid': 'on {{ host.name }}\n',
  'key.pem': '-----BEGIN PRIVATE KEY-----\n',
  binary: '\xff\xfe\0',
}
const read = (name: string) => {
  const text = files[name]
  return text === undefined ? 'missing' : Buffer.from(text, name === 'binary' ? 'latin1' : 'utf8')
}
const load = (steps: string) => readPlaybook(head + steps, 'toy.yml', read)

describe('own steps in a playbook', () => {
  it('have their hosts resolved, in order and each once, and their defaults filled in', () => {
    const { topology, diagnostics } = load(`vars: { port: 80 }
steps:
  - name: one
    hosts: [b, rack]
    waitFor: { http: { url: 'http://localhost/' } }
  - name: two
    after: docker
    when: host.name == "a"
    service: { name: x, state: stopped }
  - name: three
    command: { argv: [a] }
`)
    expect(diagnostics).toEqual([])
    expect(topology?.vars).toEqual({ port: 80 })
    expect(topology?.steps).toEqual([
      {
        name: 'one',
        hosts: ['b', 'a'],
        actions: [
          {
            kind: 'waitFor',
            withinSeconds: 300,
            http: { url: 'http://localhost/', status: 200, insecure: false },
          },
        ],
      },
      {
        name: 'two',
        after: 'docker',
        when: 'host.name == "a"',
        hosts: ['a', 'b'],
        actions: [{ kind: 'service', name: 'x', state: 'stopped', enabled: false }],
      },
      { name: 'three', hosts: ['a', 'b'], actions: [{ kind: 'command', argv: ['a'], timeoutSeconds: 600 }] },
    ])
  })

  it('have their files read and pinned', () => {
    const { topology } = load('steps: [{ name: t, template: { source: x.liquid, path: /etc/x } }]\n')
    expect(topology?.steps?.[0]?.actions).toEqual([
      {
        kind: 'template',
        source: { file: 'x.liquid', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
        text: files['x.liquid'],
        path: '/etc/x',
        variables: {},
      },
    ])
  })

  it.each([
    [
      'steps: [{ name: t, hosts: [rock], pause: { message: x } }]',
      'RB0201',
      "no host and no role is called 'rock'",
      'rack',
    ],
    ['steps: [{ name: t, template: { source: y, path: /etc/x } }]', 'RB0204', "'y' is not there", ''],
    [
      'steps: [{ name: t, file: { source: key.pem, path: /etc/x } }]',
      'RB0205',
      'private key',
      'secret("file:key.pem")',
    ],
    ['steps: [{ name: t, file: { source: binary, path: /etc/x } }]', 'RB0205', 'no text in UTF-8', ''],
    ['steps: [{ name: t, comand: { argv: [x] } }]', 'RB0122', "unknown key 'comand'", 'command'],
    ['steps: [{ name: t, service: { name: x, state: up } }]', 'RB0124', "cannot be 'up'", 'running'],
    [
      'steps: [{ name: t, waitFor: { port: [1] } }]',
      'RB0121',
      'should be a whole number or a text, and is a list',
      '22',
    ],
    ['steps: [{ command: { argv: [x] } }]', 'RB0123', "has no 'name'", ''],
  ])('%s is refused at its line', (text, code, message, help) => {
    const { diagnostics } = load(`${text}\n`)
    expect(diagnostics).toHaveLength(1)
    expect(diagnostics[0]).toMatchObject({ code, line: 7, severity: 'error' })
    expect(diagnostics[0]?.message).toContain(message)
    expect(diagnostics[0]?.help ?? '').toContain(help)
  })
})
