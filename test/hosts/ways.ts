import type { Way } from '../../src/hosts/way.ts'

/** A way with no configuration at all. */
export function aWay(changes: Partial<Way> = {}): Way {
  return {
    address: 'm1',
    port: 22,
    user: 'root',
    known: { address: 'm1', port: 22 },
    knownHostsFiles: [],
    hostKeys: 'strict',
    identities: [],
    identitiesOnly: false,
    agent: undefined,
    unusable: [],
    ...changes,
  }
}
