import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, describe, expect, it } from 'vitest'
import { twinDtr } from '../../../src/catalog/dtr/state.ts'
import { readAnswers } from '../../../src/cli/drill/answers.ts'
import { carryOn } from '../../../src/cli/drill/carry.ts'
import { type GoodDrill, loadGoodDrill } from '../../../src/cli/drill/load.ts'
import { processIo } from '../../../src/cli/io.ts'
import { packageRoot } from '../../../src/cli/package.ts'
import { pretendedHosts, stageFor } from '../../../src/cli/rehearsal.ts'
import { drillPlan } from '../../../src/cli/verbs/drillPlan.ts'
import { drillRun } from '../../../src/cli/verbs/drill.ts'
import type { Drill } from '../../../src/plan/drill.ts'
import type { Event } from '../../../src/run/event.ts'
import { drillFigures, verdicts } from '../../../src/run/drillFigures.ts'
import { createRedact } from '../../../src/run/redact.ts'
import { drillCsv, drillJunit } from '../../../src/views/drillForms.ts'
import { drillHtml } from '../../../src/views/drillHtml.ts'
import { drillMarkdown } from '../../../src/views/drillMarkdown.ts'
import { drillReport } from '../../../src/views/drillReport.ts'
import { openSessions, type World } from '../../../src/run/world.ts'
import { virtualClock } from '../../../src/twin/clock.ts'
import { connectTwin } from '../../../src/twin/connect.ts'
import type { Estate } from '../../../src/twin/estate.ts'

const drills = join(packageRoot(), 'playbooks', 'drills')
const io = { ...processIo(false, true), cwd: drills, err: () => undefined }
const answers = readAnswers('answers/rehearsal.yml', io)
const folder = mkdtempSync(join(tmpdir(), 'runbook-drill-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A cluster is made once for each playbook; every drill gets a copy of its own. */
const made = new Map<string, Promise<Estate>>()

async function rehearse(
  file: string,
  meddle?: (event: Event, estate: Estate) => void,
  change: (drill: Drill) => Drill = drill => drill,
): Promise<{
  readonly of: GoodDrill
  readonly events: readonly Event[]
  readonly outcome: string
  readonly estate: Estate
}> {
  const loaded = await loadGoodDrill(file, io)
  const of = { ...loaded, drill: change({ ...loaded.drill, mode: 'rehearse' as const }) }
  const { good } = of
  const before = made.get(good.path) ?? pretendedHosts(good, good).then(one => one.estate)
  made.set(good.path, before)
  const estate = structuredClone(await before)
  const stage = stageFor(good, estate)
  const clock = virtualClock(estate.clockMs)
  const connect = connectTwin(estate, stage.models, clock)
  const { hosts } = good.topology
  const ask = (): Promise<never> => Promise.reject(new Error('nobody answers'))
  const { facts, secret, file: text } = stage
  const world: World = { hosts, connect, facts, secret, file: text, ask, clock, redact: createRedact() }
  const events: Event[] = []
  const outcome = await carryOn(
    {
      of,
      ...{ id: 'drill', answers, past: [], signal: new AbortController().signal, io },
      emit: event => {
        events.push(event)
        meddle?.(event, estate)
      },
      kept: () => undefined,
      keep: () => undefined,
    },
    world,
    openSessions(hosts, connect),
    'pretended',
  )
  return { of, events, outcome, estate }
}

const catalogue = readdirSync(drills).filter(name => name.endsWith('.yml'))

describe('the catalogue of drills, rehearsed', () => {
  it('has the drills whose recipes there are', () => {
    expect(catalogue.length).toBeGreaterThanOrEqual(10)
  })

  it.each(catalogue)('%s comes to its end, meets its objectives, leaves no fault behind', async name => {
    const { of, events, outcome } = await rehearse(name)
    const ended = events.at(-1)
    expect(ended?.kind === 'drill-ended' ? ended.detail : '').toBeUndefined()
    expect(outcome).toBe('done')
    for (const verdict of verdicts(drillFigures(events, of.drill), of.drill))
      expect(verdict.met, verdict.objective).toBe(true)
    const on = new Set(events.flatMap(one => (one.kind === 'fault' && one.state === 'on' ? [one.fault] : [])))
    for (const one of events) if (one.kind === 'fault' && one.state === 'undone') on.delete(one.fault)
    expect([...on]).toEqual([])
  })

  it('the case of dockerpac/dr: 14 actions and 5 checkpoints, 320 minutes on paper, in the plan and in the run', async () => {
    let out = ''
    await drillPlan({ file: 'dc-loss.yml', json: false }, { ...io, out: text => void (out += text) })
    expect(out).toContain('14 actions, 5 checkpoints, 5h 20m on paper')
    expect(out).toContain('== no way back from here')
    expect(out.match(/== checkpoint: /g)).toHaveLength(5)
    expect(out).toMatch(/after +swarm raft +UCP etcd +UCP auth store +DTR database/)
  })
})

describe('what a rehearsal measures', () => {
  it('an outage of known length, to within one period of the canary', async () => {
    const { of, events } = await rehearse('storage-loss.yml')
    const { services } = drillFigures(events, of.drill)
    const struck = events.find(one => one.kind === 'op-started')?.at ?? ''
    const back = events.findLast(one => one.kind === 'fault' && one.state === 'undone')?.at ?? ''
    const outageSeconds = (Date.parse(back) - Date.parse(struck)) / 1000
    expect(outageSeconds).toBeGreaterThan(300)
    for (const { service, rtoSeconds } of services) {
      const period = of.drill.canaries.everySeconds[service] ?? 0
      // A try that began just before gives up three seconds later; the next one begins at its time.
      expect(rtoSeconds, service).toBeGreaterThanOrEqual(outageSeconds - 1)
      expect(rtoSeconds, service).toBeLessThanOrEqual(outageSeconds + period + 4)
    }
  })

  it('lost writes, exactly: which, how many, how far back', async () => {
    const LOST = 4
    // People take five minutes before anything is broken, so that there is something to lose.
    const first = { id: 'on-call', title: 'Wait', kind: 'manual', prompt: '', expect: {} } as const
    const { of, events } = await rehearse(
      'storage-loss.yml',
      (event, estate) => {
        // While the storage is away, the newest images that were written before are lost for good.
        if (event.kind !== 'phase-started' || event.phase !== 'storage') return
        const { tags } = twinDtr(estate) ?? { tags: {} }
        const ours = Object.keys(tags).filter(tag => tag.includes('runbook-drill:'))
        for (const tag of ours.slice(-LOST)) Reflect.deleteProperty(tags, tag)
      },
      drill => ({ ...drill, phases: [first, ...drill.phases] }),
    )
    const figures = drillFigures(events, of.drill)
    const [images] = figures.losses
    const written = events.flatMap(one =>
      one.kind === 'canary' && one.service === 'push' && one.ok === true && one.at <= (figures.faultAt ?? '')
        ? [one]
        : [],
    )
    expect(written.length).toBeGreaterThan(LOST + 1)
    expect(images?.lost).toEqual(written.slice(-LOST).map(one => one.tag))
    const newest = written.at(-LOST - 1)?.at ?? ''
    expect(images?.rpoSeconds).toBe((Date.parse(figures.faultAt ?? '') - Date.parse(newest)) / 1000)
    expect(images?.unknown).toBe(0)
  })

  it('an answer that is missing is told before anything is done: exit 19', async () => {
    const args = { file: 'dc-loss.yml', yes: true, drillsDir: folder }
    await expect(drillRun(args, io)).rejects.toMatchObject({ exit: 'unanswered' })
    expect(readdirSync(folder)).toEqual([])
  })

  it('a rule that is broken for long enough ends it: the faults are undone and nothing else is done', async () => {
    const { events, outcome } = await rehearse('storage-loss.yml', undefined, drill => ({
      ...drill,
      abortWhen: [{ canary: 'pull', forSeconds: 60 }],
    }))
    expect(outcome).toBe('aborted')
    const at = (kind: string): number => Date.parse(events.find(one => one.kind === kind)?.at ?? '')
    expect(at('aborted') - at('op-started')).toBeGreaterThan(60_000)
    expect(at('aborted') - at('op-started')).toBeLessThan(90_000)
    expect(events.filter(one => one.kind === 'fault' && one.state === 'undone')).toHaveLength(3)
    expect(events.some(one => one.kind === 'phase-started' && one.phase === 'recover')).toBe(false)
  })
})

describe('the report of a drill', () => {
  const schema = (name: string) =>
    new Ajv2020({ strict: false }).compile(
      JSON.parse(readFileSync(join(packageRoot(), 'schemas', `${name}.schema.json`), 'utf8')) as object,
    )

  it('fits its schema, as do its events, and has a form for everybody', async () => {
    const { of, events } = await rehearse('ucp-manager-loss.yml')
    const fits = schema('events')
    for (const event of events) expect(fits(event), JSON.stringify([event, fits.errors])).toBe(true)
    const title = 'Loss <script>alert(1)</script> & "more"'
    const drill = { ...of.drill, title }
    const digest = 'a'.repeat(64)
    const { hosts } = of.good.topology
    const report = drillReport(
      { id: 'x', tool: '0', drill, identity: of.identity, hosts, journal: digest },
      events,
    )
    const whole = schema('drill-report')
    expect(whole(JSON.parse(JSON.stringify(report))), JSON.stringify(whole.errors)).toBe(true)
    expect(report).toMatchObject({ passed: true, outcome: 'done', findings: [] })
    const html = drillHtml(report, events)
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org\/2000\/svg)|<link|<img|url\(/)
    expect(html.match(/<svg /g)).toHaveLength(4)
    expect(html).toContain('supports evidence for')
    expect(html.toLowerCase()).not.toContain('compliant')
    expect(drillMarkdown(report)).toContain('# Loss \\<script\\>alert(1)\\</script\\> & "more"')
    expect(drillJunit(report)).toMatch(/tests="11" failures="0" skipped="0"/)
    expect(drillCsv(report).trim().split('\n')).toHaveLength(2)
    expect(drillCsv({ ...report, by: '=cmd()' })).toContain("'=cmd()")
  })

  it('tells a fault that nobody is known to have undone, and phases that were not reached', async () => {
    const { of, events } = await rehearse('dtr-replica-loss.yml')
    const cut = events.slice(
      0,
      events.findIndex(one => one.kind === 'phase-started' && one.phase === 'recover'),
    )
    const { hosts } = of.good.topology
    const source = {
      id: 'x',
      tool: '0',
      drill: of.drill,
      identity: of.identity,
      hosts,
      journal: 'a'.repeat(64),
    }
    const report = drillReport(source, cut)
    expect(report).toMatchObject({ outcome: 'not ended', passed: false })
    expect(report.findings.join('\n')).toMatch(/is not known to be undone/)
    expect(report.findings.join('\n')).toMatch(/phase recover: not executed/)
  })
})
