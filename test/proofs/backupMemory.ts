import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { build } from 'esbuild'

/** A generated archive through the op that keeps one and the op that proves it: what they need of memory must not grow with the archive. */
const LIMIT_MB = 100
const gigabytes = Number(process.env['GB'] ?? '5')

const folder = mkdtempSync(join(tmpdir(), 'runbook-stream-'))
let failed = false
try {
  const bundle = join(folder, 'stream.mjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'backupStream.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  })
  const { bavail, bsize } = statfsSync(folder)
  const room = (bavail * bsize) / 1e9
  if (room < gigabytes * 1.1) {
    console.error(
      `not run: ${gigabytes.toFixed(1)} GB are needed in ${tmpdir()}, and ${room.toFixed(1)} GB are free (GB=1 takes less)`,
    )
    process.exitCode = 1
  } else {
    const identity = await generateIdentity()
    for (const [how, words] of [
      ['as it is', []],
      ['encrypted with age', [await identityToRecipient(identity), identity]],
    ] as const) {
      const kept = join(folder, 'kept')
      const out = execFileSync(process.execPath, [bundle, kept, String(gigabytes), ...words], {
        encoding: 'utf8',
      })
      rmSync(kept, { recursive: true, force: true })
      const seen = JSON.parse(out) as {
        readonly bytes: number
        readonly keptMs: number
        readonly provenMs: number
        readonly beforeKb: number
        readonly peakKb: number
        readonly lines: readonly string[]
      }
      const added = (seen.peakKb - seen.beforeKb) / 1024
      const rate = (ms: number): string => `${(seen.bytes / 1e3 / ms).toFixed(0)} MB/s`
      const good = added < LIMIT_MB
      failed ||= !good
      console.log(
        `${good ? 'PASS' : 'FAIL'}  ${(seen.bytes / 1e9).toFixed(2)} GB ${how}: kept at ${rate(seen.keptMs)}, proven at ${rate(seen.provenMs)}, at most ${added.toFixed(0)} MB on top of the ${(seen.beforeKb / 1024).toFixed(0)} MB that the process had before (limit ${String(LIMIT_MB)} MB)`,
      )
      console.log(
        `      ${seen.lines.find(line => line.includes(' of ')) ?? 'it was over before there was anything to say'}`,
      )
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (failed) process.exitCode = 1
