import type { StatusReport } from '../views/status.ts'

/** The commands that lead on from what was seen, most urgent first; none when all is as declared. Pure. */
export function advice(report: Omit<StatusReport, 'next'>, file: string): readonly string[] {
  const refusing = report.findings.filter(one => one.severity === 'error').map(one => one.code)
  // A rule that refuses would refuse the plan too: first its page.
  if (refusing.length > 0) return [...new Set(refusing)].map(code => `runbook explain ${code}`)
  if (report.drift.length > 0) return [`runbook plan ${file}`, `runbook apply ${file}`]
  return []
}
