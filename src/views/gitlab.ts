import { actions } from './overview.ts'
import type { PlanReport } from './text.ts'

/** The file of `artifacts:reports:terraform`, from which GitLab draws its merge request widget: `{"create","update","delete"}`. */
export function planGitlab(report: PlanReport): string {
  const { create, update, delete: remove } = actions(report)
  return `${JSON.stringify({ create, update, delete: remove })}\n`
}
