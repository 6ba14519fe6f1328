import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { browser, open } from './browser/chromium.ts'
import { faults, look } from './browser/look.ts'
import { pages } from './browser/pages.ts'

/**
 * HTML as a real browser shows it, in light, dark, on a phone and on paper: pictures of it, and what is wrong with it.
 *
 *     npm run screenshots                           the plans of the examples
 *     npm run screenshots -- report.html --out DIR  any page
 */
const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } })
const found = browser()
if ('reason' in found) console.log(`skipped: ${found.reason}`)
else {
  const folder = values.out ?? mkdtempSync(join(tmpdir(), 'runbook-screenshots-'))
  mkdirSync(folder, { recursive: true })
  const chromium = open(found.name)
  let wrong = 0
  try {
    const made = positionals.length > 0 ? [] : await pages()
    const given = positionals.map(file => ({ file, expected: [] as readonly string[] }))
    const files = made.map(({ name, html, expected, hidden }) => {
      const file = join(folder, `${name}.html`)
      writeFileSync(file, html)
      for (const text of hidden.filter(one => html.includes(one))) {
        wrong += 1
        console.log(`WRONG ${file}: "${text}" stands in it`)
      }
      return { file, expected }
    })
    for (const { file, expected } of [...files, ...given]) {
      const seen = await look(chromium, file, folder)
      const bad = faults(seen, expected)
      wrong += bad.length
      for (const one of seen)
        console.log(
          `${one.picture}: ${one.requests.length} requests, ${one.overflowPixels} pixels too wide, contrast at least ${one.contrast.toFixed(1)}, ${one.deadLinks.length} dead links`,
        )
      for (const line of bad) console.log(`WRONG ${file}: ${line}`)
    }
  } finally {
    await chromium.close()
  }
  console.log(`${wrong} faults; pictures in ${folder}`)
  process.exitCode = wrong === 0 ? 0 : 1
}
