import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keptRun, newRun, type Origin } from '../../src/cli/runs.ts'
import { packageVersion } from '../../src/cli/package.ts'
import { openJournal } from '../../src/run/journal.ts'
import { events, plan } from '../views/sample.ts'

const origin: Origin = {
  format: 'runbook.run/1',
  playbook: '/x/site.yml',
  named: 'site.yml',
  ssh: { knownHostsFiles: [], hostKeys: 'strict', connectTimeoutSeconds: 10 },
}
const nowMs = Date.UTC(2026, 0, 2, 15, 4, 5)

let folder = ''
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'runbook-runs-'))))
afterAll(() => rmSync(folder, { recursive: true }))

function start(runsDir: string, ms: number): string {
  const at = newRun(runsDir, plan, origin, ms)
  const journal = openJournal(at.journal)
  for (const event of events.slice(0, 3)) journal.append(event)
  journal.close()
  return at.id
}

describe('runs', () => {
  it('keeps what a resume needs, for the owner only, under ids that sort by time', () => {
    const runs = join(folder, 'a', 'runs')
    const ids = [start(runs, nowMs), start(runs, nowMs), start(runs, nowMs + 60_000)]
    expect(ids).toEqual(['20260102-150405-site', '20260102-150405-site-2', '20260102-150505-site'])
    const kept = keptRun(runs, undefined)
    expect(kept.at.id).toBe(ids[2])
    expect(kept.plan).toEqual(plan)
    expect(kept.origin).toEqual({ ...origin, tool: packageVersion() })
    expect(kept.past.events).toEqual(events.slice(0, 3))
    expect(statSync(kept.at.folder).mode & 0o777).toBe(0o700)
    for (const name of ['plan.json', 'run.json', 'journal.jsonl'])
      expect(statSync(join(kept.at.folder, name)).mode & 0o777).toBe(0o600)
    expect(keptRun(runs, ids[0]).at.id).toBe(ids[0])
  })

  it('says which runs there are', () => {
    const runs = join(folder, 'b')
    expect(() => keptRun(runs, undefined)).toThrow(/there is no run in/)
    const id = start(runs, nowMs)
    expect(() => keptRun(runs, '../../etc')).toThrow(
      expect.objectContaining({ exit: 'usage', help: `runs, the newest first: ${id}` }) as Error,
    )
  })

  it('refuses a format it does not know', () => {
    const runs = join(folder, 'c')
    const id = start(runs, nowMs)
    writeFileSync(join(runs, id, 'run.json'), '{"format":"runbook.run/9"}')
    expect(() => keptRun(runs, undefined)).toThrow(/is not runbook.run\/1 but runbook.run\/9/)
  })
})
