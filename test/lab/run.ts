import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { admPassword } from './access.ts'
import { adminPassword, passwordVariable, sudoVariable } from './playbook.ts'

const repository = join(import.meta.dirname, '..', '..')
const loader = join(dirname(createRequire(import.meta.url).resolve('tsx/package.json')), 'dist', 'loader.mjs')

/** How `runbook` ended; a code of undefined: it was killed. */
export interface RunbookEnd {
  readonly code: number | undefined
  readonly out: string
  readonly err: string
}

/**
 * Runs `runbook` from the sources as one process in `directory`, where its run folder is then. `killAt`: SIGKILL as soon
 * as its standard error has a match. One that is still at it after `limitMs` is killed too, so that what it said is seen.
 */
export function runbook(
  directory: string,
  words: readonly string[],
  killAt?: RegExp,
  sudoPassword = admPassword,
  limitMs = 280_000,
): Promise<RunbookEnd> {
  const argv = ['--import', loader, join(repository, 'src', 'main.ts'), ...words]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, argv, {
      cwd: directory,
      env: { ...process.env, [passwordVariable]: adminPassword, [sudoVariable]: sudoPassword, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
      if (killAt?.test(err) === true) child.kill('SIGKILL')
    })
    const late = setTimeout(() => {
      err += `\nkilled, as it was still at it after ${String(limitMs / 1000)} s\n`
      child.kill('SIGKILL')
    }, limitMs)
    child.on('error', reject)
    child.on('close', code => {
      clearTimeout(late)
      resolve({ code: code ?? undefined, out, err })
    })
  })
}
