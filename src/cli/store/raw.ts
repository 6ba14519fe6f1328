import type { Bytes } from '../../run/depot.ts'

/** A store without encryption: bytes in, the same bytes out. Files appear whole or not at all. All methods throw DepotError. */
export interface Raw {
  put(name: string, bytes: Bytes): Promise<void>
  get(name: string): Bytes
  /** A small file's text; undefined when there is none. */
  text(name: string): Promise<string | undefined>
  folders(): Promise<readonly string[]>
  remove(folder: string): Promise<void>
}
