import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { bodyOf, call, sleep } from '../common/wire.ts'
import { clusterStatus } from './clusterStatus.ts'
import type { Data, Repository, Settings } from './data.ts'
import { databaseOf } from './database.ts'
import { tokenFor } from './garant.ts'
import { ownHealth } from './health.ts'
import { basic, digestOf, signIn } from './signIn.ts'

const id = process.env['DTR_REPLICA_ID'] ?? ''
const database = databaseOf(id)
const reportMs = 3000

interface Question {
  readonly data: Data
  readonly user: string
  readonly method: string
  readonly url: URL
  readonly message: IncomingMessage
}

interface Reply {
  readonly status: number
  readonly body?: unknown
}

const refuse = (status: number, code: string, message: string): Reply => ({
  status,
  body: { errors: [{ code, message }] },
})

/** `dtr-api`: the HTTP interface, and the replica's reports on itself. */
export function api(): void {
  const server = createServer((message, response) => {
    answer(message, response).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error)
      send(response, refuse(500, 'INTERNAL_SERVER_ERROR', `internal server error: ${text}`))
    })
  })
  server.listen(8080, '0.0.0.0')
  process.once('SIGTERM', () => process.exit(0))
  void report()
}

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(body === undefined ? '' : JSON.stringify(body))
}

/** Every replica writes its own health into the database, with the time. */
async function report(): Promise<void> {
  for (;;) {
    try {
      const { status, error } = await ownHealth()
      const { members } = await database.status()
      if (members.some(member => member.id === id)) {
        const value = { status: status === 200 ? 'OK' : error, at: new Date().toISOString() }
        await database.write([{ path: ['health', id], value }])
      }
    } catch {
      // No majority: nothing can be written, and the last report grows old, which is what others see.
    }
    await sleep(reportMs)
  }
}

async function answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(message.url ?? '/', 'http://api')
  if (url.pathname === '/_ping') {
    const { status, error } = await ownHealth()
    if (status === 500) send(response, refuse(500, 'INTERNAL_SERVER_ERROR', 'internal server error'))
    else send(response, { status, body: { Error: error, Healthy: status === 200 } })
    return
  }
  const data = await database.read()
  if (url.pathname === '/ca') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(data.secrets.web.ca)
    return
  }
  const given = basic(message.headers.authorization)
  const refresh = url.searchParams.get('refresh_token')
  const user =
    given !== undefined
      ? await signIn(data, given.user, given.password)
      : refresh === null
        ? undefined
        : data.tokens[digestOf(refresh)]?.user
  if (user === undefined) {
    response.setHeader('www-authenticate', 'Basic realm="dtr"')
    send(response, refuse(401, 'NOT_AUTHENTICATED', 'The client is not authenticated.'))
    return
  }
  send(response, await route({ data, user, method: message.method ?? 'GET', url, message }))
}

const routes: readonly (readonly [
  RegExp,
  (question: Question, words: readonly string[]) => Promise<Reply> | Reply,
])[] = [
  [/^\/api\/v0\/accounts\/language$/, () => ({ status: 200, body: { language: 'en' } })],
  [/^\/api\/v0\/accounts\/([^/]+)$/, ({ data }, [name = '']) => account(data, name)],
  [/^\/(?:enzi\/v0|api\/v0)\/accounts$/, accounts],
  [
    /^\/api\/v0\/meta\/cluster_status$/,
    async ({ data }) => ({ status: 200, body: clusterStatus(data, await database.status()) }),
  ],
  [/^\/api\/v0\/meta\/settings$/, metaSettings],
  [/^\/api\/v0\/meta\/alerts$/, () => ({ status: 200, body: [] })],
  [
    /^\/api\/v0\/meta\/features$/,
    ({ data }) => ({ status: 200, body: { db_version: 10, ucpHost: new URL(data.settings.ucpUrl).host } }),
  ],
  [/^\/api\/v0\/admin\/settings\/registry(\/simple)?$/, registrySettings],
  [/^\/api\/v0\/api_tokens$/, apiTokens],
  [
    /^\/api\/v0\/repositories\/?$/,
    ({ data }) => ({ status: 200, body: { repositories: Object.values(data.repositories).map(shown) } }),
  ],
  [/^\/api\/v0\/repositories\/([^/]+)\/?$/, repositories],
  [/^\/api\/v0\/repositories\/([^/]+)\/([^/]+)$/, repository],
  [/^\/api\/v0\/repositories\/([^/]+)\/([^/]+)\/tags$/, tags],
]

async function route(question: Question): Promise<Reply> {
  for (const [pattern, handler] of routes) {
    const found = pattern.exec(question.url.pathname)
    if (found !== null) return handler(question, found.slice(1))
  }
  return refuse(404, 'NO_SUCH_RESOURCE', `no resource at ${question.url.pathname}`)
}

const bodyJson = async <T>(message: IncomingMessage): Promise<T> =>
  JSON.parse((await bodyOf(message)) || '{}') as T

const namespaceExists = (data: Data, name: string): boolean =>
  name === 'admin' || data.accounts[name] !== undefined

function account(data: Data, name: string): Reply {
  if (!namespaceExists(data, name)) return refuse(404, 'NO_SUCH_ACCOUNT', `account ${name} does not exist`)
  const isOrg = data.accounts[name]?.isOrg ?? false
  return { status: 200, body: { name, isOrg, isAdmin: !isOrg, isActive: true } }
}

async function accounts({ data, method, message }: Question): Promise<Reply> {
  if (method !== 'POST')
    return { status: 200, body: { accounts: Object.keys(data.accounts).map(name => ({ name })) } }
  const { name = '', isOrg = false } = await bodyJson<{ readonly name?: string; readonly isOrg?: boolean }>(
    message,
  )
  if (namespaceExists(data, name)) return refuse(400, 'ACCOUNT_EXISTS', `account ${name} exists already`)
  await database.write([{ path: ['accounts', name], value: { isOrg } }])
  return { status: 201, body: { name, isOrg } }
}

/** Settings by the names of the API, where they differ from ours. */
function shownSettings(data: Data): object {
  const { settings, secrets } = data
  const nfs = settings.nfsUrl === undefined ? undefined : new URL(settings.nfsUrl)
  return {
    dtrHost: settings.dtrHost,
    sso: settings.sso,
    createRepositoryOnPush: settings.createRepositoryOnPush,
    replicaSettings: data.replicas,
    httpProxy: '',
    httpsProxy: '',
    noProxy: '',
    disableUpgrades: false,
    reportAnalytics: false,
    anonymizeAnalytics: false,
    disableBackupWarning: false,
    logProtocol: 'internal',
    logHost: '',
    logLevel: settings.logLevel,
    webTLSCert: secrets.web.cert,
    webTLSCA: secrets.web.ca,
    replicaID: id,
    scanningEnabled: false,
    scanningSyncOnline: false,
    jobHistoryToKeep: 0,
    storageVolume: settings.storageVolume ?? '',
    nfsHost: nfs?.hostname ?? '',
    nfsPath: nfs?.pathname ?? '',
    readOnlyRegistry: settings.readOnlyRegistry,
  }
}

async function metaSettings({ data, method, message }: Question): Promise<Reply> {
  if (method !== 'POST') return { status: 200, body: shownSettings(data) }
  const given = await bodyJson<Readonly<Record<string, unknown>>>(message)
  const changeable: readonly (keyof Settings)[] = [
    'createRepositoryOnPush',
    'readOnlyRegistry',
    'dtrHost',
    'sso',
    'logLevel',
  ]
  const writes = changeable
    .filter(name => name in given)
    .map(name => ({ path: ['settings', name], value: given[name] }))
  await database.write(writes)
  return { status: 202, body: shownSettings(await database.read()) }
}

/** The open registry's storage section. Takes effect when `reconfigure` makes the registry containers anew. */
async function registrySettings({ data, method, message }: Question): Promise<Reply> {
  const plain = { filesystem: { rootdirectory: '/storage' }, delete: { enabled: true } }
  if (method !== 'PUT') return { status: 200, body: { storage: data.settings.registryStorage ?? plain } }
  const { storage } = await bodyJson<{ readonly storage?: Readonly<Record<string, unknown>> }>(message)
  if (storage === undefined) return refuse(400, 'INVALID_JSON', 'storage is missing')
  await database.write([{ path: ['settings', 'registryStorage'], value: storage }])
  return { status: 202, body: { storage } }
}

async function apiTokens({ data, user, method, message }: Question): Promise<Reply> {
  if (method !== 'POST')
    return { status: 200, body: Object.values(data.tokens).filter(each => each.user === user) }
  const { tokenLabel = '' } = await bodyJson<{ readonly tokenLabel?: string }>(message)
  const token = randomBytes(16).toString('hex')
  await database.write([{ path: ['tokens', digestOf(token)], value: { user, label: tokenLabel } }])
  return { status: 201, body: { hashedToken: digestOf(token), token, tokenLabel, isActive: true } }
}

const shown = (each: Repository): object => ({
  ...each,
  namespaceType: 'user',
  longDescription: '',
  immutableTags: false,
})

async function repositories(
  { data, method, message }: Question,
  [namespace = '']: readonly string[],
): Promise<Reply> {
  if (!namespaceExists(data, namespace))
    return refuse(404, 'NO_SUCH_ACCOUNT', `account ${namespace} does not exist`)
  const here = Object.values(data.repositories).filter(each => each.namespace === namespace)
  if (method !== 'POST') return { status: 200, body: { repositories: here.map(shown) } }
  const {
    name = '',
    visibility = 'private',
    shortDescription = '',
  } = await bodyJson<Partial<Repository>>(message)
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name))
    return refuse(400, 'INVALID_REPOSITORY_NAME', `invalid repository name ${name}`)
  const full = `${namespace}/${name}`
  if (data.repositories[full] !== undefined)
    return refuse(400, 'REPOSITORY_EXISTS', `repository ${full} exists already`)
  const made: Repository = {
    namespace,
    name,
    id: randomBytes(16).toString('hex'),
    visibility,
    shortDescription,
  }
  await database.write([{ path: ['repositories', full], value: made }])
  return { status: 201, body: shown(made) }
}

async function repository(
  { data, method }: Question,
  [namespace = '', name = '']: readonly string[],
): Promise<Reply> {
  const found = data.repositories[`${namespace}/${name}`]
  if (found === undefined)
    return refuse(404, 'NO_SUCH_REPOSITORY', `repository ${namespace}/${name} does not exist`)
  if (method !== 'DELETE') return { status: 200, body: shown(found) }
  await database.write([{ path: ['repositories', `${namespace}/${name}`] }])
  return { status: 204 }
}

async function tags(
  { data, user }: Question,
  [namespace = '', name = '']: readonly string[],
): Promise<Reply> {
  const full = `${namespace}/${name}`
  if (data.repositories[full] === undefined)
    return refuse(404, 'NO_SUCH_REPOSITORY', `repository ${full} does not exist`)
  const token = tokenFor(data, user, [{ type: 'repository', name: full, actions: ['pull'] }])
  const headers = { authorization: `Bearer ${token}` }
  const answered = await call({ url: `http://dtr-registry-${id}.dtr-ol:5000` }, `/v2/${full}/tags/list`, {
    headers,
  })
  if (answered.status === 404) return { status: 200, body: [] }
  const { tags: names } = JSON.parse(answered.text) as { readonly tags?: readonly string[] | null }
  return { status: 200, body: (names ?? []).map(each => ({ name: each, inNotary: false })) }
}
