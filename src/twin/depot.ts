import { createHash } from 'node:crypto'
import type { Estate } from './estate.ts'

/** What a run wants of a store (`Depot` of run/depot.ts), here in the estate itself, so that it is cloned and compared with it. */
export function pretendDepot(estate: Estate) {
  const files = (): { [name: string]: string } => {
    estate.shared['store'] ??= {}
    return estate.shared['store'] as { [name: string]: string }
  }
  const known = (name: string): string => {
    const text = files()[name]
    if (text === undefined) throw new Error(`the pretended store has no ${name}`)
    return text
  }
  return {
    async put(name: string, bytes: AsyncIterable<Uint8Array>) {
      const parts: Uint8Array[] = []
      for await (const piece of bytes) parts.push(piece)
      const whole = Buffer.concat(parts)
      // When it was kept differs between two runs that are equal.
      files()[name] = whole.toString('utf8').replace(/"keptAt": "[^"]*"/, '"keptAt": ""')
      return { bytes: whole.length, sha256: createHash('sha256').update(whole).digest('hex') }
    },
    async *get(name: string) {
      await Promise.resolve()
      yield Buffer.from(known(name)) as Uint8Array
    },
    opened(): AsyncIterable<Uint8Array> {
      throw new Error('the pretended store opens no messages')
    },
    text: (name: string) => Promise.resolve(files()[name]),
    folders: () =>
      Promise.resolve([...new Set(Object.keys(files()).map(name => name.split('/')[0] ?? ''))].sort()),
    remove(folder: string) {
      for (const name of Object.keys(files()))
        if (name.startsWith(`${folder}/`)) Reflect.deleteProperty(files(), name)
      return Promise.resolve()
    },
  }
}
