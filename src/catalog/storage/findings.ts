import { matches } from '../../plan/check.ts'
import { factKey } from '../../plan/fact.ts'
import type { Facts } from '../../plan/fact.ts'
import { shown } from '../os/text.ts'
import type { Finding, RulePage } from '../../plan/finding.ts'
import type { Topology } from '../../playbook/topology.ts'
import { marksRef, toolsRef } from './facts.ts'
import { directTarget, replicaHosts } from './target.ts'
import { provable } from './plays/converge.ts'

/** What the hosts say about the storage. */
export function findings(topology: Topology, facts: Facts): readonly Finding[] {
  const hosts = replicaHosts(topology)
  if (hosts.length < 2 || topology.storage.kind === 'local') return []
  const target = directTarget(topology.storage)
  if (!target || !provable({ topology, facts }, target)) {
    return [
      {
        code: 'RB0870',
        severity: 'note',
        path: ['storage'],
        message: `no replica host can be asked directly whether it sees this ${topology.storage.kind} storage`,
        help: 'it is proved through the registry after it is up: an image pushed once is pulled by digest through every replica',
      },
    ]
  }
  return hosts.flatMap(host => {
    const seen = facts.get(factKey(marksRef(topology, target, host)))
    // Without an NFS client nothing else was to be expected; it is installed first.
    if (target.kind === 'nfs' && matches({ nfs: false }, facts.get(factKey(toolsRef(host))))) return []
    if (typeof seen !== 'object' || seen === null || !('unreadable' in seen)) return []
    return [
      {
        code: 'RB0871',
        severity: 'warning' as const,
        path: ['storage'],
        host,
        message: `${host} could not look into the shared storage: ${shown(seen.unreadable)}`,
        help:
          target.kind === 'nfs'
            ? 'try showmount -e SERVER and a trial mount on this host'
            : 'check the address, the keys and the way from this host to the storage',
      },
    ]
  })
}

export const pages: readonly RulePage[] = [
  {
    code: 'RB0870',
    title: 'Storage that only the registry can prove',
    severity: 'note',
    why:
      'Replicas do not copy blobs to each other; all of them must use one storage [D: set-up-high-availability.md]. NFS, a path and S3 ' +
      'with keys are tried from every replica host before the first join. Azure, GCS, Swift, S3 by instance role, S3 with version 2 ' +
      'signatures and hosts with curl before 7.75 offer no such way.',
    fix: 'Nothing to do. The last steps of apply push one image and pull it by digest through every replica.',
  },
  {
    code: 'RB0871',
    title: 'A host cannot look into the shared storage',
    severity: 'warning',
    why: 'A replica whose host cannot reach the storage answers 503 on /_ping, and pulls through it fail.',
    fix: 'On the host: showmount -e SERVER and a trial mount for NFS; curl to the endpoint for S3; ls for a path. Then run apply again.',
  },
]
