import type { Finding } from '../../plan/finding.ts'
import { pages } from './pages.ts'

const severities = new Map(pages.map(page => [page.code, page.severity]))

/** A finding about what hosts say of the registry, with the severity its page says. @throws when it has no page */
export function find(
  code: string,
  path: Finding['path'],
  message: string,
  help: string,
  host?: string,
): Finding {
  const severity = severities.get(code)
  if (severity === undefined) throw new Error(`finding ${code} has no page`)
  return { code, severity, message, path, help, ...(host !== undefined && { host }) }
}
