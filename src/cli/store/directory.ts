import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DepotError } from '../../run/depot.ts'
import type { Raw } from './raw.ts'

/** A folder of this machine: 0700, files 0600. A file is written beside its place, put to disk, and renamed. */
export function directory(folder: string): Raw {
  const at = (name: string): string => join(folder, name)
  return {
    async put(name, bytes) {
      const path = at(name)
      const beside = `${path}.${String(process.pid)}.tmp`
      let file: FileHandle | undefined
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 })
        await rm(beside, { force: true })
        file = await open(beside, 'wx', 0o600)
        for await (const piece of bytes) await file.writeFile(piece)
        await file.sync()
        await file.close()
        file = undefined
        await rename(beside, path)
      } catch (error) {
        await file?.close().catch(() => undefined)
        await rm(beside, { force: true }).catch(() => undefined)
        throw trouble(error, `${path} could not be written`)
      }
    },
    async *get(name) {
      try {
        for await (const piece of createReadStream(at(name), { highWaterMark: 256 * 1024 }))
          yield piece as Uint8Array
      } catch (error) {
        throw trouble(error, `${at(name)} cannot be read`)
      }
    },
    async text(name) {
      try {
        return await readFile(at(name), 'utf8')
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined
        throw trouble(error, `${at(name)} cannot be read`)
      }
    },
    async folders() {
      try {
        const seen = await readdir(folder, { withFileTypes: true })
        return seen.filter(one => one.isDirectory()).map(one => one.name)
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return []
        throw trouble(error, `${folder} cannot be read`)
      }
    },
    async remove(name) {
      try {
        await rm(at(name), { recursive: true, force: true })
      } catch (error) {
        throw trouble(error, `${at(name)} cannot be removed`)
      }
    },
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

/** What only the file system says is said in a sentence; anything else goes on as it is. */
function trouble(error: unknown, what: string): unknown {
  const code = codeOf(error)
  if (error instanceof DepotError || code === undefined || !/^E[A-Z]+$/.test(code)) return error
  const why =
    code === 'ENOSPC'
      ? 'the disk is full'
      : code === 'ENOENT'
        ? 'it is not there'
        : code === 'EACCES' || code === 'EPERM'
          ? 'not allowed'
          : code
  return new DepotError(
    `${what}: ${why}`,
    'see to it that the folder is there, with room, and is yours; then resume',
  )
}
