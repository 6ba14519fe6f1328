import type { StatusReport } from '../views/status.ts'

/** The commands that lead on from what was seen, most urgent first; none when all is as declared. Pure. */
export function advice(report: Omit<StatusReport, 'next'>, file: string): readonly string[] {
  const silent = Object.keys(report.unreachable).sort()
  const gone = silent.length === 0 ? '' : ` --without ${silent.join(',')}`
  const recoveries = (report.recipes ?? []).map(name => `runbook recover ${name} ${file}${gone} --dry-run`)
  const states = report.health.map(({ state }) => state)
  // With a majority lost apply is refused; with members lost it does what the recipe does; a balancer alone is a matter of apply.
  if (states.includes('lost')) return [...recoveries, ...others(report, file)]
  return [...others(report, file), ...(states.includes('degraded') ? recoveries : [])]
}

function others(report: Omit<StatusReport, 'next'>, file: string): readonly string[] {
  const refusing = report.findings.filter(one => one.severity === 'error').map(one => one.code)
  // A rule that refuses would refuse the plan too: first its page.
  if (refusing.length > 0) return [...new Set(refusing)].map(code => `runbook explain ${code}`)
  if (report.drift.length > 0) return [`runbook plan ${file}`, `runbook apply ${file}`]
  return []
}
