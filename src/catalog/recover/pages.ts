import { finder } from '../../plan/finder.ts'
import type { RulePage } from '../../plan/finding.ts'

/** Pages of what recipes have to say. */
export const recoverPages: readonly RulePage[] = [
  {
    code: 'RB0862',
    severity: 'error',
    title: 'Not the loss that the hosts show',
    why: 'A recipe for one loss is harm in another: an emergency repair drops members that live, a removal needs a majority that is there. What the hosts say points elsewhere, or says nothing.',
    fix: '`runbook recover FILE` lists the recipes and marks the one that the hosts point to. Where you know better, accept this finding with how you know it as its reason: each step still asks its own question right before it acts.',
    acceptable: true,
  },
  {
    code: 'RB0863',
    severity: 'error',
    title: 'What is lost could still be brought back',
    why: 'Members are on hosts that answer and could be started. Bringing a majority back loses nothing and changes no membership; what the recipe would do instead loses what only they hold, and nothing undoes it [D: repair-a-cluster.md, ee/admin/disaster-recovery.md; §8.6, §8.8].',
    fix: '`runbook apply FILE` starts what can be started. When that was tried and failed, accept this finding and say so; hosts that are gone are named with `--without`.',
    acceptable: true,
  },
  {
    code: 'RB0864',
    severity: 'error',
    title: 'No survivor to build on',
    why: 'Recoveries of a lost majority keep what one member still holds. None of the hosts that answer holds any.',
    fix: 'Bring one host back with its disk, or go on to the recipe for a total loss, which restores a backup.',
  },
  {
    code: 'RB0865',
    severity: 'warning',
    title: 'Hosts that were given up must not come back by themselves',
    why: 'An old manager that starts still believes in the group as it was. Two of them at once can be a majority of that group and act for it beside the new one: split brain, in the swarm, in etcd and in the auth store [dockerpac/dr, 12]. An old registry member joins nobody, but holds ports and names.',
    fix: 'Keep their engines off: power, network or `systemctl disable docker`. Bring them back by `runbook recover site-rejoin`, which clears one before it looks at the next.',
  },
  {
    code: 'RB0866',
    severity: 'error',
    title: 'A recipe that needs a backup',
    why: 'With the last member everything is gone but the backups: swarm, then UCP, then the registry are restored in this order [D: ee/admin/disaster-recovery.md].',
    fix: 'See `runbook backup list` and `runbook restore`; without them restore by hand, in that order, with the same versions.',
  },
  {
    code: 'RB0867',
    severity: 'warning',
    title: 'Which survivor holds the newest data could not be told',
    why: 'The repair keeps one member and drops the others, with whatever only they hold. The newest is chosen by when its database files were last written; here that could not be read, or two are equal to the minute. Then the one that runs comes first, then the order of the playbook.',
    fix: 'Compare them by hand when it matters: the newest file below /var/lib/docker/volumes/dtr-rethink-ID/_data. Name the hosts that shall not be chosen with `--without`.',
  },
]

/** A finding of a recipe, with the severity that its page says. */
export const find = finder(recoverPages)
