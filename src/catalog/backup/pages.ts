import type { RulePage } from '../../plan/finding.ts'

/** Pages of what a playbook alone says wrong of backups. */
export const pages: readonly RulePage[] = [
  {
    code: 'RB0520',
    title: 'A backup without images',
    severity: 'error',
    why: "The registry's own archive holds no image content [D: ee/dtr/admin/disaster-recovery/create-a-backup.md]: restored alone it has names and nothing behind them. A set that says nothing of images would be called complete and is not.",
    fix: 'Write backup.images: `copy: true` takes them along, `snapshot` runs your commands, `elsewhere` says by which other means they outlive the cluster.',
  },
  {
    code: 'RB0521',
    title: 'Images that cannot be copied',
    severity: 'error',
    why: 'Objects of a bucket are on no disk of a host. They outlive the cluster in the bucket, or by a snapshot of yours.',
    fix: 'Write backup.images with `snapshot` or `elsewhere`.',
  },
  {
    code: 'RB0522',
    title: 'A passphrase that everybody would see',
    severity: 'error',
    why: 'Before 3.2 the bootstrapper takes the passphrase on its command line alone, where every user of the host can read it [D: reference/ucp/3.1/cli/backup.md].',
    fix: 'Delete backup.passphrase and write backup.encrypt: archives are then encrypted before they leave this machine.',
  },
  {
    code: 'RB0523',
    title: 'Private keys kept in the clear',
    severity: 'warning',
    acceptable: true,
    why: 'A set holds private keys of authorities, hashes of passwords and perhaps the unlock key. Files are readable by their owner alone (0600), and that is all.',
    fix: 'Write backup.encrypt with the public keys (age) of those who may restore, or accept it with what protects the place instead.',
  },
  {
    code: 'RB0524',
    title: 'A backup that takes the cluster down meanwhile',
    severity: 'warning',
    acceptable: true,
    why: 'The engine of a manager is stopped while its swarm state is archived. With fewer than three managers nobody has a majority then: nothing can be changed, while services go on [D: ee/admin/backup/back-up-swarm.md].',
    fix: 'Choose a quiet hour, or have three managers.',
  },
  {
    code: 'RB0525',
    title: 'A host with another task than the backup asks of it',
    severity: 'error',
    why: 'Swarm state is archived on a manager, metadata through the host of a replica.',
    fix: 'Name a manager in backup.swarmHost, and the host of a replica in backup.replica.',
  },
]

/** Pages of what only hosts and a set together can tell. */
export const restorePages: readonly RulePage[] = [
  {
    code: 'RB0531',
    title: 'A set of another version or cluster',
    severity: 'error',
    why: 'Archives are bound to their version: UCP and DTR refuse or misread others, and the swarm wants the same engine [D: ee/admin/restore/restore-swarm.md, restore-ucp.md, ee/dtr/admin/disaster-recovery/restore-from-backup.md].',
    fix: 'Write the versions of the set, restore, then upgrade. The playbook of that day is in the set (papers.tar).',
  },
  {
    code: 'RB0532',
    title: 'A set that belongs to another host',
    severity: 'error',
    why: 'Raft logs hold the address of their manager and are good for no other [D: ee/admin/backup/back-up-swarm.md]; volumes of a replica are named for its id.',
    fix: 'Give the host the name and address of that day, and the replica its id.',
  },
  {
    code: 'RB0533',
    title: 'A restore that erases tags',
    severity: 'error',
    why: 'DTR 2.6.0 to 2.6.3 lose all tags when they are restored with --nfs-storage-url [D: ee/dtr/release-notes.md].',
    fix: 'Restore onto a volume that is mounted by hand.',
  },
  {
    code: 'RB0534',
    title: 'Something alive in the way of a restore',
    severity: 'error',
    why: 'Two managers of one swarm that do not know of each other are two swarms, and UCP does not restore over UCP [D: ee/admin/restore/restore-ucp.md].',
    fix: 'Take away what is there (`runbook reset FILE`), or repair it instead: `runbook status FILE` says what it is.',
  },
]
