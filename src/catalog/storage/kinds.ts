import type { KindPage } from '../../plan/kind.ts'

/** Pages of the kinds of steps about the registry's shared storage. */
export const kinds: readonly KindPage[] = [
  {
    kind: 'storage.client',
    title: 'Have an NFS client on a host',
    when: 'Storage is NFS; on every host of a replica.',
    does: 'Installs nfs-common or nfs-utils, whichever the system calls it [D: external-storage/nfs.md].',
    care: 'Interrupts nobody.',
  },
  {
    kind: 'storage.mark',
    title: "Write a host's marker into the shared storage",
    when: 'Storage is one that hosts can reach without the registry: NFS, a path, or S3 with a curl that can sign.',
    does: 'Writes a small file that names cluster and host.',
    care: 'Interrupts nobody. The markers stay; they are a few bytes.',
  },
  {
    kind: 'storage.prove',
    title: "See every replica's marker from a host",
    when: 'After all markers are written.',
    does: 'Reads them back from each host: all replicas look at one and the same storage, or the run stops before the first replica exists.',
    care: 'Interrupts nobody; changes nothing.',
  },
]
