import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { planHtml } from '../../src/views/html.ts'
import { installed, open } from '../proofs/browser/chromium.ts'
import { faults, look } from '../proofs/browser/look.ts'
import { half, report } from './sample.ts'

const name = installed()
if (name === undefined)
  process.stderr.write('skipped: no chromium is installed here; `npm run screenshots` installs one as root\n')

describe.skipIf(name === undefined)('the page of a plan in a real browser', () => {
  it('is whole in light, dark, on a phone and on paper, and the browser finds what is wrong with a bad one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runbook-html-'))
    const chromium = open(name ?? '')
    try {
      const page = (file: string, html: string): string => {
        writeFileSync(join(folder, file), html)
        return join(folder, file)
      }
      const html = planHtml(report(half), 'site.yml')
      const seen = await look(chromium, page('plan.html', html), folder)
      const words = ['site: 0 add', 'Quorum timeline', 'group.join@node-2', '2 steps', 'node-3', 'In order']
      expect(faults(seen, words)).toEqual([])
      expect(seen.map(one => one.manner.name)).toEqual(['light', 'dark', 'phone', 'print'])
      expect(new Set(seen.map(one => one.background)).size).toBe(2)
      for (const { picture } of seen) expect(statSync(picture).size).toBeGreaterThan(10_000)
      // What is folded on a screen has to be on paper.
      const command = 'groupctl join --advertise 10.0.0.2:2377'
      expect(seen.map(one => one.text.includes(command))).toEqual([false, false, false, true])

      const bad =
        '<body style="color:#999;background:#fff"><img src="http://192.0.2.1/x.png"><a href="#nowhere">link</a><pre style="width:3000px">wide</pre></body>'
      const found = faults(await look(chromium, page('bad.html', bad), folder), ['not there']).join('\n')
      expect(found).toMatch(/light: wants http:\/\/192\.0\.2\.1\/x\.png/)
      expect(found).toMatch(/pixels wider than the window/)
      expect(found).toMatch(/contrast 2\.85 of "wide"/)
      expect(found).toMatch(/#nowhere, which is not there/)
      expect(found).toMatch(/"not there" cannot be seen/)
    } finally {
      await chromium.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }, 60_000)
})
