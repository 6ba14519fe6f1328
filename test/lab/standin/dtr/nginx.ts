import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer as createHttp, request } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { sleep } from '../common/wire.ts'
import type { Data, Settings } from './data.ts'
import { databaseOf } from './database.ts'

const id = process.env['DTR_REPLICA_ID'] ?? ''
const backend = (component: string, port: number): string =>
  `http://dtr-${component}-${id}.dtr-ol:${String(port)}`

let settings: Settings | undefined
let requests = 0

/** `dtr-nginx`: the replica's front door, TLS on 443 and a redirect on 80. */
export async function nginx(): Promise<void> {
  process.once('SIGTERM', () => process.exit(0))
  const data = await firstRead()
  settings = data.settings
  const web = data.secrets.web
  const secure = createHttps({ cert: web.cert, key: web.key }, front)
  secure.listen(443, '0.0.0.0')
  createHttp((message, response) => {
    // Plain health checks are allowed on this port; all else is sent to TLS.
    if (message.url === '/_ping' || message.url === '/nginx_status') {
      front(message, response)
      return
    }
    response.writeHead(301, { location: `https://${message.headers.host ?? ''}${message.url ?? '/'}` }).end()
  }).listen(80, '0.0.0.0')
  let pem = web.cert
  for (;;) {
    await sleep(3000)
    const now = await databaseOf(id)
      .read()
      .catch(() => undefined)
    if (now === undefined) continue
    settings = now.settings
    if (now.secrets.web.cert !== pem) {
      pem = now.secrets.web.cert
      secure.setSecureContext({ cert: pem, key: now.secrets.web.key })
    }
  }
}

/** The certificate is in the database: without it the door stays shut. */
async function firstRead(): Promise<Data> {
  for (;;) {
    try {
      return await databaseOf(id).read()
    } catch {
      await sleep(500)
    }
  }
}

const front: RequestListener = (message, response) => {
  requests++
  const path = (message.url ?? '/').split('?')[0] ?? '/'
  response.setHeader('strict-transport-security', 'max-age=31536000; includeSubDomains')
  if (path === '/nginx_status') {
    response.end(
      `Active connections: 1 \nserver accepts handled requests\n ${String(requests)} ${String(requests)} ${String(requests)} \n`,
    )
  } else if (path.startsWith('/auth/token')) pass(message, response, backend('garant', 8080))
  else if (path.startsWith('/v2/')) registry(message, response)
  else pass(message, response, backend('api', 8080))
}

function registry(message: IncomingMessage, response: ServerResponse): void {
  const pushing = message.method === 'POST' || message.method === 'PUT' || message.method === 'PATCH'
  if (pushing && settings?.license === undefined) {
    response.writeHead(402, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ errors: [{ code: 'NO_LICENSE', message: "DTR doesn't have a license" }] }))
    return
  }
  pass(message, response, backend('registry', 5000))
}

function pass(message: IncomingMessage, response: ServerResponse, to: string): void {
  const { hostname, port } = new URL(to)
  const asked = request(
    {
      hostname,
      port,
      method: message.method,
      path: message.url,
      headers: { ...message.headers, 'x-forwarded-proto': 'https' },
    },
    from => {
      const headers = { ...from.headers }
      const realm = headers['www-authenticate']
      // Clients get their token where they came in, so each replica serves alone too.
      if (realm !== undefined) {
        headers['www-authenticate'] = realm.replace(
          /realm="https:\/\/[^/]+/,
          `realm="https://${message.headers.host ?? ''}`,
        )
      }
      response.writeHead(from.statusCode ?? 502, headers)
      from.pipe(response)
    },
  )
  asked.once('error', () => {
    if (!response.headersSent) response.writeHead(502, { 'content-type': 'text/html' })
    response.end('<html><head><title>502 Bad Gateway</title></head></html>')
  })
  message.pipe(asked)
}
