import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DrillReport } from '../../src/views/drillReport.ts'
import { time } from '../../src/views/drillWords.ts'
import { table } from '../../src/views/layout.ts'
import { labDown, labUp } from '../lab/harness.ts'
import { cannotExitCode, whyNoLab } from '../lab/machine.ts'
import { writePlaybook } from '../lab/playbook.ts'
import { runbook, type RunbookEnd } from '../lab/run.ts'
import { killed } from './killed.ts'

/**
 * `npm run drills -- lab [NAME …]`: the drills of playbooks/drills, live, on real hosts of a lab, with clients that push and pull
 * through the balancer all the time. Prints what was measured. Ends with 1 when a drill was not carried out whole.
 */
const root = join(import.meta.dirname, '..', '..')
const catalogue = join(root, 'playbooks', 'drills')
/** In this order: what leaves the cluster as it was comes first. */
const inLab = [
  'dtr-replica-loss',
  'lb-loss',
  'lb-checks',
  'storage-loss',
  'dtr-partition',
  'ucp-manager-loss',
  'dtr-majority-loss',
  'ucp-quorum-loss',
  'dtr-node-loss',
]
const answers = `detect: { by: observer, answer: seen }
declare: { by: lead, answer: true }
storage: { by: storage team, answer: done }
on-call: { by: lead, answer: { ok: true } }
`

async function apply(folder: string): Promise<RunbookEnd> {
  for (let times = 1; ; times += 1) {
    const end = await runbook(folder, ['apply', 'lab.yml', '--yes'])
    // 13: the cluster moved between plan and lock, as it does after a fault; it says to give it again.
    if (end.code !== 13 || times === 4) return end
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function lab(names: readonly string[]): Promise<number> {
  const reason = await whyNoLab()
  if (reason !== undefined) {
    say(`this machine cannot carry a lab: ${reason}`)
    return cannotExitCode
  }
  const folder = mkdtempSync(join(tmpdir(), 'runbook-drills-'))
  const reports: DrillReport[] = []
  let bad = 0
  try {
    await labDown()
    const up = await labUp({ hosts: ['m1', 'm2', 'm3', 'd1', 'd2', 'd3', 'w1', 'lb1'] })
    writePlaybook(up, folder, { workers: ['w1'] })
    writeFileSync(join(folder, 'answers.yml'), answers)
    for (const name of names) {
      const before = await apply(folder)
      if (before.code !== 0) {
        say(
          `${name}: the cluster could not be made whole before it (exit ${String(before.code)})\n${(before.err + before.out).slice(-2000)}`,
        )
        bad += 1
        break
      }
      const text = readFileSync(join(catalogue, `${name}.yml`), 'utf8').replace(
        /^cluster: .*$/m,
        'cluster: lab.yml',
      )
      writeFileSync(join(folder, `${name}.yml`), text)
      const words = ['drill', 'run', `${name}.yml`, '--mode', 'live', '--yes', '--answers', 'answers.yml']
      const end = await runbook(folder, words, undefined, undefined, 900_000)
      say(`== ${name}: exit ${String(end.code)}\n${end.err}${end.out}`)
      // 18: carried out, an objective missed. That is a result, not a failure of the drill.
      if (end.code !== 0 && end.code !== 18) {
        bad += 1
        say((await runbook(folder, ['drill', 'stop', `${name}.yml`])).out)
      }
      const at = join(folder, '.runbook', 'drills')
      const last = readdirSync(at)
        .sort()
        .findLast(id => id.endsWith(name))
      if (last !== undefined)
        reports.push(JSON.parse(readFileSync(join(at, last, 'report.json'), 'utf8')) as DrillReport)
      say(summary(reports))
    }
  } finally {
    await labDown()
    rmSync(folder, { recursive: true, force: true })
  }
  return bad === 0 ? 0 : 1
}

function summary(reports: readonly DrillReport[]): string {
  const rows = reports.map(({ name, mode, outcome, figures }) => {
    const rto = (service: string): string => {
      const own = figures.services.find(one => one.service === service)
      return own === undefined
        ? '-'
        : `${own.rtoSeconds === 0 ? 'no outage' : time(own.rtoSeconds)} (${own.failed}/${own.tries} failed)`
    }
    const images = figures.losses.find(one => one.of === 'images')
    const rpo =
      images === undefined
        ? '-'
        : `${time(images.rpoSeconds)} (${images.lost.length} of ${images.before + images.after} lost)`
    return [
      name,
      mode,
      outcome,
      rto('pull'),
      rto('push'),
      rpo,
      time(figures.detectionSeconds),
      time(figures.redundancySeconds),
    ]
  })
  const head = ['drill', 'mode', 'outcome', 'RTO pull', 'RTO push', 'RPO images', 'detection', 'redundancy']
  return table([head, ...rows]).join('\n')
}

const [what, ...names] = process.argv.slice(2)
const unknown = names.filter(name => !inLab.includes(name))
if (what === 'killed' && names.length === 0) process.exitCode = (await killed()) ? 0 : 1
else if (what === 'lab' && unknown.length === 0)
  process.exitCode = await lab(names.length === 0 ? inLab : names)
else {
  say(`usage: npm run drills -- lab [NAME …] | killed\ndrills: ${inLab.join(', ')}`)
  process.exitCode = 64
}
