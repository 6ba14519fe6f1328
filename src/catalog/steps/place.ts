import type { Finding } from '../../plan/finding.ts'
import type { Step, StepId } from '../../plan/step.ts'
import type { ProductSteps } from '../product.ts'
import type { MadeSteps } from './make.ts'
import { find } from './pages.ts'

/** All steps, the person's own among them, and what is wrong with where those shall go. */
export interface Placement {
  readonly steps: readonly Step[]
  readonly findings: readonly Finding[]
}

/**
 * Puts own steps at their points among the products' steps by adding to `needs`; no step is changed otherwise.
 * - before X: after all that X waits for; the first steps of X wait for it.
 * - after X: after the last steps of X; all that waits for X waits for it too.
 * - neither: after everything.
 * X is a product or a kind of step. Own steps at one point go in the order of the playbook: on a host one after another; where the
 * hosts differ from those of the step before, after all of it.
 * @param kinds every kind of step that plans of this playbook may have
 */
export function place(
  products: readonly ProductSteps[],
  own: readonly MadeSteps[],
  kinds: () => ReadonlySet<string>,
): Placement {
  const findings: Finding[] = []
  const graph = new Graph(products.flatMap(({ steps }) => steps))
  const all = products.flatMap(({ steps }) => steps)
  const windowOf = (key: 'after' | 'before', point: string): Window | 'unknown' | 'none' => {
    const index = products.findIndex(({ name }) => name === point)
    if (index >= 0) return productWindow(key, index, products)
    const ofKind = all.filter(step => step.kind === point)
    if (ofKind.length > 0) return { [key]: idsOf(ofKind) }
    return kinds().has(point) ? 'none' : 'unknown'
  }
  const groups = new Map<string, MadeSteps[]>()
  for (const one of own) {
    const key = JSON.stringify([one.spec.after ?? null, one.spec.before ?? null])
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  // Steps at a point go in first, so that those after everything come after them too.
  const ordered = [...groups.values()].sort((a, b) => Number(isLast(a)) - Number(isLast(b)))
  for (const group of ordered) {
    const [first] = group
    if (first === undefined) continue
    const windows = { after: {} as Window, before: {} as Window }
    const wrong = (['after', 'before'] as const).flatMap(key => {
      const point = first.spec[key]
      const seen = point === undefined ? {} : windowOf(key, point)
      if (seen === 'none')
        return told('RB0912', group, key, `this plan has no step '${point ?? ''}', so the step is left out`)
      if (seen !== 'unknown') {
        windows[key] = seen
        return []
      }
      const names = [...products.map(({ name }) => name), ...kinds()].sort()
      const help = `products and kinds of steps here: ${names.join(', ')}`
      return told('RB0910', group, key, `nothing here is called '${point ?? ''}'`, help)
    })
    findings.push(...wrong)
    if (wrong.length > 0) continue
    const after = windows.after.after ?? windows.before.after
    const before = windows.before.before ?? windows.after.before
    if (after !== undefined && before !== undefined && graph.leads(before, after)) {
      const [earlier = '', later = ''] = [first.spec.before, first.spec.after]
      const message = `'${later}' itself comes after '${earlier}', so nothing can come after the one and before the other`
      findings.push(
        ...told('RB0911', group, 'before', message, "delete one of 'before' and 'after', or swap them"),
      )
      continue
    }
    put(group, graph, after, before)
  }
  return { steps: graph.steps(), findings }
}

/** Between which steps something goes. */
interface Window {
  readonly after?: readonly StepId[]
  readonly before?: readonly StepId[]
}

/** A product that has nothing to do here is a point all the same: between its neighbours. */
function productWindow(key: 'after' | 'before', index: number, products: readonly ProductSteps[]): Window {
  const own = products[index]?.steps ?? []
  if (own.length > 0) return { [key]: idsOf(own) }
  const earlier = products.slice(0, index).findLast(({ steps }) => steps.length > 0)
  if (earlier !== undefined) return { after: idsOf(earlier.steps) }
  const later = products.slice(index).find(({ steps }) => steps.length > 0)
  return later === undefined ? {} : { before: idsOf(later.steps) }
}

function idsOf(steps: readonly Step[]): readonly StepId[] {
  return steps.map(step => step.id)
}

function isLast([one]: readonly MadeSteps[]): boolean {
  return one?.spec.after === undefined && one?.spec.before === undefined
}

function told(
  code: string,
  group: readonly MadeSteps[],
  key: 'before' | 'after',
  message: string,
  help?: string,
): readonly Finding[] {
  return group.map(({ index }) => find(code, ['steps', index, key], message, help))
}

function put(
  group: readonly MadeSteps[],
  graph: Graph,
  after: readonly StepId[] | undefined,
  before: readonly StepId[] | undefined,
): void {
  const chain = chained(group)
  if (chain.length === 0) return
  const entry =
    after !== undefined
      ? graph.lastOf(after)
      : before !== undefined
        ? graph.waitedForBy(before)
        : graph.ends()
  const followers =
    before !== undefined ? graph.firstOf(before) : after !== undefined ? graph.waitingFor(after) : []
  const needed = new Set(chain.flatMap(step => step.needs))
  const exits = chain.filter(step => !needed.has(step.id)).map(step => step.id)
  for (const step of chain) graph.add(step.needs.length === 0 ? { ...step, needs: entry } : step)
  for (const follower of followers) graph.need(follower, exits)
}

/** The steps of one point with the order among themselves. */
function chained(group: readonly MadeSteps[]): readonly Step[] {
  const chain: Step[] = []
  let last: readonly Step[] = []
  for (const { steps } of group) {
    if (steps.length === 0) continue
    const sameHosts = last.length === steps.length && last.every((step, i) => step.host === steps[i]?.host)
    const all = last.map(before => before.id)
    const now = steps.map((step, i) => ({ ...step, needs: sameHosts ? all.slice(i, i + 1) : all }))
    chain.push(...now)
    last = now
  }
  return chain
}

/** Steps and what waits for what. */
class Graph {
  readonly #steps: Map<StepId, Step>
  constructor(steps: readonly Step[]) {
    this.#steps = new Map(steps.map(step => [step.id, step]))
  }
  steps(): readonly Step[] {
    return [...this.#steps.values()]
  }
  add(step: Step): void {
    if (this.#steps.has(step.id)) throw new Error(`two steps have the id ${step.id}`)
    this.#steps.set(step.id, step)
  }
  need(id: StepId, more: readonly StepId[]): void {
    const step = this.#steps.get(id)
    if (step !== undefined) this.#steps.set(id, { ...step, needs: [...new Set([...step.needs, ...more])] })
  }
  /** Those that no step waits for. */
  ends(): readonly StepId[] {
    const needed = new Set(this.steps().flatMap(step => step.needs))
    return [...this.#steps.keys()].filter(id => !needed.has(id))
  }
  /** Those of a set that wait for none of it. */
  firstOf(ids: readonly StepId[]): readonly StepId[] {
    const wanted = new Set(ids)
    return ids.filter(id => ![...this.#before([id])].some(one => wanted.has(one)))
  }
  /** Those of a set that none of it waits for. */
  lastOf(ids: readonly StepId[]): readonly StepId[] {
    const inner = this.#before(ids)
    return ids.filter(id => !inner.has(id))
  }
  /** What the first steps of a set wait for. */
  waitedForBy(ids: readonly StepId[]): readonly StepId[] {
    return [...new Set(this.firstOf(ids).flatMap(id => this.#steps.get(id)?.needs ?? []))]
  }
  /** What comes after a set and not before any of it, and waits for it at once or through what lies between. */
  waitingFor(ids: readonly StepId[]): readonly StepId[] {
    const set = new Set(ids)
    const before = this.#before(ids)
    const after = new Set(
      this.steps()
        .filter(step => !set.has(step.id) && this.#reaches(step.id, set))
        .map(step => step.id),
    )
    return [...after].filter(
      id =>
        !before.has(id) &&
        (this.#steps.get(id)?.needs ?? []).some(
          need => set.has(need) || (after.has(need) && before.has(need)),
        ),
    )
  }
  /** Whether any step of the second set waits for one of the first, or is one. */
  leads(from: readonly StepId[], to: readonly StepId[]): boolean {
    const behind = this.#before(to)
    const targets = new Set(to)
    return from.some(id => behind.has(id) || targets.has(id))
  }
  #reaches(id: StepId, set: ReadonlySet<StepId>): boolean {
    return [...this.#before([id])].some(one => set.has(one))
  }
  /** All that these wait for, near and far; a member is in it only when another waits for it. */
  #before(ids: readonly StepId[]): ReadonlySet<StepId> {
    const seen = new Set<StepId>()
    const open = ids.flatMap(id => this.#steps.get(id)?.needs ?? [])
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (seen.has(id)) continue
      seen.add(id)
      open.push(...(this.#steps.get(id)?.needs ?? []))
    }
    return seen
  }
}
