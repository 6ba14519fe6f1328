import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

interface Answer {
  readonly code: number
  readonly body?: Buffer | string
  readonly etag?: string
}

/** The secret that goes with the key `access`. */
const SECRET = 'geheim/+='

/**
 * A bucket on loopback, as far as a store needs one: signatures of version 4 are checked, parts are put together, lists come in pages of two.
 * Written from the published protocol, not from our client.
 */
export function bucket(objects: Map<string, Buffer>) {
  const uploads = new Map<string, { readonly key: string; readonly parts: Map<number, Buffer> }>()
  const act = (method: string, url: URL, body: Buffer): Answer => {
    const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'))
    const query = url.searchParams
    const upload = query.get('uploadId')
    if (query.has('list-type')) return { code: 200, body: list(objects, query) }
    if (method === 'POST' && query.has('uploads')) {
      const id = `up&${String(uploads.size)}`
      uploads.set(id, { key, parts: new Map() })
      return {
        code: 200,
        body: `<InitiateMultipartUploadResult><UploadId>${id.replace('&', '&amp;')}</UploadId></InitiateMultipartUploadResult>`,
      }
    }
    if (upload !== null) {
      const open = uploads.get(upload)
      if (!open) return { code: 404, body: '<Error><Code>NoSuchUpload</Code></Error>' }
      if (method === 'DELETE') return uploads.delete(upload) ? { code: 204 } : { code: 404 }
      if (method === 'PUT') {
        open.parts.set(Number(query.get('partNumber')), body)
        return { code: 200, etag: `"${createHash('md5').update(body).digest('hex')}"` }
      }
      const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(found =>
        Number(found[1]),
      )
      const parts = numbers.map(number => open.parts.get(number) ?? Buffer.alloc(0))
      if (parts.slice(0, -1).some(part => part.length < 5 * 1024 * 1024))
        return { code: 400, body: '<Error><Code>EntityTooSmall</Code></Error>' }
      objects.set(key, Buffer.concat(parts))
      uploads.delete(upload)
      return { code: 200, body: '<CompleteMultipartUploadResult/>' }
    }
    if (method === 'PUT') {
      objects.set(key, body)
      return { code: 200 }
    }
    if (method === 'DELETE') {
      objects.delete(key)
      return { code: 204 }
    }
    const found = objects.get(key)
    return found === undefined
      ? { code: 404, body: '<Error><Code>NoSuchKey</Code></Error>' }
      : { code: 200, body: found }
  }
  return (request: IncomingMessage, response: ServerResponse): void => {
    const parts: Buffer[] = []
    request.on('data', (chunk: Buffer) => parts.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(parts)
      const url = new URL(request.url ?? '/', `http://${request.headers.host ?? ''}`)
      const answer: Answer = signed(request, url)
        ? act(request.method ?? '', url, body)
        : { code: 403, body: '<Error><Code>SignatureDoesNotMatch</Code></Error>' }
      if (answer.etag !== undefined) response.setHeader('etag', answer.etag)
      response.writeHead(answer.code).end(answer.body)
    })
  }
}

function list(objects: Map<string, Buffer>, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? ''
  const keys = [...objects.keys()].filter(key => key.startsWith(prefix)).sort()
  if (query.get('delimiter') === null)
    return `<ListBucketResult>${keys.map(key => `<Contents><Key>${key}</Key></Contents>`).join('')}</ListBucketResult>`
  const folders = [...new Set(keys.flatMap(key => /^[^/]*\//.exec(key.slice(prefix.length))?.[0] ?? []))]
  const from = Number(query.get('continuation-token') ?? '0')
  const page = folders
    .slice(from, from + 1)
    .map(one => `<CommonPrefixes><Prefix>${prefix}${one}</Prefix></CommonPrefixes>`)
  const next =
    from + 1 < folders.length ? `<NextContinuationToken>${String(from + 1)}</NextContinuationToken>` : ''
  return `<ListBucketResult><Prefix>${prefix}</Prefix>${page.join('')}${next}</ListBucketResult>`
}

/** Signature version 4 of the request as it came. */
function signed(request: IncomingMessage, url: URL): boolean {
  const authorization = request.headers.authorization ?? ''
  const [, scope = '', names = '', given = ''] =
    /^AWS4-HMAC-SHA256 Credential=access\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/.exec(
      authorization,
    ) ?? []
  const [day = '', region = '', service = ''] = scope.split('/')
  const query = [...url.searchParams]
    .map(([name, value]) => `${enc(name)}=${enc(value)}`)
    .sort()
    .join('&')
  const canonical = [
    request.method,
    url.pathname,
    query,
    ...names.split(';').map(name => `${name}:${String(request.headers[name])}`),
    '',
    names,
    request.headers['x-amz-content-sha256'],
  ].join('\n')
  const toSign = [
    'AWS4-HMAC-SHA256',
    request.headers['x-amz-date'],
    scope,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    Buffer.from(`AWS4${SECRET}`),
  )
  return createHmac('sha256', key).update(toSign).digest('hex') === given
}

function enc(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
