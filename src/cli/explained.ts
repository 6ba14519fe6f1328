import { products } from '../catalog/index.ts'
import { recoverPages } from '../catalog/recover/pages.ts'
import { rulePages } from '../catalog/rules.ts'
import type { Fact } from '../plan/fact.ts'
import type { RulePage } from '../plan/finding.ts'
import type { KindPage } from '../plan/kind.ts'
import { wantedPages } from '../catalog/backup/wanted.ts'
import { majorityPages } from '../plan/majority.ts'
import { withoutPages } from '../plan/without.ts'
import { pages } from '../playbook/pages.ts'

/** The page of every code, each once, by code. */
export const codePages: readonly RulePage[] = [
  ...new Map(
    [
      ...pages,
      ...rulePages,
      ...withoutPages,
      ...majorityPages,
      ...wantedPages,
      ...recoverPages,
      ...products.flatMap(product => product.pages),
    ].map(page => [page.code, page]),
  ).values(),
].sort((a, b) => (a.code < b.code ? -1 : 1))

/** The page of every kind of step, in the order of the products. */
export const kindPages: readonly KindPage[] = products.flatMap(product => product.kinds)

/** Every question that can be put to a host, by name. */
export const factPages: readonly Fact[] = products
  .flatMap(product => product.facts)
  .sort((a, b) => (a.name < b.name ? -1 : 1))
