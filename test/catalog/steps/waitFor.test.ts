import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadStepTools } from '../../../src/catalog/steps/tools.ts'
import { httpFact, portFact } from '../../../src/catalog/steps/waitFor.ts'
import type { Fact } from '../../../src/plan/fact.ts'
import type { Json } from '../../../src/plan/step.ts'
import type { WaitForSpec } from '../../../src/playbook/steps.ts'
import { made, stageOf, step, topologyOf, wrong } from './toy.ts'

const wait = (more: Partial<WaitForSpec>): WaitForSpec => ({ kind: 'waitFor', withinSeconds: 30, ...more })

/** Asked without holding up the server that answers in this very process. */
function see(fact: Fact, args: Json): Promise<Json | undefined> {
  const [program = '', ...words] = fact.probe(args).argv.map(String)
  return new Promise(resolve => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.on('close', code => resolve(fact.parse({ code: code ?? undefined, stdout, stderr }, args)))
  })
}

describe('waiting', () => {
  const server = createServer((_, answer) => void answer.writeHead(204).end())
  let port = 0
  beforeAll(async () => {
    await loadStepTools()
    await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => void server.close())

  it('has what it waits for as its goal', () => {
    expect(made(wait({ port: 22 }))).toMatchObject({
      goal: [{ fact: 'os.listening', args: { port: 22 }, is: { listening: true } }],
      run: [{ await: [{ fact: 'os.listening' }], withinSeconds: 30 }],
    })
    expect(made(wait({ port: '${{ host.port }}', address: 'db.example.com' })).goal).toMatchObject([
      { fact: 'step.port', args: { address: 'db.example.com', port: 22 }, is: { open: true } },
    ])
    expect(
      made(wait({ http: { url: 'https://${{ host.address }}/_ping', status: 200, insecure: true } })).goal,
    ).toMatchObject([
      {
        fact: 'step.http',
        args: { url: 'https://198.51.100.11/_ping', insecure: true },
        is: { status: 200 },
      },
    ])
    expect(made(wait({ command: { argv: ['cat', '/x'], output: 'up' } })).goal).toMatchObject([
      { fact: 'step.command', is: { exit: 0, output: 'up' } },
    ])
  })

  it('is for one thing', () => {
    expect(wrong(wait({}))).toMatchObject([expect.stringContaining('RB0903 steps.0.waitFor')])
    expect(wrong(wait({ port: 1, command: { argv: ['x'] } }))).toMatchObject([
      expect.stringContaining('RB0903'),
    ])
    expect(wrong(wait({ port: 70_000 }))).toMatchObject([
      expect.stringContaining('RB0907 steps.0.waitFor.port'),
    ])
    expect(wrong(wait({ http: { url: 'ftp://x', status: 200, insecure: false } }))).toMatchObject([
      expect.stringContaining('no URL'),
    ])
    expect(wrong(wait({ command: { argv: ['x'] }, address: 'x' }))).toMatchObject([
      expect.stringContaining("goes with a 'port'"),
    ])
  })

  it('sees real ports and servers', async () => {
    expect(await see(portFact, { address: '127.0.0.1', port })).toEqual({ open: true })
    expect(await see(portFact, { address: '127.0.0.1', port: 1 })).toEqual({ open: false })
    expect(await see(httpFact, { url: `http://127.0.0.1:${port}/x` })).toEqual({ status: 204 })
    expect(await see(httpFact, { url: 'http://127.0.0.1:1/' })).toEqual({ status: 0 })
    expect(httpFact.parse({ code: 127, stdout: '', stderr: 'curl: not found' }, {})).toBeUndefined()
    expect(portFact.parse({ code: 127, stdout: '', stderr: 'bash: not found' }, {})).toBeUndefined()
  })

  it('ends when it is so, and fails when it never is', async () => {
    const stage = stageOf(topologyOf([step(wait({ command: { argv: ['cat', '/up'], output: 'yes' } }))]))
    const files = stage.estate.hosts['m1']?.files ?? {}
    expect((await stage.apply()).how).toEqual({ 'step.waitFor@m1:try-it': 'goal-not-met' })
    files['/up'] = { content: 'yes\n', mode: '0644' }
    expect((await stage.apply()).how).toEqual({ 'step.waitFor@m1:try-it': 'already' })
  })
})
