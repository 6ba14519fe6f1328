import type { Finding, RulePage } from './finding.ts'

/**
 * Makes findings whose severity is their page's, so that no finding is without a page.
 * @throws when a code has no page: a mistake in the code, not in a playbook.
 */
export function finder(pages: readonly RulePage[]) {
  const severities = new Map(pages.map(page => [page.code, page.severity]))
  return (code: string, path: Finding['path'], message: string, help?: string): Finding => {
    const severity = severities.get(code)
    if (severity === undefined) throw new Error(`finding ${code} has no page`)
    return { code, severity, message, path, ...(help !== undefined && { help }) }
  }
}
