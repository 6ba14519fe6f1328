import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { planHead } from '../../views/text.ts'
import { approvalsPath, approvePlan } from '../approvals.ts'
import { exits } from '../exit.ts'
import type { Io } from '../io.ts'
import { readSaved, reportOfSaved } from '../review.ts'

/** Signs a saved plan with the person's SSH key. What is signed is its digest, so another plan is not approved by it. */
export function approve(
  args: { readonly plan: string; readonly key?: string; readonly as?: string },
  io: Io,
): number {
  const saved = readSaved(args.plan, io)
  io.err(`${planHead(reportOfSaved(saved), io.errPaint)}\n`)
  const by = args.as ?? userInfo().username
  approvePlan(args.plan, saved, by, args.key ?? join(homedir(), '.ssh', 'id_ed25519'), io)
  io.out(`${by} approves plan ${saved.digest.slice(0, 12)}: ${approvalsPath(args.plan)}\n`)
  io.err(`next: runbook apply ${args.plan}\n`)
  return exits.ok
}
