import { compareVersions } from '../../plan/version.ts'

/** What becomes of an engine of another version than the playbook's. Patches, minors and majors are free, nothing leads back. */
export function engineMove(from: string, to: string): 'stay' | 'upgrade' | 'downgrade' {
  // '19.03' covers all its patches: only what the playbook says is compared.
  const seen = from
    .replace(/[+~-].*$/, '')
    .split('.')
    .slice(0, to.split('.').length)
    .join('.')
  const difference = compareVersions(seen, to)
  return difference === 0 ? 'stay' : difference < 0 ? 'upgrade' : 'downgrade'
}
