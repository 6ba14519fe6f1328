import type { RulePage } from '../../plan/finding.ts'

/** Pages of the codes that come from what was seen on the hosts, RB0840 to RB0859. */
export const pages: readonly RulePage[] = [
  {
    code: 'RB0840',
    title: 'A host belongs to another swarm',
    severity: 'error',
    why: 'A node is in one swarm only. Taking it away from another one may cost that one its majority, and its services.',
    fix: 'Make sure whose it is. Then let it leave that swarm, or take it out of the playbook.',
  },
  {
    code: 'RB0841',
    title: 'UCP runs in another version than the playbook wants',
    severity: 'error',
    why: 'The bootstrapper must be of the version of the cluster, except for an upgrade [digest 4]; managers cannot be rolled back [D: ee/ucp/admin/install/upgrade.md].',
    fix: 'Write the version that runs, or upgrade on purpose.',
  },
  {
    code: 'RB0842',
    title: "A container 'ucp' is there already",
    severity: 'error',
    why: "The bootstrapper's container has a fixed name, so it is a lock: a second run on the node fails with a name conflict. One that does not run is left from a broken run [trap 34].",
    fix: 'Wait for one that runs. Read the log of one that does not, then remove it with docker rm ucp.',
  },
  {
    code: 'RB0843',
    title: 'A host is smaller than UCP asks for',
    severity: 'error',
    why: "Managers need 8 GB of memory, 2 processors and 10 GB free under /var (6 GB at the very least); workers 4 GB and 500 MB [D: ee/ucp/admin/install/system-requirements.md]. UCP's installer checks it and stops.",
    fix: "Use larger hosts. To try things out, add '--force-minimums' to ucp.extraFlags: what remains is a warning.",
  },
  {
    code: 'RB0845',
    title: "UCP refuses the administrator's password",
    severity: 'error',
    why: 'Settings are read and written, and DTR is installed, as the administrator. The password of the playbook is set at install; later changes in UCP are not seen by the playbook.',
    fix: 'Give the password that UCP has now.',
  },
  {
    code: 'RB0846',
    title: 'The swarm has nodes that the playbook does not name',
    severity: 'warning',
    acceptable: true,
    why: 'Installing UCP installs it on all nodes that are in the swarm at that time [D: reference/ucp/3.2/cli/install.md]. Later, a node that nobody names is also one that nobody watches.',
    fix: 'Name them in the playbook, or remove them from the swarm.',
  },
  {
    code: 'RB0847',
    title: 'UCP is to be installed at a name',
    severity: 'error',
    why: "'--host-address' takes an IP address or an interface of the host, and tells it to all other nodes [D: reference/ucp/3.2/cli/install.md].",
    fix: 'Write the IP address.',
  },
  {
    code: 'RB0848',
    title: 'Every manager of the swarm shall go',
    severity: 'error',
    why: 'New managers join through one that is there, and nodes are struck off by one that stays [D: engine/swarm/admin_guide.md]. Without it another UCP would be installed beside the first.',
    fix: 'Let one of the old managers stay until the new ones have joined, then name it in absent.nodes.',
  },
  {
    code: 'RB0849',
    title: 'An upgrade that would skip a minor version',
    severity: 'error',
    why: 'UCP is upgraded from one minor version to the next and skips none; patches are free [D: ee/upgrade.md]. Where a version of the line between is known to exist the plan takes it as a hop; here none is known.',
    fix: 'Upgrade to a version of that line first, then to the wanted one.',
  },
  {
    code: 'RB0850',
    title: 'An upgrade without a backup that was verified',
    severity: 'error',
    acceptable: true,
    why: 'Managers cannot be rolled back: only a restore of swarm and UCP leads back, into the same version [D: ee/ucp/admin/install/upgrade.md, ee/admin/backup/back-up-ucp.md].',
    fix: 'Back up, verify, and accept the finding with the place of the backups as its reason.',
  },
]
