import type { RulePage } from '../../plan/finding.ts'

/** The pages of what is wrong with a drill's file beyond its shape. */
export const drillPages: readonly RulePage[] = [
  {
    code: 'RB0950',
    severity: 'error',
    title: 'A drill names a host that its playbook does not',
    why: 'A fault on a host that is not part of the cluster under test would break something else, or nothing.',
    fix: 'Name a host of the playbook that stands at `cluster`.',
  },
  {
    code: 'RB0951',
    severity: 'error',
    title: 'A drill names a role that its playbook does not',
    why: 'Roles are manager, worker, dtr, loadBalancer and those that the playbook makes.',
    fix: 'Name one of them, or hosts.',
  },
  {
    code: 'RB0952',
    severity: 'error',
    title: 'A drill names a site that its playbook does not',
    why: "Sites are what hosts of the playbook say as 'site'.",
    fix: "Give the hosts their 'site', or name hosts.",
  },
  {
    code: 'RB0953',
    severity: 'error',
    title: 'A drill chooses no host at all',
    why: 'A fault that strikes nobody would let the drill pass without anything having been tried.',
    fix: 'Name a role and a site that meet, or hosts.',
  },
  {
    code: 'RB0954',
    severity: 'error',
    title: 'Two phases of a drill have the same name',
    why: 'Answers and figures are kept by the names of phases.',
    fix: "Give one of them another 'id'.",
  },
  {
    code: 'RB0955',
    severity: 'error',
    title: 'A drill asks for a recipe that there is not',
    why: 'The recovery of a drill is the very one of `runbook recover`; a name that means nothing there means nothing here.',
    fix: '`runbook recover FILE` lists the recipes; `apply` stands for making the playbook true again.',
  },
  {
    code: 'RB0956',
    severity: 'warning',
    title: 'The canaries run on a host that the drill breaks',
    why: 'What fails then may be the client and not the service, and the figures would be too bad.',
    fix: "Name another host as 'canaries.from'.",
  },
  {
    code: 'RB0957',
    severity: 'error',
    title: 'A drill of a cluster without a registry',
    why: 'Recovery time and data loss are measured by clients of the registry.',
    fix: "Name a playbook with a 'dtr'.",
  },
  {
    code: 'RB0958',
    severity: 'error',
    title: 'A rule that ends a drill says not what it looks at',
    why: 'A rule looks at one thing: how many of a group are up, or whether a canary fails.',
    fix: 'Write { canary: pull, for: 10m } or { quorum: swarm raft, below: 2 }.',
  },
  {
    code: 'RB0959',
    severity: 'error',
    title: 'A partition with one side',
    why: 'Hosts are cut off from other hosts of the playbook; those stand at `from`. The way in for administrators stays open.',
    fix: "Add 'from', as in from: { role: dtr }.",
  },
]
