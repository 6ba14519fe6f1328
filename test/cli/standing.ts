import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Io } from '../../src/cli/io.ts'
import { loadGood } from '../../src/cli/load.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { pretend } from '../../src/cli/pretend.ts'
import type { Estate } from '../../src/twin/estate.ts'
import { play } from '../../src/twin/rehearse.ts'
import { example } from '../sweep/examples.ts'
import { heard } from './heard.ts'

/** A pretend cluster that stands as its playbook says, behind real SSH servers on loopback, and a folder with the playbooks. */
export interface Standing {
  readonly folder: string
  readonly estate: Estate
  /** Runs a verb. `answers` are given to its questions, in order; without any nobody is there. */
  run(verb: (io: Io) => Promise<number> | number, answers?: readonly string[]): Promise<Said>
  close(): Promise<void>
}

export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

export async function standing(name: string): Promise<Standing> {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-standing-'))
  cpSync(join(packageRoot(), 'playbooks'), folder, { recursive: true })
  const { plan, stage } = await example(name)
  const secret = stage.secret('env:UCP_ADMIN_PASSWORD')
  let out = ''
  let err = ''
  let left: string[] = []
  const base = heard(folder, {
    out: text => void (out += text),
    err: text => void (err += text),
    env: { UCP_ADMIN_PASSWORD: secret },
    question: text => {
      err += text
      return Promise.resolve(left.shift() ?? '')
    },
  }).io
  const { topology } = await loadGood(`${name}.yml`, base)
  const built = (await play(plan, stage, {})).estate
  const cluster = await pretend(topology, base, { faster: 2000 })
  Object.assign(cluster.estate.hosts, built.hosts)
  Object.assign(cluster.estate.shared, built.shared)
  for (const host of Object.values(cluster.estate.hosts)) host.jobs = {}
  return {
    folder,
    estate: cluster.estate,
    async run(verb, answers) {
      out = ''
      err = ''
      left = [...(answers ?? [])]
      const code = await verb({ ...cluster.io, interactive: answers !== undefined })
      return { code, out, err }
    },
    async close() {
      await cluster.close()
      rmSync(folder, { recursive: true })
    },
  }
}
