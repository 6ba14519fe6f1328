/** Every form a plan can be shown in. */
export const planFormats = [
  'text',
  'md',
  'json',
  'html',
  'sarif',
  'junit',
  'gitlab',
  'bash',
  'runbook.md',
] as const
export type PlanFormat = (typeof planFormats)[number]
