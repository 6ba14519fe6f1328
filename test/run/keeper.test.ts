import { expect, it } from 'vitest'
import type { KeepAct } from '../../src/hosts/custody.ts'
import { createKeeper } from '../../src/run/keeper.ts'
import type { Sessions } from '../../src/run/world.ts'
import { actOnKept, custodyOf } from '../../src/twin/custody.ts'

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms).unref())

/** One host that keeps files, and what it was asked. */
function host(kept: { readonly [path: string]: string } = {}): {
  readonly sessions: Sessions
  readonly kept: { readonly [path: string]: string }
  readonly asked: string[]
} {
  const custody = custodyOf({ up: true, files: {}, jobs: {}, state: {} })
  Object.assign(custody.kept, kept)
  const asked: string[] = []
  const keep = (act: KeepAct): Promise<Uint8Array | undefined> => {
    asked.push(act.verb)
    return Promise.resolve(actOnKept(custody, act))
  }
  const sessions = { to: () => Promise.resolve({ keep } as never), closeAll: () => Promise.resolve() }
  return { sessions, kept: custody.kept, asked }
}

it('of a new run no host is asked what it has', async () => {
  const { sessions, kept, asked } = host()
  const keeper = createKeeper('R', ['h'], sessions, sleep, true)
  keeper.append('plan.json', '{}')
  keeper.append('journal.jsonl', 'one\n')
  await keeper.settle(1000)
  keeper.append('journal.jsonl', 'two\n')
  await keeper.settle(1000)
  expect(kept).toEqual({ 'R/plan.json': '{}', 'R/journal.jsonl': 'one\ntwo\n' })
  expect(asked).toEqual(['put', 'put', 'put'])
})

it.each([
  ['what another run of that name left', 'something else'],
  ['a beginning of ours, and more than was thought', 'on'],
])('%s is found all the same', async (_, before) => {
  const { sessions, kept } = host({ 'R/journal.jsonl': before })
  const keeper = createKeeper('R', ['h'], sessions, sleep, true)
  keeper.append('journal.jsonl', 'one\n')
  await keeper.settle(1000)
  expect(kept).toEqual({ 'R/journal.jsonl': 'one\n' })
})

it('of a run gone on with it is asked, and what is there is not sent again', async () => {
  const { sessions, kept, asked } = host({ 'R/journal.jsonl': 'one\n' })
  const keeper = createKeeper('R', ['h'], sessions, sleep)
  keeper.append('journal.jsonl', 'one\ntwo\n')
  await keeper.settle(1000)
  expect(kept).toEqual({ 'R/journal.jsonl': 'one\ntwo\n' })
  expect(asked.slice(0, 2)).toEqual(['get', 'get'])
})
