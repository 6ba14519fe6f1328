import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { type Bytes, DepotError } from '../../run/depot.ts'

/**
 * What is inside an OpenPGP message that was encrypted with a passphrase, by this machine's `gpg`: the vendor's own tool for the same
 * [D: ee/admin/backup/back-up-ucp.md]. The passphrase goes by a pipe of its own; a folder that is thrown away afterwards is its home.
 */
export async function* openOpenPgp(bytes: Bytes, passphrase: string): Bytes {
  const home = await mkdtemp(join(tmpdir(), 'runbook-gpg-'))
  const child = spawn(
    'gpg',
    [
      '--homedir',
      home,
      '--batch',
      '--quiet',
      '--no-tty',
      '--pinentry-mode',
      'loopback',
      '--passphrase-fd',
      '3',
      '--decrypt',
    ],
    { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] },
  )
  const ended = new Promise<number | Error>(resolve => {
    child.once('error', resolve)
    child.once('close', code => {
      resolve(code ?? 1)
    })
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-500)))
  const secret = child.stdio[3] as Writable
  secret.on('error', () => undefined)
  secret.end(`${passphrase}\n`)
  let broken: unknown
  const fed = (async () => {
    for await (const piece of bytes)
      if (!child.stdin.write(piece))
        await Promise.race([new Promise(resolve => child.stdin.once('drain', resolve)), ended])
    child.stdin.end()
    await finished(child.stdin)
  })().catch((error: unknown) => {
    broken = error
    child.stdin.destroy()
  })
  child.stdin.on('error', () => undefined)
  try {
    for await (const piece of child.stdout) yield piece as Uint8Array
    const end = await ended
    await fed
    if (broken instanceof DepotError) throw broken
    if (end instanceof Error)
      throw new DepotError(
        `what is encrypted with a passphrase cannot be opened: gpg: ${end.message}`,
        'install gpg (GnuPG 2.1 or later) on this machine',
      )
    if (end !== 0)
      throw new DepotError(
        `it could not be decrypted (gpg exit ${String(end)}: ${said.trim().split('\n').at(-1) ?? ''})`,
        'see whether the passphrase is the one of that backup',
      )
  } finally {
    child.kill()
    await rm(home, { recursive: true, force: true })
  }
}
