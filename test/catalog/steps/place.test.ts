import { describe, expect, it } from 'vitest'
import type { MadeSteps } from '../../../src/catalog/steps/make.ts'
import { place } from '../../../src/catalog/steps/place.ts'
import type { ProductSteps } from '../../../src/catalog/product.ts'
import { order } from '../../../src/plan/order.ts'
import type { Step } from '../../../src/plan/step.ts'

function one(kind: string, host: string, needs: readonly string[]): Step {
  return {
    id: `${kind}@${host}`,
    kind,
    title: kind,
    section: '',
    host,
    needs,
    requires: [],
    during: [],
    goal: [],
    run: [],
    withinSeconds: 0,
    takes: { p50Seconds: 1, p90Seconds: 1 },
    risk: 'none',
    inDoubt: 'repeat',
  }
}

/** docker.install everywhere, ucp.install then ucp.join twice with a gate between, nothing for storage, dtr.install. */
const products: readonly ProductSteps[] = [
  { name: 'os', steps: [] },
  { name: 'docker', steps: [one('docker.install', 'a', []), one('docker.install', 'b', [])] },
  {
    name: 'ucp',
    steps: [
      one('ucp.install', 'a', ['docker.install@a', 'docker.install@b']),
      one('ucp.join', 'b', ['ucp.install@a']),
      one('ucp.gate', 'b', ['ucp.join@b']),
      one('ucp.join', 'c', ['ucp.gate@b']),
    ],
  },
  { name: 'storage', steps: [] },
  { name: 'dtr', steps: [one('dtr.install', 'c', ['ucp.join@c'])] },
]
const kinds = () =>
  new Set([...products.flatMap(({ steps }) => steps.map(({ kind }) => kind)), 'dtr.upgrade'])

function own(
  name: string,
  at: { before?: string; after?: string },
  index = 0,
  hosts: readonly string[] = ['a'],
): MadeSteps {
  return {
    index,
    spec: { name, hosts, actions: [], ...at },
    steps: hosts.map(host => one(`step.${name}`, host, [])),
  }
}

function needsOf(steps: readonly Step[], id: string): readonly string[] {
  return [...(steps.find(step => step.id === id)?.needs ?? ['not there'])].sort()
}

describe('place', () => {
  it('puts a step before a product: after what that waits for', () => {
    const { steps } = place(products, [own('x', { before: 'ucp' })], kinds)
    expect(needsOf(steps, 'step.x@a')).toEqual(['docker.install@a', 'docker.install@b'])
    expect(needsOf(steps, 'ucp.install@a')).toEqual(['docker.install@a', 'docker.install@b', 'step.x@a'])
    expect(needsOf(steps, 'ucp.join@b')).toEqual(['ucp.install@a'])
  })

  it('puts a step before everything', () => {
    const { steps } = place(products, [own('x', { before: 'docker' })], kinds)
    expect(needsOf(steps, 'step.x@a')).toEqual([])
    expect(needsOf(steps, 'docker.install@a')).toEqual(['step.x@a'])
    expect(needsOf(steps, 'docker.install@b')).toEqual(['step.x@a'])
  })

  it('puts a step after a product: what follows waits for it', () => {
    const { steps } = place(products, [own('x', { after: 'ucp' })], kinds)
    expect(needsOf(steps, 'step.x@a')).toEqual(['ucp.join@c'])
    expect(needsOf(steps, 'dtr.install@c')).toEqual(['step.x@a', 'ucp.join@c'])
  })

  it('puts a step before and after a kind of step, gates between left alone', () => {
    const before = place(products, [own('x', { before: 'ucp.join' })], kinds).steps
    expect(needsOf(before, 'step.x@a')).toEqual(['ucp.install@a'])
    expect(needsOf(before, 'ucp.join@b')).toEqual(['step.x@a', 'ucp.install@a'])
    expect(needsOf(before, 'ucp.join@c')).toEqual(['ucp.gate@b'])
    const after = place(products, [own('x', { after: 'ucp.join' })], kinds).steps
    expect(needsOf(after, 'step.x@a')).toEqual(['ucp.join@c'])
    expect(needsOf(after, 'ucp.gate@b')).toEqual(['ucp.join@b'])
    expect(needsOf(after, 'dtr.install@c')).toEqual(['step.x@a', 'ucp.join@c'])
  })

  it('puts a step at a product that has nothing to do: between its neighbours', () => {
    for (const at of [{ before: 'storage' }, { after: 'storage' }]) {
      const { steps, findings } = place(products, [own('x', at)], kinds)
      expect(findings).toEqual([])
      expect(needsOf(steps, 'step.x@a')).toEqual(['ucp.join@c'])
      expect(needsOf(steps, 'dtr.install@c')).toEqual(['step.x@a', 'ucp.join@c'])
    }
    const first = place(products, [own('x', { after: 'os' })], kinds).steps
    expect(needsOf(first, 'docker.install@a')).toEqual(['step.x@a'])
  })

  it('puts a step after everything, other own steps too', () => {
    const { steps } = place(products, [own('last', {}), own('x', { after: 'dtr' }, 1)], kinds)
    expect(needsOf(steps, 'step.x@a')).toEqual(['dtr.install@c'])
    expect(needsOf(steps, 'step.last@a')).toEqual(['step.x@a'])
  })

  it('puts a step between two points, and nothing else waits for it', () => {
    const { steps } = place(products, [own('x', { after: 'ucp.install', before: 'dtr' })], kinds)
    expect(needsOf(steps, 'step.x@a')).toEqual(['ucp.install@a'])
    expect(needsOf(steps, 'dtr.install@c')).toEqual(['step.x@a', 'ucp.join@c'])
    expect(needsOf(steps, 'ucp.join@b')).toEqual(['ucp.install@a'])
  })

  it('keeps the order of the playbook at one point: host by host, else all of it', () => {
    const group = [
      own('one', { after: 'ucp' }, 0, ['a', 'b']),
      own('two', { after: 'ucp' }, 1, ['a', 'b']),
      own('three', { after: 'ucp' }, 2, ['b', 'c']),
    ]
    const { steps } = place(products, group, kinds)
    expect(needsOf(steps, 'step.two@a')).toEqual(['step.one@a'])
    expect(needsOf(steps, 'step.three@c')).toEqual(['step.two@a', 'step.two@b'])
    expect(needsOf(steps, 'dtr.install@c')).toEqual(['step.three@b', 'step.three@c', 'ucp.join@c'])
  })

  it('refuses an order that cannot be, at the line that asks for it', () => {
    const { steps, findings } = place(products, [own('x', { after: 'dtr', before: 'docker' }, 3)], kinds)
    expect(findings).toMatchObject([{ code: 'RB0911', severity: 'error', path: ['steps', 3, 'before'] }])
    expect(findings[0]?.message).toContain("'dtr' itself comes after 'docker'")
    expect(steps.map(({ id }) => id)).not.toContain('step.x@a')
    expect(place(products, [own('x', { after: 'ucp', before: 'ucp' })], kinds).findings).toMatchObject([
      { code: 'RB0911' },
    ])
  })

  it('refuses a point that does not exist, and notes one that this plan does not have', () => {
    const { findings } = place(
      products,
      [own('x', { before: 'dtr.jion' }), own('y', { before: 'dtr.upgrade' }, 1)],
      kinds,
    )
    expect(findings).toMatchObject([
      { code: 'RB0910', severity: 'error', path: ['steps', 0, 'before'] },
      { code: 'RB0912', severity: 'note', path: ['steps', 1, 'before'] },
    ])
    expect(findings[0]?.help).toContain('ucp.join')
  })

  it('makes no circle, whatever the points', () => {
    const points = ['docker', 'ucp', 'storage', 'dtr', 'ucp.join', 'ucp.gate', 'ucp.install', undefined]
    for (const after of points) {
      for (const before of points) {
        for (const also of points) {
          const all = [
            own('x', { ...(after !== undefined && { after }), ...(before !== undefined && { before }) }, 0, [
              'a',
              'b',
            ]),
            own('y', { ...(also !== undefined && { before: also }) }, 1),
            own('z', { ...(also !== undefined && { after: also }) }, 2),
          ]
          const { steps, findings } = place(products, all, kinds)
          const sorted = order(steps)
          expect(sorted.length + findings.length * 2).toBeGreaterThanOrEqual(7 + 4)
        }
      }
    }
  })
})
