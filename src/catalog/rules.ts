import { finder } from '../plan/finder.ts'
import type { Finding, RulePage } from '../plan/finding.ts'
import { wantedPages } from './backup/wanted.ts'
import { majorityPages } from '../plan/majority.ts'
import { withoutPages } from '../plan/without.ts'
import type { Topology } from '../playbook/topology.ts'
import * as backup from './backup/rules.ts'
import { pages as dockerSeen } from './docker/preflight.ts'
import * as docker from './docker/rules.ts'
import { pages as dtrSeen } from './dtr/pages.ts'
import * as dtr from './dtr/rules.ts'
import { pages as balancerSeen } from './loadBalancer/findings.ts'
import * as loadBalancer from './loadBalancer/rules.ts'
import { recoverPages } from './recover/pages.ts'
import { pages as osSeen } from './os/preflight.ts'
import { pages as stepPages } from './steps/pages.ts'
import { pages as storageSeen } from './storage/findings.ts'
import * as storage from './storage/rules.ts'
import { pages as ucpSeen } from './ucp/pages.ts'
import * as ucp from './ucp/rules.ts'

const acceptPages: readonly RulePage[] = [
  {
    code: 'RB0209',
    severity: 'error',
    title: 'A finding that cannot be accepted',
    why: 'Only findings about judgement may be accepted. What cannot work is not a matter of opinion.',
    fix: 'Delete the entry and mend what the finding says. `runbook explain CODE` says which may be accepted.',
  },
  {
    code: 'RB0210',
    severity: 'warning',
    title: 'An acceptance of nothing',
    why: 'The finding no longer comes up. Left in place, the entry would hide it when it comes back for another reason.',
    fix: 'Delete the entry.',
  },
]

const products = [docker, ucp, dtr, storage, loadBalancer, backup]

/** The pages of all rules that need no host, each code once and sorted. */
export const rulePages: readonly RulePage[] = [
  ...new Map(
    [...products.flatMap(({ pages }) => pages), ...acceptPages].map(page => [page.code, page]),
  ).values(),
].sort((a, b) => (a.code < b.code ? -1 : 1))

/** Pages of what only hosts can tell. Whether an acceptance of one is needed, a playbook alone does not say. */
const seenPages = [
  osSeen,
  dockerSeen,
  ucpSeen,
  storageSeen,
  dtrSeen,
  balancerSeen,
  withoutPages,
  recoverPages,
  majorityPages,
  wantedPages,
].flat()

const find = finder(acceptPages)

/**
 * Everything the products have to say about a playbook before any host is asked.
 * @param more what own steps have to say, whose rules need interpreters that are loaded only for them
 */
export function playbookRules(topology: Topology, more: readonly Finding[] = []): readonly Finding[] {
  const findings = [...products.flatMap(({ rules }) => rules(topology)), ...more]
  return [...findings, ...acceptances(topology, findings)]
}

function acceptances({ accepts = [] }: Topology, findings: readonly Finding[]): readonly Finding[] {
  return accepts.flatMap(({ code }, i) => {
    const path = ['accept', i, 'code']
    if (seenPages.some(page => page.code === code && page.acceptable === true)) return []
    const page = [...rulePages, ...stepPages, ...seenPages].find(one => one.code === code)
    if (page?.acceptable !== true)
      return [
        find(
          'RB0209',
          path,
          page === undefined
            ? `there is no rule ${code} that could be accepted`
            : `${code} (${page.title.toLowerCase()}) cannot be accepted`,
          'delete the entry',
        ),
      ]
    return findings.some(finding => finding.code === code)
      ? []
      : [find('RB0210', path, `${code} does not come up`, 'delete the entry')]
  })
}
