import { AwsClient } from 'aws4fetch'
import { DepotError } from '../../run/depot.ts'
import { pieces } from '../../run/haul.ts'
import type { Raw } from './raw.ts'

export interface S3Options {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** '' or it ends with '/'. */
  readonly prefix: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Parts are this big at first: enough for 8 GB in the thousand parts before they grow. S3 takes 10 000 of at least 5 MiB. */
const PART_BYTES = 8 * 1024 * 1024
/** No answer for this long is none. */
const LIMIT_MS = 120_000

/**
 * A bucket of anything that speaks S3, by path (`ENDPOINT/BUCKET/KEY`), which Amazon and the compatible ones understand. A file that is
 * bigger than one part goes up in parts and appears when they are put together.
 */
export function s3(options: S3Options): Raw {
  const { accessKeyId, secretAccessKey, region } = options
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 4 })
  const bucket = `${options.endpoint.replace(/\/$/, '')}/${options.bucket}`
  const urlOf = (name: string): string =>
    `${bucket}/${`${options.prefix}${name}`.split('/').map(encodeURIComponent).join('/')}`

  const ask = async (method: string, url: string, body?: Uint8Array | string): Promise<Response> => {
    try {
      return await client.fetch(url, {
        method,
        ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
        signal: AbortSignal.timeout(LIMIT_MS),
      })
    } catch (error) {
      throw unable(`${method} ${url} was not answered`, messageOf(error))
    }
  }
  const insist = async (answer: Response, what: string): Promise<Response> => {
    if (answer.ok) return answer
    const said = await answer.text().catch(() => '')
    throw unable(
      what,
      `${String(answer.status)} ${tag(said, 'Code') ?? ''} ${tag(said, 'Message') ?? ''}`.trim(),
    )
  }
  const list = async (query: string): Promise<string> => {
    const answer = await insist(
      await ask('GET', `${bucket}?list-type=2&${query}`),
      `${options.bucket} cannot be listed`,
    )
    return answer.text()
  }

  return {
    async put(name, bytes) {
      const url = urlOf(name)
      const what = `${name} could not be put into ${options.bucket}`
      let upload: string | undefined
      const etags: string[] = []
      let held: Uint8Array | undefined
      const part = async (piece: Uint8Array): Promise<void> => {
        if (upload === undefined) {
          const begun = await (await insist(await ask('POST', `${url}?uploads=`), what)).text()
          upload = tag(begun, 'UploadId')
          if (upload === undefined) throw unable(what, 'no upload was begun')
        }
        const number = String(etags.length + 1)
        const answer = await insist(
          await ask('PUT', `${url}?partNumber=${number}&uploadId=${encodeURIComponent(upload)}`, piece),
          what,
        )
        etags.push(answer.headers.get('etag') ?? '')
      }
      try {
        for await (const piece of pieces(bytes, PART_BYTES)) {
          if (held !== undefined) await part(held)
          held = piece
        }
        if (upload === undefined) {
          await insist(await ask('PUT', url, held ?? new Uint8Array()), what)
          return
        }
        if (held !== undefined) await part(held)
        const list = etags.map(
          (etag, i) => `<Part><PartNumber>${String(i + 1)}</PartNumber><ETag>${etag}</ETag></Part>`,
        )
        const done = await insist(
          await ask(
            'POST',
            `${url}?uploadId=${encodeURIComponent(upload)}`,
            `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`,
          ),
          what,
        )
        // It may say 200 first and fail then.
        const said = await done.text()
        if (said.includes('<Error>'))
          throw unable(what, tag(said, 'Message') ?? 'the parts were not put together')
      } catch (error) {
        if (upload !== undefined)
          await ask('DELETE', `${url}?uploadId=${encodeURIComponent(upload)}`).catch(() => undefined)
        throw error
      }
    },
    async *get(name) {
      const answer = await insist(
        await client.fetch(urlOf(name)).catch(lost),
        `${name} cannot be read from ${options.bucket}`,
      )
      try {
        for await (const piece of answer.body ?? []) yield piece as Uint8Array
      } catch (error) {
        throw unable(`${name} broke off on its way from ${options.bucket}`, messageOf(error))
      }
    },
    async text(name) {
      const answer = await ask('GET', urlOf(name))
      if (answer.status === 404) return undefined
      return (await insist(answer, `${name} cannot be read from ${options.bucket}`)).text()
    },
    async folders() {
      const folders: string[] = []
      let next = ''
      do {
        const seen = await list(`delimiter=%2F&prefix=${encodeURIComponent(options.prefix)}${next}`)
        folders.push(...tags(seen, 'CommonPrefixes').flatMap(one => tag(one, 'Prefix') ?? []))
        const token = tag(seen, 'NextContinuationToken')
        next = token === undefined ? '' : `&continuation-token=${encodeURIComponent(token)}`
      } while (next !== '')
      return folders.map(one => one.slice(options.prefix.length).replace(/\/$/, ''))
    },
    async remove(folder) {
      for (;;) {
        const seen = await list(`prefix=${encodeURIComponent(`${options.prefix}${folder}/`)}`)
        const keys = tags(seen, 'Key')
        if (keys.length === 0) return
        for (const key of keys)
          await insist(
            await ask('DELETE', `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`),
            `${key} could not be removed from ${options.bucket}`,
          )
      }
    },
  }
}

function lost(error: unknown): never {
  throw unable('the store did not answer', messageOf(error))
}

function unable(what: string, why: string): DepotError {
  return new DepotError(`${what}: ${why}`, 'look at endpoint, bucket and keys in `backup.to.s3`, then resume')
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}

function tags(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map(found =>
    unescaped(found[1] ?? ''),
  )
}

function tag(xml: string, name: string): string | undefined {
  return tags(xml, name)[0]
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
}
