import { existsSync, readFileSync, watchFile } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { EngineInfo, ListedContainer } from '../common/engine.ts'
import { localEngine } from '../common/engine.ts'
import type { Target } from '../common/wire.ts'
import { bodyOf, json, open } from '../common/wire.ts'
import { managerParts } from './agent.ts'
import { backups } from './backups.ts'
import type { Cluster, CreateSpec } from './cluster.ts'
import { clusterOf } from './cluster.ts'
import type { ClusterState } from './state.ts'
import { newToken, passwordFits, userOf } from './state.ts'
import { licenseIsValid, readConfig, readLicense, writeConfig, writeLicense } from './services.ts'
import { registries, tomlProblem } from './toml.ts'

interface Question {
  readonly state: ClusterState
  readonly cluster: Cluster
  readonly message: IncomingMessage
  readonly response: ServerResponse
  readonly method: string
  readonly path: string
  readonly query: string
}

type Handler = (question: Question) => Promise<void> | void

function answer(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

/** `ucp-controller`: UCP's HTTP interface on one manager. */
export function controller(): void {
  const file = (path: string): string => readFileSync(path, 'utf8')
  if (!existsSync('/client-root-ca/state.json')) throw new Error('no cluster state in /client-root-ca')
  const state = JSON.parse(file('/client-root-ca/state.json')) as ClusterState
  const cluster = clusterOf(state.node)
  const server = createServer({ cert: file('/server-certs/cert.pem'), key: file('/server-certs/key.pem') })
  server.on('request', (message: IncomingMessage, response: ServerResponse) => {
    const [path = '/', query = ''] = (message.url ?? '/').split('?')
    const method = message.method ?? 'GET'
    const question = {
      state,
      cluster,
      message,
      response,
      method,
      path: path.replace(/^\/v1\.\d+/, ''),
      query,
    }
    response.setHeader('Ucp-Version', state.version)
    handle(question).catch((error: unknown) => {
      if (!response.headersSent)
        answer(response, 500, { message: error instanceof Error ? error.message : String(error) })
      response.end()
    })
  })
  server.keepAliveTimeout = 60_000
  // A new certificate is in force without a restart; its key is written last.
  watchFile('/server-certs/key.pem', { interval: 1000 }, () => {
    server.setSecureContext({ cert: file('/server-certs/cert.pem'), key: file('/server-certs/key.pem') })
  })
  server.listen(8443, '0.0.0.0')
  process.once('SIGTERM', () => process.exit(0))
}

const openPaths: Readonly<Record<string, Handler>> = {
  '/_ping': ping,
  '/ca': ({ response, state }) => {
    answer(response, 200, state.external?.ca ?? state.clientAuthority.cert, 'text/plain')
  },
  '/auth/login': login,
  '/standin/registries': async ({ response }) => {
    answer(response, 200, registries((await readConfig(localEngine)).toml))
  },
}

async function handle(question: Question): Promise<void> {
  const free = openPaths[question.path]
  if (free !== undefined) return free(question)
  const token = /^Bearer (.+)$/.exec(question.message.headers.authorization ?? '')?.[1]
  const user = token === undefined ? undefined : userOf(question.state, token)
  const { state, path, message, response } = question
  if (user === undefined) {
    answer(question.response, 401, { message: 'unauthorized' })
    return
  }
  if (/^\/api\/ucp\/backups?(\/|$)/.test(path)) {
    const said = await backups(path, message, `${state.repository}/ucp:${state.version}`)
    answer(response, said.status, said.body)
    return
  }
  await (ownPaths[question.path] ?? clusterPath)(question)
}

/** 200; 500 when a part of this manager or the swarm is not well; HEAD is not known [docker-enterprise.md 5.1]. */
async function ping({ method, response }: Question): Promise<void> {
  if (method !== 'GET') {
    answer(response, 404, 'page not found', 'text/plain')
    return
  }
  try {
    const all = await json<readonly ListedContainer[]>(localEngine, '/containers/json?all=1', {
      timeoutMs: 3000,
    })
    const running = new Set(all.filter(each => each.State === 'running').flatMap(each => each.Names))
    const missing = managerParts.filter(name => !running.has(`/${name}`))
    if (missing.length > 0) {
      answer(response, 500, `unhealthy components: ${missing.join(', ')}`, 'text/plain')
      return
    }
    await json(localEngine, '/nodes', { timeoutMs: 3000 })
    answer(response, 200, 'OK', 'text/plain')
  } catch (error) {
    answer(
      response,
      500,
      `unhealthy: ${error instanceof Error ? error.message : String(error)}`,
      'text/plain',
    )
  }
}

async function login({ state, message, response }: Question): Promise<void> {
  // Accounts live in a replicated store: without a swarm majority nobody can log in.
  await json(localEngine, '/nodes', { timeoutMs: 3000 })
  let given: { readonly username?: string; readonly password?: string } = {}
  try {
    given = JSON.parse(await bodyOf(message)) as typeof given
  } catch {
    answer(response, 400, { message: 'unable to parse the request body' })
    return
  }
  if (given.username !== state.admin.name || !passwordFits(state.admin, given.password ?? '')) {
    answer(response, 401, { message: 'invalid username or password' })
    return
  }
  answer(response, 200, { auth_token: newToken(state, given.username) })
}

const account = (state: ClusterState): object => ({
  name: state.admin.name,
  id: state.admin.id,
  fullName: '',
  isOrg: false,
  isAdmin: true,
  isActive: true,
})

const ownPaths: Readonly<Record<string, Handler>> = {
  '/id/': ({ response, state }) => {
    answer(response, 200, account(state))
  },
  '/accounts/': ({ response, state }) => {
    answer(response, 200, { accounts: [account(state)] })
  },
  '/api/ucp/config-toml': configToml,
  '/api/config/license': license,
  '/version': async ({ response, state }) => {
    const version = await json<object>(localEngine, '/version')
    answer(response, 200, { ...version, Version: `ucp/${state.version}` })
  },
  '/info': async ({ response }) => {
    answer(response, 200, await json<EngineInfo>(localEngine, '/info'))
  },
  '/containers/json': async ({ response, cluster, query }) => {
    answer(response, 200, await cluster.containers(query === '' ? '' : `?${query}`))
  },
  '/containers/create': async ({ response, cluster, message, query }) => {
    const spec = JSON.parse(await bodyOf(message)) as CreateSpec
    const made = await cluster.create(new URLSearchParams(query).get('name') ?? '', spec)
    answer(response, made.status, made.text)
  },
}

async function configToml({ method, message, response }: Question): Promise<void> {
  const { number, toml } = await readConfig(localEngine)
  if (method === 'GET') {
    answer(response, 200, toml, 'application/toml')
    return
  }
  const body = await bodyOf(message)
  const problem = tomlProblem(body)
  if (problem !== undefined) {
    answer(response, 400, { message: problem })
    return
  }
  await writeConfig(localEngine, number, body)
  answer(response, 200, { message: 'Calling Ucp config-toml successful' })
}

async function license({ method, message, response }: Question): Promise<void> {
  if (method === 'GET') {
    const text = await readLicense(localEngine)
    const known = text === undefined ? {} : (JSON.parse(text) as { readonly key_id?: string })
    answer(response, 200, { auto_refresh: true, license_config: { key_id: known.key_id ?? '' } })
    return
  }
  const body = JSON.parse(await bodyOf(message)) as { readonly license_config?: object }
  const text = JSON.stringify(body.license_config ?? body)
  if (!licenseIsValid(text)) {
    answer(response, 400, { message: 'invalid license' })
    return
  }
  await writeLicense(localEngine, text)
  answer(response, 202, '')
}

/** Everything else is the engine's own interface: of the node that has the container or volume, else of this node. */
async function clusterPath(question: Question): Promise<void> {
  const { path, cluster, response } = question
  const container =
    /^\/containers\/(.+?)(\/(?:json|start|stop|kill|restart|wait|logs|archive|rename|top|stats))?$/.exec(path)
  if (container?.[1] !== undefined) {
    const found = await cluster.find(decodeURIComponent(container[1]))
    if (found === undefined) {
      answer(response, 404, { message: `No such container: ${container[1]}` })
      return
    }
    return forward(question, found.engine, `/containers/${found.id}${container[2] ?? ''}`)
  }
  if (/^\/networks\/[^/]+\/(connect|disconnect)$/.test(path)) return networkOf(question)
  if (path.startsWith('/volumes')) return volumes(question)
  if (/^\/(nodes|swarm|services|tasks|configs|secrets|networks|images|events|_ping)/.test(path)) {
    return forward(question, localEngine, path)
  }
  answer(response, 404, { message: 'page not found' })
}

/** Connecting a container happens on the node that has it. */
async function networkOf(question: Question): Promise<void> {
  const body = await bodyOf(question.message)
  const { Container: name = '' } = JSON.parse(body) as { readonly Container?: string }
  const found = await question.cluster.find(name)
  if (found === undefined) {
    answer(question.response, 404, { message: `No such container: ${name}` })
    return
  }
  await forward(
    question,
    found.engine,
    question.path,
    JSON.stringify({ ...(JSON.parse(body) as object), Container: found.id }),
  )
}

/** Volumes are named node/volume across the cluster. */
async function volumes(question: Question): Promise<void> {
  const { cluster, method, path, response } = question
  const nodes = (await cluster.nodes()).filter(node => node.Status.State === 'ready')
  if (path === '/volumes') {
    const lists = await Promise.all(
      nodes.map(async node => {
        const found = await json<{ readonly Volumes: readonly { readonly Name: string }[] | null }>(
          cluster.engineOf(node),
          '/volumes',
          { timeoutMs: 4000 },
        ).catch(() => ({ Volumes: [] }))
        return (found.Volumes ?? []).map(each => ({
          ...each,
          Name: `${node.Description.Hostname}/${each.Name}`,
        }))
      }),
    )
    answer(response, 200, { Volumes: lists.flat(), Warnings: null })
    return
  }
  const body = method === 'POST' ? await bodyOf(question.message) : undefined
  const created = body === undefined ? undefined : (JSON.parse(body) as { readonly Name?: string })
  const full = created?.Name ?? decodeURIComponent(path.slice('/volumes/'.length))
  const [host = '', name = ''] = full.split('/')
  const node = nodes.find(each => each.Description.Hostname === host)
  if (node === undefined) {
    answer(response, 404, { message: `no such volume: ${full}` })
    return
  }
  const onNode = created === undefined ? `/volumes/${name}` : '/volumes/create'
  const text = created === undefined ? undefined : JSON.stringify({ ...created, Name: name })
  await forward(question, cluster.engineOf(node), onNode, text)
}

async function forward(question: Question, engine: Target, path: string, body?: string): Promise<void> {
  const { message, response, method, query } = question
  const text = body ?? (method === 'GET' || method === 'DELETE' ? undefined : await bodyOf(message))
  const from = await open(engine, `${path}${query === '' ? '' : `?${query}`}`, {
    method,
    ...(text === undefined || text === '' ? {} : { body: text }),
    timeoutMs: 3_600_000,
  })
  response.writeHead(from.statusCode ?? 502, {
    'content-type': from.headers['content-type'] ?? 'application/json',
  })
  response.flushHeaders()
  from.pipe(response)
  await new Promise(resolve => {
    response.once('close', resolve)
  })
}
