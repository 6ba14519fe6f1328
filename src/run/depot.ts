/** What a put file is, as its bytes were before anything was done to them. */
export interface Kept {
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

/** Bytes as they come, in pieces of any size. */
export type Bytes = AsyncIterable<Uint8Array>

/**
 * A store, open. Files appear whole or not at all, readable by their owner alone; where the store encrypts, that is done on the way in
 * and undone on the way out. All methods throw DepotError.
 */
export interface Depot {
  put(name: string, bytes: Bytes): Promise<Kept>
  /** The bytes as they were put. With a passphrase what is inside the OpenPGP message that they are. */
  get(name: string): Bytes
  /** Opens an OpenPGP message that was encrypted with a passphrase. */
  opened(bytes: Bytes, passphrase: string): Bytes
  /** A small file's text; undefined when there is none. */
  text(name: string): Promise<string | undefined>
  /** Folders at the top, sorted. */
  folders(): Promise<readonly string[]>
  /** Takes a folder away with all that is in it. */
  remove(folder: string): Promise<void>
}

/** A store could not be used, or what it gave is not what was put there. The message says which and why. */
export class DepotError extends Error {
  override readonly name = 'DepotError'
  readonly help: string
  constructor(message: string, help: string) {
    super(message)
    this.help = help
  }
}

/** Name of the record that stands beside a kept file, written after it: what has none was never kept whole. */
export function recordOf(name: string): string {
  return `${name}.record.json`
}

/** What is known of a kept file. */
export interface KeptRecord extends Kept {
  readonly format: 'runbook.kept/1'
  /** The host it came from. */
  readonly host: string
  /** RFC 3339. */
  readonly keptAt: string
}

/** Reads the record of a file. Undefined: there is none. @throws DepotError when it is none */
export async function recordIn(depot: Depot, name: string): Promise<KeptRecord | undefined> {
  const text = await depot.text(recordOf(name))
  if (text === undefined) return undefined
  const record = parsed(text)
  if (record !== undefined) return record
  throw new DepotError(
    `the record of ${name} cannot be read`,
    'it was changed after it was written: take another backup',
  )
}

function parsed(text: string): KeptRecord | undefined {
  try {
    const value = JSON.parse(text) as Partial<KeptRecord> | null
    const isOne =
      value?.format === 'runbook.kept/1' &&
      typeof value.bytes === 'number' &&
      /^[0-9a-f]{64}$/.test(value.sha256 ?? '')
    return isOne ? (value as KeptRecord) : undefined
  } catch {
    return undefined
  }
}
