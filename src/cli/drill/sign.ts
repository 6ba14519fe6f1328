import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { signText } from '../approvals.ts'
import { exits, Quit } from '../exit.ts'
import type { Io } from '../io.ts'
import type { DrillFolder } from './folder.ts'

/** What a signature is good for: it can be used for nothing else that SSH keys sign. */
const NAMESPACE = 'runbook-drill'
const MANIFEST = 'manifest.sha256'

/** Signs the sha256 of every file of the drill, in the form of sha256sum, so that anybody can check it without runbook. */
export function signReport(at: DrillFolder, key: string, io: Io): number {
  const text = manifestOf(at)
  const signature = signText(text, key, NAMESPACE, io)
  const [manifest, signed] = [join(at.folder, MANIFEST), join(at.folder, `${MANIFEST}.sig`)]
  writeFileSync(manifest, text)
  writeFileSync(signed, signature)
  io.out(`signed: ${signed}\n`)
  io.err(
    `check it without runbook: cd ${at.folder} && sha256sum -c ${MANIFEST} && ssh-keygen -Y verify -f ALLOWED_SIGNERS -I WHO -n ${NAMESPACE} -s ${MANIFEST}.sig < ${MANIFEST}\n`,
  )
  return exits.ok
}

/** @param allowed a file of allowed signers, as `ssh-keygen -Y verify` takes it */
export function verifyReport(at: DrillFolder, allowed: string, io: Io): number {
  const [manifest, signed] = [join(at.folder, MANIFEST), join(at.folder, `${MANIFEST}.sig`)]
  if (!existsSync(manifest) || !existsSync(signed))
    throw new Quit('refused', `${at.id} is not signed`, `runbook drill report ${at.id} --sign --key KEY`)
  const text = readFileSync(manifest, 'utf8')
  const list = resolve(io.cwd, allowed)
  const who = spawnSync('ssh-keygen', ['-Y', 'find-principals', '-f', list, '-s', signed], {
    encoding: 'utf8',
  })
  const [name] = who.stdout.trim().split('\n')
  if (who.status !== 0 || name === undefined || name === '')
    throw new Quit('refused', `nobody in ${allowed} has signed ${at.id}`)
  const words = ['-Y', 'verify', '-f', list, '-I', name, '-n', NAMESPACE, '-s', signed]
  if (spawnSync('ssh-keygen', words, { input: text }).status !== 0)
    throw new Quit(
      'refused',
      `the signature of ${at.id} is not good`,
      'the manifest was changed after it was signed',
    )
  const now = manifestOf(at)
  if (now !== text) {
    const changed = text.split('\n').filter(line => !now.includes(line))
    throw new Quit('refused', `${at.id} was changed after ${name} signed it:\n${changed.join('\n')}`)
  }
  io.out(`${at.id}: signed by ${name}, nothing was changed since\n`)
  return exits.ok
}

function manifestOf({ folder }: DrillFolder): string {
  return readdirSync(folder)
    .filter(name => !name.startsWith(MANIFEST))
    .sort()
    .map(
      name =>
        `${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}  ${name}\n`,
    )
    .join('')
}
