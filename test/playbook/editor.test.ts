import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLanguageServer, type LanguageServer } from './language-server.ts'

/** As it stands in `playbooks/`, with mistakes on lines 6 and 13. */
const text = `# yaml-language-server: $schema=../schemas/playbook.schema.json
runbook: 1
name: editor
hosts:
  m1: { address: 198.51.100.11 }
  d1: { adress: 198.51.100.21 }
docker:
  version: '19.03'
ucp:
  version: 3.2.6
  managers: [m1]
  adminPassword: env:UCP_ADMIN_PASSWORD
  controllerPort: high
storage:
  kind: nfs
  url: nfs://198.51.100.40/x
  
`

interface Item {
  readonly label: string
  readonly documentation?: string | { readonly value: string }
}

describe('yaml-language-server on a playbook with the modeline', () => {
  let server: LanguageServer
  const uri = new URL('../../playbooks/editor-test.yml', import.meta.url).href
  const at = (line: number, character: number) => ({
    textDocument: { uri },
    position: { line: line - 1, character },
  })

  beforeAll(async () => {
    server = await startLanguageServer()
    server.notify('textDocument/didOpen', { textDocument: { uri, languageId: 'yaml', version: 1, text } })
  })
  afterAll(() => server.stop())

  it('marks unknown keys, missing keys and wrong types at their places', async () => {
    const { diagnostics } = (await server.notified(
      'textDocument/publishDiagnostics',
      params => (params as { diagnostics: unknown[] }).diagnostics.length > 0,
    )) as {
      diagnostics: { message: string; range: { start: { line: number; character: number } } }[]
    }
    const places = diagnostics.map(
      ({ message, range }) => `${range.start.line + 1}:${range.start.character + 1} ${message}`,
    )
    expect(places).toContainEqual(expect.stringMatching(/^6:9 .*adress/))
    expect(places).toContainEqual(expect.stringMatching(/^6:3 .*"address"/))
    expect(places).toContainEqual(expect.stringMatching(/^13:19 .*integer/))
  })

  it('completes the keys of the kind of storage that was chosen', async () => {
    const answer = (await server.request('textDocument/completion', at(17, 2))) as { items: Item[] }
    const labels = answer.items.map(({ label }) => label)
    expect(labels).toContain('options')
    expect(labels).not.toContain('bucket')
  })

  it('shows on hover what a key means, with an example', async () => {
    const answer = (await server.request('textDocument/hover', at(11, 4))) as { contents: { value: string } }
    expect(answer.contents.value).toContain('The first one is where UCP is installed.')
  })
})
