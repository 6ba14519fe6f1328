import type { RulePage } from '../../plan/finding.ts'

/** Pages of what the hosts say of the registry. */
export const pages: readonly RulePage[] = [
  {
    code: 'RB0850',
    title: 'Parts of another replica on the host',
    severity: 'error',
    why: 'One replica a host. Containers or volumes of another id are a replica the playbook does not know, or what a failed run left; a new one would fight it for ports, and clearing it blindly could erase the only copy of the metadata.',
    fix: 'Keep it: give its id in the playbook. Drop it: destroy that id on its host (after remove, when the database still knows it).',
  },
  {
    code: 'RB0851',
    title: 'The registry has another version',
    severity: 'error',
    why: 'A bootstrapper must be of the version of its cluster; only an upgrade may differ [D: restore docs], and an upgrade is its own procedure with a backup before it.',
    fix: 'Write the version that runs, or upgrade on purpose.',
  },
  {
    code: 'RB0852',
    title: 'An interrupted bootstrapper left its helper',
    severity: 'warning',
    why: 'Every install and join runs its second phase in a container called dtr-phase2 [O]. One that stands there ended without being cleared, and its name blocks the next run.',
    fix: 'Resume the run: it clears what it left. Otherwise read docker logs dtr-phase2 and docker rm it.',
  },
  {
    code: 'RB0853',
    title: 'A port of the replica is taken',
    severity: 'error',
    why: 'The bootstrapper verifies both ports and refuses; better to hear it before anything is done.',
    fix: 'Stop what listens there, or set httpPort and httpsPort of that replica.',
  },
  {
    code: 'RB0854',
    title: 'The registry refuses to answer its administrator',
    severity: 'error',
    why: 'Without its own word nobody knows which members it has, and no join is safe.',
    fix: '401 and 403: the credentials. 500: the database lost its majority; bring nodes back first.',
  },
  {
    code: 'RB0855',
    title: 'A member the playbook does not know',
    severity: 'error',
    why: 'Planning with a wrong idea of the members miscounts the majority; members are never removed by leaving them out.',
    fix: 'Add it to the playbook with its id, or remove it: one id, through a healthy replica, before any join.',
  },
  {
    code: 'RB0856',
    title: 'A ghost replica',
    severity: 'error',
    why: 'The database counts it as a member and nothing of it runs: destroy was used instead of remove, or its node is gone. Every join is refused while it is there [KB: Unhealthy DTR replica].',
    fix: 'remove --existing-replica-id HEALTHY --replica-ids GHOST, then apply.',
  },
  {
    code: 'RB0857',
    title: 'A stray replica',
    severity: 'warning',
    why: 'It runs, and the database does not know its id: what a failed join leaves.',
    fix: 'Resume the interrupted run, or apply: what a run of ours left is cleared and the replica joined anew. Anything else is refused: destroy that id on its host first.',
  },
  {
    code: 'RB0858',
    title: 'The registry uses another storage',
    severity: 'error',
    why: 'From 2.6 on a change of storage without keep_metadata or --storage-migrated starts an empty metadata store: all tags disappear [D: reconfigure.md, release notes].',
    fix: 'Write the storage that is used. To move: read-only, copy the blobs, reconfigure with --storage-migrated, after a backup.',
  },
]
