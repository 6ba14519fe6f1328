import { describe, expect, it } from 'vitest'
import { render } from '../../src/cli/review.ts'
import { canonical } from '../../src/plan/canonical.ts'
import type { SavedPlan } from '../../src/plan/saved.ts'
import { noPaint } from '../../src/views/layout.ts'
import { changes, planOf, rehearsed } from './changes.ts'

const made = new Map<string, Promise<SavedPlan>>()

describe.each(changes)('$name', change => {
  const saved = (): Promise<SavedPlan> => {
    const known = made.get(change.name) ?? planOf(change)
    made.set(change.name, known)
    return known
  }

  it.each([
    ['text', 'txt'],
    ['md', 'md'],
    ['json', 'json'],
  ] as const)('as %s is what the golden file says', async (format, ending) => {
    const text = await render(await saved(), format, noPaint)
    await expect(text).toMatchFileSnapshot(`../golden/changes/${change.name}.${ending}`)
  })

  it('is the same plan with the hosts in another order in the file', async () => {
    const bytes = ({ plan }: SavedPlan): string =>
      canonical({ ...plan, from: { ...plan.from, playbook: '' } })
    expect(bytes(await planOf(change, true))).toBe(bytes(await saved()))
  })

  it('does what it says, and survives failures', async () => {
    const { injected, stuck, diverged, wrong } = await rehearsed(change, 12)
    expect(injected).toBe(12)
    expect({ stuck, diverged, wrong }).toEqual({ stuck: [], diverged: [], wrong: [] })
  })
})
