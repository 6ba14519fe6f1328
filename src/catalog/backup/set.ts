import type { Proof } from '../../plan/step.ts'
import type { BackupSpec } from '../../playbook/topology.ts'

/** What a set can hold, in the order in which it is made. */
export const partNames = ['papers', 'swarm', 'ucp', 'dtr', 'images'] as const
export type PartName = (typeof partNames)[number]

/** The document `set.json` of a set: what was to be in it, and what a restore must know. Written before anything else of it. */
export interface BackupSet {
  readonly format: 'runbook.backup/1'
  /** Its folder's name: '20261122T223000Z'. */
  readonly set: string
  /** The playbook's. */
  readonly cluster: string
  readonly parts: readonly PartName[]
  /** Versions that ran; '' where nobody knew. */
  readonly versions: { readonly engine: string; readonly ucp: string; readonly dtr: string }
  /** The manager whose state it is: a restore wants the same address and engine [D: ee/admin/restore/restore-swarm.md]. */
  readonly swarm: { readonly host: string; readonly address: string; readonly clusterId: string }
  /** Whether UCP encrypted its own archive. */
  readonly ucp: { readonly encrypted: boolean }
  readonly dtr?: { readonly host: string; readonly replicaId: string; readonly externalUrl: string }
  /** Where the images are. Absent: no registry, or nobody said. */
  readonly images?: NonNullable<BackupSpec['images']>
}

/** The file of a part. */
export function fileOf(part: PartName): string {
  return `${part}.tar`
}

/**
 * What must be in a part [docker-enterprise.md 4.4, 8.10 to 8.12]. The manual of UCP 3.2 counts 27 files, and 26 were seen; the older ones say more than
 * 100 and name another key. A root of another version in the registry's archive is a backup of another version.
 */
export function proofOf(
  part: PartName,
  set: Pick<BackupSet, 'versions'>,
  passphrase?: { readonly secret: string },
): Proof {
  switch (part) {
    case 'papers':
      return { form: 'tar', entries: ['^playbook\\.yml$', '^swarm-ca\\.pem$', '^ucp-ca\\.pem$'], atLeast: 3 }
    case 'swarm':
      return {
        form: 'tar',
        entries: ['^swarm/state\\.json$', '^swarm/raft/', '^swarm/certificates/'],
        atLeast: 4,
      }
    case 'ucp': {
      const isOld = /^3\.[01]\./.test(set.versions.ucp)
      const keys = isOld
        ? ['^ucp-node-certs/key\\.pem$']
        : [
            '(^|/)etcd\\.backup\\.db$',
            '^ucp-client-root-ca/key\\.pem$',
            '^ucp-controller-server-certs/key\\.pem$',
          ]
      const proof: Proof = { form: 'tar', entries: keys, atLeast: isOld ? 101 : 20 }
      return passphrase === undefined ? proof : { ...proof, passphrase }
    }
    case 'dtr': {
      const version = set.versions.dtr === '' ? '[0-9.]+' : set.versions.dtr.replaceAll('.', '\\.')
      return { form: 'tar', entries: [`^dtr-backup-v${version}(-[a-z]+)?/rethink/properties/0$`], atLeast: 1 }
    }
    case 'images':
      return { form: 'tar', entries: [], atLeast: 0 }
  }
}

/** The set's own document. */
export const setProof: Proof = {
  form: 'json',
  entries: ['^format$', '^parts$', '^versions$', '^swarm$'],
  atLeast: 6,
}

/** Reads `set.json`. Undefined: it is none. */
export function readSet(text: string): BackupSet | undefined {
  try {
    const value = JSON.parse(text) as Partial<BackupSet> | null
    const isOne =
      value?.format === 'runbook.backup/1' &&
      typeof value.set === 'string' &&
      typeof value.cluster === 'string' &&
      Array.isArray(value.parts) &&
      value.parts.every((part: unknown) => (partNames as readonly unknown[]).includes(part)) &&
      typeof value.versions?.ucp === 'string' &&
      typeof value.swarm?.host === 'string'
    return isOne ? (value as BackupSet) : undefined
  } catch {
    return undefined
  }
}
