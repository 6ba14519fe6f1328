import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of pretend programs that comes first in PATH, and what a script did. */
export interface Bench {
  readonly dir: string
  run(
    script: string,
    words: readonly string[],
    stdin?: string,
  ): Promise<{ code: number | null; stdout: string; stderr: string }>
  done(): void
}

/** Runs our shell texts for real, by /bin/sh, with pretend programs in place of docker and the like. */
export function bench(programs: { readonly [name: string]: string } = {}): Bench {
  const dir = mkdtempSync(join(tmpdir(), 'runbook-sh-'))
  mkdirSync(join(dir, 'bin'))
  for (const [name, text] of Object.entries(programs)) {
    const path = join(dir, 'bin', name)
    writeFileSync(path, `#!/bin/sh\nBENCH=${dir}\n${text}\n`)
    chmodSync(path, 0o755)
  }
  return {
    dir,
    run: (script, words, stdin = '') =>
      new Promise((resolve, reject) => {
        const child = spawn('/bin/sh', ['-c', script, 'runbook-test', ...words], {
          env: { ...process.env, PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}` },
        })
        let stdout = ''
        let stderr = ''
        child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
        child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
        child.on('error', reject)
        child.on('close', code => {
          resolve({ code, stdout, stderr })
        })
        // A script that never reads its input may be gone before it is written.
        child.stdin.on('error', () => undefined)
        child.stdin.end(stdin)
      }),
    done: () => {
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
