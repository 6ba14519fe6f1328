import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cluster, ping, settings } from '../../../src/catalog/dtr/facts.ts'
import {
  apiScript,
  clusterScript,
  leaveScript,
  settingsScript,
  unknownScript,
} from '../../../src/catalog/dtr/scripts.ts'
import { image } from '../../../src/catalog/acceptance/facts.ts'
import { pullScript, pushScript, repositoryScript } from '../../../src/catalog/acceptance/scripts.ts'
import { bench } from '../sh.ts'

const pem = (name: string) => readFileSync(new URL(`../../../playbooks/files/${name}.pem`, import.meta.url))
const PASSWORD = 'p"a\\ss wörd$(x)'
const LOGIN = `user = ${JSON.stringify(`admin:${PASSWORD}`)}\n`
const sha = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
const config = '{"architecture":"amd64"}'
const layer = 'layer bytes\n'
const manifest = JSON.stringify({
  schemaVersion: 2,
  config: { digest: sha(config) },
  layers: [{ digest: sha(layer) }],
})

/** Every script with the real curl against a small registry that speaks TLS, tokens and the API. */
describe('our scripts against a registry', () => {
  let server: Server
  let port = ''
  const seen: string[] = []
  const blobs = new Map([config, layer].map(text => [sha(text), text]))
  const repositories = new Set<string>()
  const registry = () => `dtr.example.com`

  beforeAll(async () => {
    server = createServer({ key: pem('dtr-key'), cert: pem('dtr-cert') }, (request, response) => {
      let body = ''
      request.on('data', (data: Buffer) => (body += data.toString()))
      request.on('end', () => {
        const url = new URL(request.url ?? '/', 'https://x')
        const basic =
          request.headers.authorization === `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}`
        seen.push(`${request.method} ${url.pathname} ${request.headers.host}`)
        const say = (code: number, text = '', headers = {}) => response.writeHead(code, headers).end(text)
        if (url.pathname === '/_ping') return say(200, '{"Error":"","Healthy":true}')
        if (url.pathname === '/auth/token') {
          if (!basic) return say(401, '{"details":"incorrect username or password"}')
          return say(
            200,
            `{\n "token": "tok-${url.searchParams.get('service') ?? ''}-${url.searchParams.get('scope') ?? ''}"}`,
          )
        }
        if (url.pathname.startsWith('/v2/')) {
          if (request.headers.authorization !== `Bearer tok-dtr.example.com-repository:admin/check:pull`) {
            const challenge = 'Bearer realm="https://dtr.example.com/auth/token",service="dtr.example.com"'
            return say(401, '{}', { 'WWW-Authenticate': challenge })
          }
          const name = url.pathname.split('/').at(-1) ?? ''
          if (url.pathname.includes('/manifests/')) {
            if (name !== 'proof' && name !== sha(manifest)) return say(404, '{}')
            return say(200, manifest, { 'Docker-Content-Digest': sha(manifest) })
          }
          const blob = blobs.get(name)
          return blob === undefined ? say(404, '{}') : say(200, blob)
        }
        if (!basic) return say(401, '{"errors":[{"code":"UNAUTHORIZED"}]}')
        if (url.pathname === '/api/v0/meta/cluster_status')
          return say(
            200,
            readFileSync(new URL('../../fixtures/dtr/cluster_status.json', import.meta.url), 'utf8'),
          )
        if (url.pathname === '/api/v0/meta/settings')
          return say(200, '{"dtrHost":"dtr.example.com","nfsHost":"10.0.0.9","nfsPath":"/export"}')
        if (url.pathname === '/api/v0/admin/settings/registry')
          return say(200, '{\n  "storage": {"filesystem": {"rootdirectory": "/storage"}}\n}')
        if (url.pathname === '/api/v0/admin/settings/registry/simple')
          return say(body === '{"a":"b\\""}' ? 202 : 400, body)
        const repository = /^\/api\/v0\/repositories\/admin(?:\/(.+))?$/.exec(url.pathname)
        if (repository && request.method === 'POST') {
          repositories.add((JSON.parse(body) as { name: string }).name)
          return say(201, '{}')
        }
        if (repository) return say(repositories.has(repository[1] ?? '') ? 200 : 404, '{}')
        if (url.pathname === '/api/v0/repositories') return say(200, '{"repositories":[]}')
        return say(404, '{}')
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    port = String((server.address() as AddressInfo).port)
  })
  afterAll(() => {
    server.close()
  })

  it('reads ping, cluster and settings with a password full of quotes', async () => {
    const one = bench()
    const pinged = ping.probe({ port }).argv as string[]
    const answer = await one.run('exec "$@"', pinged)
    expect(ping.parse({ ...answer, code: answer.code ?? undefined }, { port })).toEqual({
      code: 200,
      healthy: true,
      error: '',
    })
    const status = await one.run(clusterScript, [port], LOGIN)
    expect(cluster.parse({ ...status, code: status.code ?? undefined }, {})).toMatchObject({
      count: 3,
      ids: expect.any(Array) as unknown,
    })
    const wrong = await one.run(clusterScript, [port], 'user = "admin:no"\n')
    expect(cluster.parse({ ...wrong, code: wrong.code ?? undefined }, {})).toEqual({ code: 401 })
    const set = await one.run(settingsScript, [port], LOGIN)
    expect(settings.parse({ ...set, code: set.code ?? undefined }, {})).toEqual({
      host: 'dtr.example.com',
      replicas: {},
      certificate: '',
      storage: { kind: 'nfs', url: 'nfs://10.0.0.9/export' },
      empty: true,
      createOnPush: false,
      readOnly: false,
    })
    one.done()
  })

  it('tells "nobody listens" from all else', async () => {
    const one = bench()
    const gone = await one.run(clusterScript, ['1'], LOGIN)
    expect(cluster.parse({ ...gone, code: gone.code ?? undefined }, {})).toBeNull()
    const none = await one.run(settingsScript, ['1'], LOGIN)
    expect(settings.parse({ ...none, code: none.code ?? undefined }, {})).toBeNull()
    one.done()
  })

  it('knows a member, and says how to go on', async () => {
    const one = bench()
    expect((await one.run(unknownScript, [port, 'ffffffffffff'], LOGIN)).code).toBe(0)
    const known = await one.run(unknownScript, [port, 'f2277ad178f7'], LOGIN)
    expect(known.code).toBe(3)
    expect(known.stderr).toContain('already knows replica f2277ad178f7')
    expect((await one.run(unknownScript, [port, 'ffffffffffff'], 'user = "admin:no"\n')).code).toBe(22)
    one.done()
  })

  it('has a member removed, is done with an id that nobody knows, and with a registry that cannot say does neither', async () => {
    const one = bench()
    const leave = (id: string, login = LOGIN) =>
      one.run(leaveScript, [port, id, 'echo', 'removed', id], login)
    expect(await leave('f2277ad178f7')).toMatchObject({ code: 0, stdout: 'removed f2277ad178f7\n' })
    expect(await leave('ffffffffffff')).toMatchObject({ code: 0, stdout: '' })
    const untold = await leave('f2277ad178f7', 'user = "admin:no"\n')
    expect([untold.code, untold.stdout]).toEqual([22, ''])
    expect(untold.stderr).not.toBe('')
    one.done()
  })

  it('sends a body with secrets inside curl’s configuration', async () => {
    const one = bench()
    const data = `${LOGIN}data = ${JSON.stringify('{"a":"b\\""}')}\n`
    const words = ['PUT', port, '/api/v0/admin/settings/registry/simple', '200 202']
    expect((await one.run(apiScript, words, data)).code).toBe(0)
    const refused = await one.run(apiScript, words, `${LOGIN}data = "{}"\n`)
    expect([refused.code, refused.stderr]).toEqual([22, '{}\n400\n'])
    one.done()
  })

  it('pulls by digest under the registry’s own name, and finds what is broken', async () => {
    const one = bench()
    const pull = async (ref: string, login = LOGIN, repository = 'admin/check') => {
      const answer = await one.run(pullScript, [registry(), port, repository, ref], login)
      return image.parse({ ...answer, code: answer.code ?? undefined }, {})
    }
    expect(await pull('proof')).toEqual({ digest: sha(manifest), blobs: 2, whole: true })
    expect(await pull(sha(manifest))).toEqual({ digest: sha(manifest), blobs: 2, whole: true })
    expect(await pull('nothing')).toBeNull()
    expect(await pull('proof', LOGIN, 'admin/none')).toBeNull()
    expect(await pull('proof', 'user = "admin:no"\n')).toBeUndefined()
    blobs.set(sha(layer), 'other bytes')
    expect(await pull('proof')).toEqual({ whole: false, broken: sha(layer) })
    blobs.delete(sha(layer))
    expect(await pull('proof')).toEqual({ whole: false, broken: sha(layer) })
    blobs.set(sha(layer), layer)
    expect(seen.filter(line => line.includes('/v2/')).every(line => line.endsWith(' dtr.example.com'))).toBe(
      true,
    )
    one.done()
  })

  it('makes a repository once', async () => {
    const one = bench()
    for (let time = 1; time <= 2; time++)
      expect((await one.run(repositoryScript, [port, 'admin', 'check'], LOGIN)).code).toBe(0)
    expect(seen.filter(line => line.startsWith('POST /api/v0/repositories'))).toHaveLength(1)
    one.done()
  })

  it('pushes with a login that is gone afterwards', async () => {
    const docker = `
echo "$@" >> $BENCH/said
case "$3 $4" in
  "login --username") cat > $BENCH/password; touch "$2/config.json" ;;
  "push "*) exit 5 ;;
esac
[ "$1" != import ] || cat > $BENCH/image.tar`
    const one = bench({ docker })
    const { code } = await one.run(pushScript, ['dtr.example.com', 'admin/check', 'proof', 'admin'], PASSWORD)
    expect(code).toBe(5)
    const said = (await one.run('cat "$1/said"; cat "$1/password"; tar -tf "$1/image.tar"', [one.dir])).stdout
    const dir = /--config (\S+) login/.exec(said)?.[1] ?? ''
    expect(said.replaceAll(dir, 'DIR').split('\n')).toEqual([
      '--config DIR login --username admin --password-stdin dtr.example.com',
      'import - dtr.example.com/admin/check:proof',
      '--config DIR push dtr.example.com/admin/check:proof',
      'rmi dtr.example.com/admin/check:proof',
      '--config DIR logout dtr.example.com',
      `${PASSWORD}runbook`,
      '',
    ])
    expect((await one.run('ls "$1"', [dir])).code).not.toBe(0)
    one.done()
  })
})
