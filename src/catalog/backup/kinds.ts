import type { KindPage } from '../../plan/kind.ts'

/** Pages of the steps of backup and restore. */
export const kinds: readonly KindPage[] = [
  {
    kind: 'backup.papers',
    title: 'Keep the playbook, the authorities, the licence and the unlock key',
    when: '`runbook backup create`, before anything else.',
    does: 'Writes the document of the set, then an archive with the playbook, the CA of the swarm and of UCP, the licence as the swarm has it, and the unlock key where there is one: it is in no other archive [D: ee/admin/backup/back-up-swarm.md].',
    care: 'Interrupts nobody. Holds keys: encrypt the store.',
  },
  {
    kind: 'backup.swarm',
    title: "Archive the swarm's state of one manager",
    when: '`runbook backup create`.',
    does: 'Takes the manager out of the balancer, stops its engine, archives /var/lib/docker/swarm, starts it again and waits until it is well. Never the leader where there is another [D: ee/admin/backup/back-up-swarm.md].',
    care: 'Every group has one member less meanwhile: the plan shows the margin. The engine is started again whatever happens.',
  },
  {
    kind: 'backup.ucp',
    title: 'Let UCP make its own backup',
    when: '`runbook backup create`.',
    does: 'From 3.2 on by POST /api/ucp/backup on the manager itself, so that a passphrase is no argument; before by the bootstrapper, whose output goes to a file [D: ee/admin/backup/back-up-ucp.md].',
    care: 'Interrupts nobody from 3.2 on; before, UCP of that manager stops meanwhile, so it leaves the balancer.',
  },
  {
    kind: 'backup.dtr',
    title: "Archive the registry's metadata",
    when: '`runbook backup create`, where the playbook has a registry.',
    does: 'Runs the bootstrapper of the version that runs, always through the same replica, without a terminal and with the log driver none [D: reference/dtr/2.7/cli/backup.md].',
    care: 'Interrupts nobody. Holds no images, no users and no vulnerability database.',
  },
  {
    kind: 'backup.images',
    title: 'Archive the images',
    when: '`backup.images` says copy.',
    does: 'Archives the volume of the replica, behind the metadata, so that each tag of the set has its blobs.',
    care: 'Needs room for all images on that host.',
  },
  {
    kind: 'backup.snapshot',
    title: 'Take a snapshot of the images',
    when: '`backup.images` names a command.',
    does: 'Runs it, behind the metadata.',
    care: 'What it does is yours. In doubt a person is asked: it is not run twice blindly.',
  },
  {
    kind: 'backup.verify',
    title: 'Read a set back whole',
    when: 'All parts of a set are kept.',
    does: 'Reads each archive back from the store, compares its digest, looks for what the manuals say must be in it, writes SHA256SUMS, and tells every manager.',
    care: 'Touches nothing. A set without SHA256SUMS is not complete.',
  },
  {
    kind: 'restore.swarm',
    title: 'Restore a swarm',
    when: '`runbook restore`, where no swarm of that set runs.',
    does: 'Puts the state back on the host it was taken from, starts the engine, unlocks it where it is locked, and forces a new cluster of this one manager [D: ee/admin/restore/restore-swarm.md].',
    care: 'The host must have the same address and engine, and be in no swarm.',
  },
  {
    kind: 'restore.ucp',
    title: 'Restore UCP',
    when: '`runbook restore`, behind the swarm.',
    does: 'Takes away the services, containers and configs of UCP that came back with the swarm, and nodes that are no more; then feeds the archive to the bootstrapper of the same version and waits until UCP is well [D: ee/admin/restore/restore-ucp.md].',
    care: 'On a new swarm all client bundles die: everybody must download theirs anew. Certificates of controllers keep their old names.',
  },
  {
    kind: 'restore.dtr',
    title: "Restore the registry's metadata",
    when: '`runbook restore`, behind UCP and its nodes.',
    does: 'Feeds the archive to the bootstrapper of the same version, as one replica of the same id, with the storage that the playbook says [D: reference/dtr/2.7/cli/restore.md].',
    care: 'No replica may be there. The vulnerability database is to be downloaded again.',
  },
  {
    kind: 'restore.images',
    title: 'Put images back',
    when: 'The set has them.',
    does: 'Unpacks them where the replica has its storage.',
    care: 'Nothing is taken away: a blob has its digest for a name.',
  },
  {
    kind: 'restore.snapshot',
    title: 'Bring a snapshot of the images back',
    when: 'The set names the command.',
    does: 'Runs it.',
    care: 'What it does is yours.',
  },
]
