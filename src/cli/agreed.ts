import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { SavedPlan } from '../plan/saved.ts'
import { insistOnApproved, RULES_FILE, rulesOf } from './approvals.ts'
import { Quit } from './exit.ts'
import type { Io } from './io.ts'
import { savedText } from './review.ts'

interface Asked {
  readonly file: string
  readonly plan?: string
  readonly approvalsFrom?: string
}

/**
 * Checks the approvals of a plan, where rules are to hold: always when a base branch is named (`--approvals-from`, or
 * RUNBOOK_APPROVALS_FROM), and in CI wherever there is a file of rules. The rules are the base branch's: a change cannot approve itself.
 * @throws Quit 'unanswered' when too few have signed, or nobody said which branch's rules hold
 */
export function insistOnAgreed(args: Asked, playbook: string, now: SavedPlan, io: Io): void {
  const base = args.approvalsFrom ?? (io.env['RUNBOOK_APPROVALS_FROM'] || undefined)
  if (base === undefined) {
    const isCi = (io.env['CI'] ?? '') !== '' && io.env['CI'] !== 'false'
    if (!isCi || !existsSync(join(dirname(resolve(io.cwd, playbook)), RULES_FILE))) return
    throw new Quit(
      'unanswered',
      `there are rules in ${RULES_FILE}, and nobody said of which branch they hold`,
      '--approvals-from origin/main, or RUNBOOK_APPROVALS_FROM; nothing was changed',
    )
  }
  const rules = rulesOf(base, playbook, io)
  if (rules === undefined)
    throw new Quit('unanswered', `${base} has no ${RULES_FILE} beside ${playbook}`, 'nothing was changed')
  const plan = savedText(resolve(io.cwd, args.file)) === undefined ? args.plan : args.file
  insistOnApproved(rules, plan, now, io)
}
