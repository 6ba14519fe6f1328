import type ssh2 from 'ssh2'

/** Without SHA-1, CBC, and DH groups below 2048 bits, all of which ssh2 still offers by itself. */
const MODERN = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group14-sha256',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  serverHostKey: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ],
} as const satisfies ssh2.Algorithms

/** Modern algorithms only; for the host's key those first of which a key is on file. */
export function algorithms(onFile: readonly string[]): ssh2.Algorithms {
  return {
    kex: [...MODERN.kex],
    cipher: [...MODERN.cipher],
    hmac: [...MODERN.hmac],
    serverHostKey: [...MODERN.serverHostKey].sort((a, b) => place(onFile, a) - place(onFile, b)),
  }
}

function place(onFile: readonly string[], algorithm: string): number {
  const at = onFile.indexOf(algorithm)
  return at === -1 ? onFile.length : at
}
