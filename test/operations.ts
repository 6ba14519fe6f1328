/**
 * How often maps, sets and arrays are read, written and walked while `act` runs: a measure of work that is the same on every
 * machine. Walking an array counts its items, copying a map each of its entries.
 */
export async function operations(act: () => unknown): Promise<number> {
  let count = 0
  const undo: (() => void)[] = []
  const watch = (prototype: object, names: readonly string[], cost: (self: unknown) => number): void => {
    for (const name of names) {
      const before = Object.getOwnPropertyDescriptor(prototype, name)
      if (before === undefined) throw new Error(`no ${name} to count`)
      const original = before.value as (...args: unknown[]) => unknown
      Object.defineProperty(prototype, name, {
        ...before,
        value(this: unknown, ...args: unknown[]) {
          count += cost(this)
          return original.apply(this, args)
        },
      })
      undo.push(() => {
        Object.defineProperty(prototype, name, before)
      })
    }
  }
  watch(Map.prototype, ['get', 'set', 'has', 'delete'], () => 1)
  watch(Set.prototype, ['add', 'has', 'delete'], () => 1)
  const walks = [
    'map',
    'flatMap',
    'filter',
    'some',
    'every',
    'find',
    'findIndex',
    'forEach',
    'reduce',
    'includes',
  ]
  watch(Array.prototype, walks, self => (self as readonly unknown[]).length)
  watch(Array.prototype, [Symbol.iterator as unknown as string], self => (self as readonly unknown[]).length)
  try {
    await act()
  } finally {
    for (const one of undo.reverse()) one()
  }
  return count
}
