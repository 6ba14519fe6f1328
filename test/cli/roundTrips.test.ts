import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { Io } from '../../src/cli/io.ts'
import { loadGood } from '../../src/cli/load.ts'
import { pretend } from '../../src/cli/pretend.ts'
import { apply } from '../../src/cli/verbs/apply.ts'
import { noPaint } from '../../src/views/layout.ts'
import { slowLine } from '../hosts/flights.ts'

/** What the bench measures in seconds, as a count: it is the same on every machine, busy or not. */

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** Long enough that what is sent together is told from what waits for an answer. */
const halfMs = 15

/** Applies a playbook of these steps to one pretended host behind real SSH, over and over. Answers the round trips of each run. */
async function roundTrips(steps: readonly object[], runs: number): Promise<readonly number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-trips-'))
  folders.push(folder)
  writeFileSync(
    join(folder, 'site.yml'),
    stringify({ runbook: 1, name: 'trips', hosts: { h1: { address: '198.51.100.11' } }, steps }),
  )
  let said = ''
  const io: Io = {
    out: text => (said += text),
    err: text => (said += text),
    outPaint: noPaint,
    errPaint: noPaint,
    coloured: { out: false, err: false },
    terminal: undefined,
    interactive: false,
    env: {},
    cwd: folder,
    clock: { now: () => Date.now(), sleep: ms => new Promise(resolve => setTimeout(resolve, ms)) },
    question: () => Promise.reject(new Error('nobody is there')),
  }
  const { topology } = await loadGood('site.yml', io)
  const { io: there, close } = await pretend(topology, io, { faster: 1 })
  const { detour } = there
  const { h1 } = topology.hosts
  if (detour === undefined || h1 === undefined) throw new Error('no way to the pretended host')
  const { port } = detour.at(h1)
  const line = await slowLine(port, halfMs)
  const knownHosts = detour.options.knownHosts?.replaceAll(`:${port} `, `:${line.port} `) ?? ''
  const slow = {
    at: (host: typeof h1) => ({ ...detour.at(host), port: line.port }),
    options: { ...detour.options, knownHosts },
  }
  try {
    const counts: number[] = []
    for (let run = 0; run < runs; run++) {
      line.reset()
      said = ''
      const args = {
        file: 'site.yml',
        dryRun: false,
        yes: true,
        output: 'plain',
        parallel: 10,
        runsDir: 'runs',
      } as const
      const code = await apply(args, { ...there, detour: slow })
      if (code !== 0) throw new Error(`apply ended with ${code}: ${said}`)
      counts.push(line.flights())
    }
    return counts
  } finally {
    await line.close()
    await close()
  }
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1)
/** A command that the twin knows. */
const make = (path: string): object => ({ argv: ['install', '-d', '-m', '0755', path], creates: path })
const thirty = [
  ...numbers(10).map(i => ({
    name: `Folder ${i}`,
    file: { path: `/srv/d${i}`, state: 'directory', mode: '0750' },
  })),
  ...numbers(10).map(i => ({
    name: `File ${i}`,
    file: { path: `/srv/d${i}/f`, mode: '0640', content: `file ${i}\n` },
  })),
  ...numbers(10).map(i => ({ name: `Run ${i}`, command: make(`/srv/c${i}`) })),
]

it('30 satisfied steps cost the way in and one question: 11 round trips at most', async () => {
  const [, second] = await roundTrips(thirty, 2)
  expect(second).toBeLessThanOrEqual(11)
})

it('ordered short commands go in one message: twenty more of them cost no round trip more', async () => {
  const ordered = (count: number): readonly object[] =>
    numbers(count).map(i => ({ name: `Run ${i}`, command: { ...make(`/srv/p${i}`), timeoutSeconds: 10 } }))
  const [few = 0] = await roundTrips(ordered(5), 1)
  const [many = 0] = await roundTrips(ordered(25), 1)
  expect(many).toBeLessThanOrEqual(few + 1)
})

it('each further command that may take long costs three round trips: the job, its goal, the copies of the journal', async () => {
  const ordered = (count: number): readonly object[] =>
    numbers(count).map(i => ({ name: `Run ${i}`, command: make(`/srv/p${i}`) }))
  const [few = 0] = await roundTrips(ordered(5), 1)
  const [many = 0] = await roundTrips(ordered(25), 1)
  expect((many - few) / 20).toBeLessThanOrEqual(3)
})
