import type { KindPage } from '../../plan/kind.ts'

/** Pages of the engine's kinds of steps. */
export const kinds: readonly KindPage[] = [
  {
    kind: 'docker.install',
    title: 'Install Docker Engine',
    when: 'A host has no engine, or the plan is made without asking the hosts, and the playbook says where packages come from.',
    does: 'Lays the signing key and the source of packages ready, installs exactly the packages of the playbook and enables the unit. An engine of another version is never replaced this way.',
    care: 'Interrupts nobody. Not undone: an engine without work is harmless.',
  },
  {
    kind: 'docker.start',
    title: 'Start Docker Engine, also at boot',
    when: 'An engine of the wanted version is there already.',
    does: 'Enables and starts the unit, then waits until the engine answers.',
    care: 'Interrupts nobody: an engine that runs is left alone.',
  },
  {
    kind: 'docker.upgrade',
    title: 'Upgrade Docker Engine on one host',
    when: 'A host has an older engine than the playbook. Managers first, then workers, then hosts of the registry [§8.15].',
    does: 'One host at a time: every other voter of each quorum is asked once more, the host is taken out of the balancer and its node is drained; then come the packages and the restart, the health of all that ran there, the node active again, and the host back in the balancer. Of a replica the database must call every member well before and after.',
    care: 'Interrupts what runs on that host for minutes. Nothing leads back to an older engine.',
  },
  {
    kind: 'docker.leave',
    title: 'Leave the swarm for good',
    when: '`runbook reset`: workers first, then managers one after another.',
    does: 'Runs `docker swarm leave --force`. Managers leave by force only, and in the end nobody is left to be told.',
    care: 'The swarm is gone with its services, configs and secrets.',
  },
  {
    kind: 'docker.refound',
    title: 'Found the swarm anew with one manager',
    when: '`runbook recover ucp-quorum-loss` or `dc-loss`, on the manager that is kept, while no manager sees a leader.',
    does: 'Where no leader was seen for a quarter of a minute, `docker swarm init --force-new-cluster`; then a snapshot, forced by a temporary network, so that the log with the old managers is left behind [D: ee/admin/disaster-recovery.md; dockerpac/dr, 6; §8.8].',
    care: 'Irreversible: the other managers are out, each has to be cleared before it may come back. Services, tasks and workers stay and go on.',
  },
]
