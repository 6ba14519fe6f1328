import { expect, test } from 'vitest'
import { NoRoom, shellPool } from '../../src/hosts/pool.ts'
import type { Shell } from '../../src/hosts/shell.ts'

function fakeShell(): Shell & { end(): void } {
  let closed = false
  return {
    ask: () => Promise.resolve('done'),
    greeted: () => true,
    closed: () => closed,
    close: () => (closed = true),
    end: () => (closed = true),
  }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Runs `count` tasks that all wait for `release`, and counts how many run at once. */
function load(pool: ReturnType<typeof shellPool>, count: number) {
  let running = 0
  const seen = { most: 0, shells: new Set<Shell>() }
  let release: () => void = () => undefined
  const gate = new Promise<void>(resolve => (release = resolve))
  const all = Promise.all(
    Array.from({ length: count }, () =>
      pool.use(async shell => {
        seen.shells.add(shell)
        seen.most = Math.max(seen.most, ++running)
        await gate
        running -= 1
      }),
    ),
  )
  return { seen, release, all }
}

test('one shell serves one task after the other', async () => {
  let opened = 0
  const pool = shellPool(() => {
    opened += 1
    return Promise.resolve(fakeShell())
  })
  for (let i = 0; i < 5; i++) await pool.use(() => Promise.resolve())
  expect(opened).toBe(1)
})

test('at most 8 at once, the others wait their turn', async () => {
  const pool = shellPool(() => Promise.resolve(fakeShell()))
  const { seen, release, all } = load(pool, 30)
  await turn()
  release()
  await all
  expect(seen.most).toBe(8)
  expect(seen.shells.size).toBe(8)
})

test('shrinks to the room there is', async () => {
  let opened = 0
  const pool = shellPool(() =>
    ++opened > 2 ? Promise.reject(new NoRoom('open failed')) : Promise.resolve(fakeShell()),
  )
  const { seen, release, all } = load(pool, 10)
  await turn()
  release()
  await all
  expect(seen.most).toBe(2)
  expect(pool.limit()).toBe(2)
})

test('no room at all is an error, not a wait', async () => {
  const pool = shellPool(() => Promise.reject(new NoRoom('open failed')))
  await expect(pool.use(() => Promise.resolve())).rejects.toThrow('open failed')
})

test('a shell that died is not used again', async () => {
  const shells: (Shell & { end(): void })[] = []
  const pool = shellPool(() => {
    const shell = fakeShell()
    shells.push(shell)
    return Promise.resolve(shell)
  })
  await pool.use(() => Promise.resolve(shells[0]?.end()))
  const used = await pool.use(shell => Promise.resolve(shell))
  expect(used).toBe(shells[1])
  shells[1]?.end()
  expect(await pool.use(shell => Promise.resolve(shell))).toBe(shells[2])
})
