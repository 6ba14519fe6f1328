import { randomBytes, sign } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Data } from './data.ts'
import { databaseOf } from './database.ts'
import { basic, signIn } from './signIn.ts'

interface Access {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}

const database = databaseOf(process.env['DTR_REPLICA_ID'] ?? '')

/** `dtr-garant`: gives out the tokens that the registry believes. */
export function garant(): void {
  const server = createServer((message, response) => {
    answer(message, response).catch((error: unknown) => {
      say(response, 500, error instanceof Error ? error.message : String(error), 'INTERNAL_SERVER_ERROR')
    })
  })
  server.listen(8080, '0.0.0.0')
  process.once('SIGTERM', () => process.exit(0))
}

function say(response: ServerResponse, status: number, message: string, code: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ errors: [{ code, message }], details: message }))
}

async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(message.url ?? '/', 'http://garant')
  if (url.pathname === '/ping') {
    response.end('OK')
    return
  }
  const data = await database.read()
  const given = basic(message.headers.authorization)
  const user = given === undefined ? undefined : await signIn(data, given.user, given.password)
  if (given !== undefined && user === undefined) {
    say(response, 401, 'incorrect username or password', 'UNAUTHORIZED')
    return
  }
  const access = url.searchParams
    .getAll('scope')
    .flatMap(scope => scope.split(' '))
    .map(scope => accessOf(data, scope, user))
  for (const each of access) {
    if (each.actions.includes('push')) await createOnPush(data, each.name)
  }
  const token = tokenFor(
    data,
    user ?? '',
    access.filter(each => each.actions.length > 0),
  )
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(
    JSON.stringify({ token, access_token: token, expires_in: 300, issued_at: new Date().toISOString() }),
  )
}

/** Administrators may do all on what exists; a repository has to be made before it is pushed to. */
function accessOf(data: Data, scope: string, user: string | undefined): Access {
  const [type = '', name = '', actions = ''] = scope.split(':')
  const wanted = actions.split(',').filter(Boolean)
  const repository = data.repositories[name]
  if (type !== 'repository' || (repository === undefined && !data.settings.createRepositoryOnPush))
    return { type, name, actions: [] }
  if (user !== undefined) return { type, name, actions: wanted }
  return {
    type,
    name,
    actions: repository?.visibility === 'public' ? wanted.filter(each => each === 'pull') : [],
  }
}

async function createOnPush(data: Data, full: string): Promise<void> {
  if (data.repositories[full] !== undefined || !data.settings.createRepositoryOnPush) return
  const [namespace = '', name = ''] = full.split('/')
  const value = {
    namespace,
    name,
    id: randomBytes(16).toString('hex'),
    visibility: 'private',
    shortDescription: '',
  }
  await database.write([{ path: ['repositories', full], value }])
}

export function tokenFor(data: Data, user: string, access: readonly Access[]): string {
  const { cert, key } = data.secrets.token
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const header = { typ: 'JWT', alg: 'ES256', x5c: [cert.replace(/-----[^-]+-----|\s/g, '')] }
  const claims = {
    iss: 'dtr',
    sub: user,
    aud: 'dtr',
    exp: now + 300,
    nbf: now - 60,
    iat: now,
    jti: randomBytes(8).toString('hex'),
    access,
  }
  const text = `${part(header)}.${part(claims)}`
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
