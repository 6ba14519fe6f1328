/** sshd lets ten log in at once by default and then turns some away at random. */
const HANDSHAKES_AT_A_GATE = 8
const HANDSHAKES_AT_ALL = 32

/** Runs a task when its turn has come; the name is that of the SSH server it knocks at. */
export type Gate = <T>(name: string, task: () => Promise<T>) => Promise<T>

/** Lets at most 8 tasks of one name, and 32 in all, run at once. */
export function gates(): Gate {
  const running = new Map<string, number>()
  const waiting: { readonly name: string; readonly start: () => void }[] = []
  let all = 0
  const free = (name: string): boolean =>
    all < HANDSHAKES_AT_ALL && (running.get(name) ?? 0) < HANDSHAKES_AT_A_GATE
  return async (name, task) => {
    if (!free(name)) await new Promise<void>(start => waiting.push({ name, start }))
    all += 1
    running.set(name, (running.get(name) ?? 0) + 1)
    try {
      return await task()
    } finally {
      all -= 1
      running.set(name, (running.get(name) ?? 1) - 1)
      const next = waiting.findIndex(entry => free(entry.name))
      if (next !== -1) waiting.splice(next, 1)[0]?.start()
    }
  }
}
