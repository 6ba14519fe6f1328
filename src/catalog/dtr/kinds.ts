import type { KindPage } from '../../plan/kind.ts'

/** Pages of the registry's kinds of steps. */
export const kinds: readonly KindPage[] = [
  {
    kind: 'dtr.clear',
    title: 'Clear the helper of an ended bootstrapper',
    when: 'A container dtr-phase2 that does not run stands on a host: its name blocks the next run (§9.34).',
    does: 'Shows the end of its log, then removes it. One that runs is never touched.',
    care: 'Interrupts nobody.',
  },
  {
    kind: 'dtr.start',
    title: 'Start a replica that is there',
    when: 'Its containers and volumes are on its host and do not all run, or it runs and is not well.',
    does: 'Starts its containers and waits for its health. Several that are down are started together: before a majority runs none is well.',
    care: 'Interrupts nobody; its data is used as it is.',
  },
  {
    kind: 'dtr.install',
    title: 'Install the first replica',
    when: 'No host carries a replica.',
    does: "Runs the bootstrapper's `install` against a manager's own address, never the balancer [KB: container wait error]. What an interrupted run of ours left of this very id is cleared; anything else stops it.",
    care: 'Interrupts nobody.',
  },
  {
    kind: 'dtr.storage',
    title: 'Set object storage while the registry is empty',
    when: 'Storage is an object store, after the first replica and before any join.',
    does: 'Puts the driver and its keys by the API (§7.3). Joins inherit it.',
    care: 'Only where no repository exists: later such a change is another step, since it would erase every tag.',
  },
  {
    kind: 'dtr.join',
    title: 'Join one more replica',
    when: 'A replica of the playbook is no member.',
    does: 'Waits until every member is well (a join is refused otherwise [KB: Unhealthy DTR replica]), makes sure the database does not know the id, runs `join` through a healthy donor picked from facts, then waits until both see the whole. One at a time (§3.11).',
    care: 'The whole metadata is copied: choose a quiet hour. Passes through even counts only on the way. `rollback` takes the new member out again: `remove` through the donor, when all are well, and what is left of it on its host.',
  },
  {
    kind: 'dtr.remove',
    title: 'Remove a member for good',
    when: 'A member is a ghost or broken and shall go, or left the playbook (absent.replicas, --prune). Broken ones go before anything joins: split brain otherwise [§8.4].',
    does: 'Out of the balancer, transfers get up to two minutes; then `remove` with an entry point other than the victim, one id a run; then the others are seen well and nothing of it is left on its host.',
    care: 'Irreversible: the id does not come back. A healthy one goes only while all others are well.',
  },
  {
    kind: 'dtr.destroy',
    title: 'Destroy what the database does not know',
    when: 'A stray: parts of an id on a host that is no member, and the playbook asks for it.',
    does: 'Asks the database once more just before, then runs `destroy` on that host. On a member it would leave a ghost (§9.1).',
    care: 'Irreversible: volumes of that id go.',
  },
  {
    kind: 'dtr.upgrade',
    title: 'Upgrade the registry by one hop',
    when: 'It runs in an older version. Minor versions are passed one by one, patches are free [D: ee/upgrade.md].',
    does: "The new version's bootstrapper replaces one replica after the other by itself and may be run again after a failure [D: upgrade.md]. Needs all members well, content trust not enforced, and a backup that a person vouches for.",
    care: 'Irreversible. One replica at a time restarts, in an order that is not documented. HAProxy is steered meanwhile (unit runbook-steer on the balancer, which ends by itself): to the last of the other replicas alone until one has been renewed, then to those that have. Where the run begins with that one, clients may meet it until its checks fail, about two seconds.',
  },
  {
    kind: 'dtr.reconfigure',
    title: "Change the registry's settings",
    when: "Client name, certificate, ports of a replica or NFS and path storage are not the playbook's.",
    does: 'Runs `reconfigure` with exactly the flags that differ. Name and certificate go together. Ports: one replica at a time, out of the balancer and back in. Storage only with --storage-migrated, from 2.6.4, when a person says that the blobs are copied.',
    care: 'Restarts replica by replica; with several nobody is without a registry [D: reconfigure.md], and HAProxy is steered meanwhile as in an upgrade. A storage change cannot be taken back by itself.',
  },
  {
    kind: 'dtr.whole',
    title: 'See all members whole',
    when: 'Always, at the end of the registry.',
    does: "Waits until the donor sees exactly the playbook's members, all fresh and well, every table ready.",
    care: 'Changes nothing.',
  },
  {
    kind: 'dtr.repair',
    title: 'Keep one replica and drop all others',
    when: '`runbook recover dtr-majority-loss`, for the survivor with the newest data, while the registry cannot tell its members.',
    does: 'Asks the survivor once more whether the registry really does not work, then runs `emergency-repair` on it; volumes of the others stay where they are, since there is no --prune. Then the survivor alone is seen whole [D: emergency-repair.md, repair-a-cluster.md; §8.6].',
    care: 'Irreversible: what only the others hold is lost to the registry. It may run again on the same survivor; when it fails, another survivor may do, and a backup is the last resort.',
  },
  {
    kind: 'dtr.sweep',
    title: 'Take every part of the registry off a host',
    when: '`runbook reset`, for every node.',
    does: "Removes containers and volumes of all replicas on the host, and the helper of a bootstrapper that has ended. Not the vendor's destroy, which does the same through UCP and needs it to be well [§8.17].",
    care: 'The registry is gone, and with local storage its images. What lies on NFS, a mounted path or an object store stays.',
  },
]
