import type { Facts } from '../../plan/fact.ts'
import type { Finding, RulePage } from '../../plan/finding.ts'
import { preview } from '../../plan/preview.ts'
import type { FactRef, Plan } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { settle } from '../accept.ts'
import { asksFresh, freshBackup } from './fresh.ts'

/** Pages of what is said where a backup is wanted before a change. */
export const wantedPages: readonly RulePage[] = [
  {
    code: 'RB0869',
    severity: 'error',
    title: 'What cannot be undone, without a fresh backup',
    acceptable: true,
    why: 'The playbook says where backups go (`backup:`). Of what the plan does something cannot be undone, and no complete and verified set younger than backup.maxAgeHours is known to the managers [§11.3 of the vendor sheet].',
    fix: '`runbook backup create FILE`, then the same command again. Or accept the finding with the reason why none is needed.',
  },
]

/** Upgrades say the same with codes of their own, since they need a backup also where the playbook names no place for one. */
const own = ['ucp.upgrade', 'ucp.upgradeWorker', 'dtr.upgrade']

/** What to ask so that backups can be told of: nothing where the playbook has no `backup:`. */
export function asksBackup(topology: Topology): readonly FactRef[] {
  return topology.backup === undefined ? [] : asksFresh(topology)
}

/** The newest set in words; `isFresh`: it is complete, verified, and young enough. */
function newestBackup(
  topology: Topology,
  facts: Facts,
): { readonly isFresh: boolean; readonly words: string } {
  if (topology.backup === undefined) return { isFresh: false, words: 'the playbook has no `backup:`' }
  const seen = freshBackup(topology, facts)
  const hours = (seconds: number): string => `${(seconds / 3600).toFixed(1)} h old`
  switch (seen.is) {
    case 'fresh':
      return {
        isFresh: true,
        words: `backup ${seen.set} is complete and verified, ${hours(seen.ageSeconds)}`,
      }
    case 'stale':
      return { isFresh: false, words: `the newest verified backup is ${seen.set}, ${hours(seen.ageSeconds)}` }
    case 'unverified':
      return { isFresh: false, words: `backup ${seen.set} is not complete and verified` }
    case 'none':
      return { isFresh: false, words: 'the managers know of no backup' }
    case 'unknown':
      return { isFresh: false, words: 'no manager could say which backups there are' }
  }
}

/** A finding that wants a backup: a note where there is a fresh one, else it says what there is and how to make one. */
export function unlessBackedUp(finding: Finding, topology: Topology, facts: Facts): Finding {
  const { isFresh, words } = newestBackup(topology, facts)
  if (isFresh) return { ...finding, severity: 'note', message: `${finding.message} (${words})` }
  if (topology.backup === undefined) return finding
  const { help } = finding
  return {
    ...finding,
    message: `${finding.message}; ${words}`,
    help: `\`runbook backup create FILE\`, then again${help === undefined ? '' : `; or: ${help}`}`,
  }
}

/** Steps of a plan that would run and cannot be undone, where the playbook has backups made and none is fresh. Pure. */
export function backupWanted(topology: Topology, plan: Plan, facts: Facts): readonly Finding[] {
  if (topology.backup === undefined) return []
  const runs = new Set(
    preview(plan, facts)
      .filter(one => one.will !== 'hold')
      .map(one => one.step),
  )
  const steps = plan.steps.filter(
    step => step.risk === 'irreversible' && runs.has(step.id) && !own.includes(step.kind),
  )
  const [first] = steps
  if (first === undefined) return []
  const more = steps.length > 1 ? ` and ${String(steps.length - 1)} more` : ''
  const finding: Finding = {
    code: 'RB0869',
    severity: 'error',
    path: ['backup'],
    message: `${first.id}${more} cannot be undone`,
    help: 'accept RB0869 with the reason why none is needed',
  }
  return settle(topology, wantedPages, [unlessBackedUp(finding, topology, facts)])
}
