import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'

/** A certificate with its key, in PEM. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

function inTemporary<T>(work: (directory: string) => T): T {
  const directory = mkdtempSync('/tmp/pem-')
  try {
    return work(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const openssl = (...words: readonly string[]): void => {
  execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** A new certificate authority (P-256, ten years). */
export function makeAuthority(name: string): KeyPair {
  return inTemporary(directory => {
    const key = join(directory, 'key.pem')
    const cert = join(directory, 'cert.pem')
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key)
    openssl(...['req', '-x509', '-new', '-key', key, '-out', cert, '-days', '3650', '-subj', `/CN=${name}`])
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  })
}

/** A certificate for server and client use, valid for the given host names and addresses. */
export function issue(authority: KeyPair, name: string, names: readonly string[]): KeyPair {
  return inTemporary(directory => {
    const path = (file: string): string => join(directory, file)
    writeFileSync(path('ca.pem'), authority.cert)
    writeFileSync(path('ca-key.pem'), authority.key)
    const alternatives = [...new Set(names)].map(each => (isIP(each) === 0 ? `DNS:${each}` : `IP:${each}`))
    const extensions = [
      'extendedKeyUsage=serverAuth,clientAuth',
      'basicConstraints=CA:FALSE',
      ...(alternatives.length === 0 ? [] : [`subjectAltName=${alternatives.join(',')}`]),
    ]
    writeFileSync(path('extensions'), `${extensions.join('\n')}\n`)
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', path('key.pem'))
    openssl('req', '-new', '-key', path('key.pem'), '-out', path('request.pem'), '-subj', `/CN=${name}`)
    openssl(
      ...['x509', '-req', '-in', path('request.pem'), '-CA', path('ca.pem'), '-CAkey', path('ca-key.pem')],
      ...[
        '-set_serial',
        String(Date.now()),
        '-days',
        '3650',
        '-extfile',
        path('extensions'),
        '-out',
        path('cert.pem'),
      ],
    )
    return { cert: readFileSync(path('cert.pem'), 'utf8'), key: readFileSync(path('key.pem'), 'utf8') }
  })
}
