import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CERTIFICATES, CONFIG_GET, CONFIG_SET, LICENSE_PUT } from '../../../src/catalog/ucp/scripts.ts'

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
const shells = [['sh'], ...(has('dash') ? [['dash']] : []), ...(has('busybox') ? [['busybox', 'sh']] : [])]
const isReady = has('curl') && has('openssl')
const DOCUMENT =
  '[auth]\n  backend = "managed"\n  bind_password = "hidden"\n\n[scheduling_configuration]\n  default_node_orchestrator = "swarm"\n\n[cluster_config]\n  controller_port = 443\n'

interface Fake {
  readonly port: number
  readonly heard: string[]
  toml: string
  license: string
}

/** A UCP of a few lines behind real TLS, which keeps what it is given. */
async function withUcp(use: (fake: Fake) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-ucp-'))
  const made = spawnSync('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=ucp',
    '-keyout',
    join(folder, 'key'),
    '-out',
    join(folder, 'cert'),
  ])
  if (made.status !== 0) throw new Error(made.stderr.toString())
  const fake = { port: 0, heard: [] as string[], toml: DOCUMENT, license: '' }
  const server = createServer(
    { key: readFileSync(join(folder, 'key')), cert: readFileSync(join(folder, 'cert')) },
    (request, response) => {
      let body = ''
      request.on('data', chunk => (body += String(chunk)))
      request.on('end', () => {
        fake.heard.push(`${request.method ?? ''} ${request.url ?? ''}`)
        const isAdmin = request.headers.authorization === 'Bearer tok-en'
        if (request.url === '/auth/login') {
          const isRight = body === '{"username":"admin","password":"p\\"w$x"}'
          response
            .writeHead(isRight ? 200 : 401)
            .end(isRight ? '{"auth_token":"tok-en"}' : '{"message":"unauthorized"}')
        } else if (!isAdmin) response.writeHead(401).end()
        else if (request.method === 'GET') response.end(fake.toml)
        else {
          if (request.method === 'PUT') fake.toml = body
          else fake.license = body
          response.end()
        }
      })
    },
  )
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  try {
    await use(Object.assign(fake, { port: (server.address() as AddressInfo).port }))
  } finally {
    server.closeAllConnections()
    await new Promise(done => server.close(done))
    rmSync(folder, { recursive: true })
  }
}

function run(
  shell: readonly string[],
  script: string,
  words: readonly string[],
  stdin: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [program = 'sh', ...first] = shell
  return new Promise(done => {
    const child = spawn(program, [...first, '-c', script, 'runbook-test', ...words])
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', chunk => (stdout += String(chunk)))
    child.stderr.on('data', chunk => (stderr += String(chunk)))
    child.on('close', code => {
      done({ code, stdout, stderr })
    })
    child.stdin.end(stdin)
  })
}

const LOGIN = '{"username":"admin","password":"p\\"w$x"}'

if (!isReady) process.stderr.write('scripts of UCP are not run: curl or openssl is not installed here\n')

describe.skipIf(!isReady)('the named scripts, run by real shells with real curl', () => {
  it.each(shells)(
    '%s %s: reads one section and lets nothing else out',
    { timeout: 20_000 },
    async (...shell) => {
      await withUcp(async fake => {
        const seen = await run(
          shell.filter(Boolean),
          CONFIG_GET,
          [String(fake.port), 'scheduling_configuration'],
          LOGIN,
        )
        expect(seen).toEqual({
          code: 0,
          stdout: '  default_node_orchestrator = "swarm"\n\n# end\n',
          stderr: '',
        })
      })
    },
  )

  it.each(shells)(
    '%s %s: sets one key and leaves the rest as it was',
    { timeout: 20_000 },
    async (...shell) => {
      await withUcp(async fake => {
        const words = [String(fake.port), 'scheduling_configuration', 'enable_admin_ucp_scheduling', 'true']
        expect(await run(shell.filter(Boolean), CONFIG_SET, words, LOGIN)).toMatchObject({
          code: 0,
          stderr: '',
        })
        expect(fake.toml).toBe(
          DOCUMENT.replace('"swarm"\n\n', '"swarm"\n\n  enable_admin_ucp_scheduling = true\n'),
        )
        await run(shell.filter(Boolean), CONFIG_SET, [...words.slice(0, 3), 'false'], LOGIN)
        expect(fake.toml).toBe(
          DOCUMENT.replace('"swarm"\n\n', '"swarm"\n\n  enable_admin_ucp_scheduling = false\n'),
        )
        await run(shell.filter(Boolean), CONFIG_SET, [String(fake.port), 'new_section', 'key', '"a"'], LOGIN)
        expect(fake.toml.endsWith('  controller_port = 443\n[new_section]\n  key = "a"\n')).toBe(true)
      })
    },
  )

  it('gives a licence of several lines as it is', { timeout: 20_000 }, async () => {
    await withUcp(async fake => {
      const license = '{"key_id":"k",\n "authorization":"a"}'
      expect(await run(['sh'], LICENSE_PUT, [String(fake.port)], `${LOGIN}\n${license}`)).toMatchObject({
        code: 0,
      })
      expect(JSON.parse(fake.license)).toEqual({
        auto_refresh: true,
        license_config: JSON.parse(license) as unknown,
      })
    })
  })

  it('says that the login was refused, and changes nothing', { timeout: 20_000 }, async () => {
    await withUcp(async fake => {
      const seen = await run(
        ['sh'],
        CONFIG_SET,
        [String(fake.port), 'a', 'b', 'c'],
        '{"username":"admin","password":"no"}',
      )
      expect(seen).toMatchObject({ code: 22, stderr: 'UCP refused the login of its administrator\n' })
      expect(fake.toml).toBe(DOCUMENT)
    })
  })

  it("ends with curl's 7 where nobody listens", async () => {
    expect(await run(['sh'], CONFIG_GET, ['1', 'a'], LOGIN)).toMatchObject({ code: 7, stdout: '' })
  })
})

describe('the certificate script', () => {
  it('parses in every shell at hand', () => {
    for (const [program = 'sh', ...first] of shells) {
      expect(spawnSync(program, [...first, '-n', '-c', CERTIFICATES]).status).toBe(0)
    }
  })
})
