import { type Bytes, DepotError } from '../../run/depot.ts'

/** Encrypts to recipients and opens again. */
export interface Seal {
  sealed(bytes: Bytes): Bytes
  opened(bytes: Bytes): Bytes
}

/**
 * age, as a stream: 64 KiB at a time, so memory stays constant and any change is found.
 * @param identity reference to the text of an identity file; looked up only when something is opened
 * @see https://age-encryption.org/v1
 */
export function age(
  recipients: readonly string[],
  identity: { readonly secret: string },
  secret: (reference: string) => string,
): Seal {
  return {
    async *sealed(bytes) {
      const { Encrypter } = await import('age-encryption')
      const encrypter = new Encrypter()
      for (const one of recipients) encrypter.addRecipient(one)
      yield* (await encrypter.encrypt(streamOf(bytes))) as unknown as Bytes
    },
    async *opened(bytes) {
      const { Decrypter } = await import('age-encryption')
      const decrypter = new Decrypter()
      const keys = secret(identity.secret)
        .split('\n')
        .filter(line => line.startsWith('AGE-SECRET-KEY-'))
      for (const key of keys) decrypter.addIdentity(key.trim())
      try {
        yield* (await decrypter.decrypt(streamOf(bytes))) as unknown as Bytes
      } catch (error) {
        if (error instanceof DepotError || !(error instanceof Error)) throw error
        throw new DepotError(
          `it could not be decrypted: ${error.message}`,
          'see whether the identity of `backup.encrypt.identity` is one of its recipients, and whether the file is whole',
        )
      }
    },
  }
}

function streamOf(bytes: Bytes): ReadableStream<Uint8Array> {
  const from = bytes[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await from.next()
        if (next.done) controller.close()
        else controller.enqueue(next.value)
      },
      async cancel() {
        await from.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
