import { call, json, sleep } from '../common/wire.ts'
import type { Data, StoreStatus, Write } from './data.ts'
import { storeUrl } from './data.ts'

/** The metadata database as seen through one replica's store. */
export interface Database {
  /** @throws when no majority answers, or the store itself does not */
  read(): Promise<Data>
  write(writes: readonly Write[]): Promise<void>
  status(): Promise<StoreStatus>
}

export function databaseOf(id: string): Database {
  const target = { url: storeUrl(id) }
  return {
    read: () => json<Data>(target, '/read', { timeoutMs: 6000 }),
    write: async writes => {
      await json(target, '/write', { body: writes, timeoutMs: 15_000 })
    },
    status: () => json<StoreStatus>(target, '/status', { timeoutMs: 3000 }),
  }
}

/** Waits for the store process itself. */
export async function storeAnswers(id: string, withinMs: number): Promise<boolean> {
  const end = Date.now() + withinMs
  while (Date.now() < end) {
    const answer = await call({ url: storeUrl(id) }, '/version', { timeoutMs: 1500 }).catch(() => undefined)
    if (answer?.status === 200) return true
    await sleep(200)
  }
  return false
}
