import { createHash } from 'node:crypto'
import type { finder } from '../plan/finder.ts'
import type { Finding } from '../plan/finding.ts'
import type { Path } from './placed.ts'
import type { LocalFile } from './topology.ts'

/** Reads a file named relative to the playbook; a word instead of bytes says why it could not. */
export type ReadLocal = (name: string) => Uint8Array | 'missing' | 'unreadable' | 'too big'

export type Kind = 'certificate' | 'license' | 'public key' | 'text'

/** Reads and pins one file, and finds what is wrong with it. The digest of a file that cannot be read is empty. */
export function pinFile(
  file: string,
  kind: Kind,
  path: Path,
  read: ReadLocal,
  find: ReturnType<typeof finder>,
): { readonly pinned: LocalFile; readonly findings: readonly Finding[] } {
  const content = read(file)
  if (typeof content === 'string') {
    const why = { missing: 'is not there', unreadable: 'cannot be read', 'too big': 'is bigger than 1 MiB' }[
      content
    ]
    return {
      pinned: { file, sha256: '' },
      findings: [
        find(
          'RB0204',
          path,
          `file '${file}' ${why}`,
          'paths are relative to the playbook, not to where runbook is started',
        ),
      ],
    }
  }
  const pinned = { file, sha256: createHash('sha256').update(content).digest('hex') }
  return { pinned, findings: misfit(Buffer.from(content).toString('latin1'), file, kind, path, find) }
}

function misfit(
  text: string,
  file: string,
  kind: Kind,
  path: Path,
  find: ReturnType<typeof finder>,
): readonly Finding[] {
  if (kind === 'text') {
    if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return []
    const message = `file '${file}' holds a private key; what a step takes from beside the playbook is no secret`
    return [find('RB0205', path, message, `write: content: \${{ secret("file:${file}") }}`)]
  }
  if (text.trim() === '') return [find('RB0205', path, `file '${file}' is empty`, `put the ${kind} in it`)]
  if (kind === 'license') return []
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    return [
      find(
        'RB0205',
        path,
        `file '${file}' holds a private key; this one is sent to hosts openly`,
        kind === 'certificate'
          ? "keep the key in a file of its own and name it under 'key'"
          : 'export the public key',
      ),
    ]
  }
  if (kind === 'certificate' && !text.includes('-----BEGIN CERTIFICATE-----')) {
    return [
      find(
        'RB0205',
        path,
        `file '${file}' is no certificate in PEM form`,
        "it should have a line '-----BEGIN CERTIFICATE-----'; `openssl x509 -inform der` turns the binary form into it",
      ),
    ]
  }
  // Products give a certificate back with one line end behind it: another file would never be seen to be in force.
  if (kind === 'certificate' && text !== `${text.trim()}\n`) {
    return [
      find(
        'RB0205',
        path,
        `file '${file}' has blank space around what it certifies`,
        'take away what stands before the first and after the last line, and end it with exactly one line end',
      ),
    ]
  }
  return []
}
