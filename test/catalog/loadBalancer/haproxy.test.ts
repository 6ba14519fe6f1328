import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { haproxy, readHaproxy } from '../../../src/catalog/loadBalancer/facts.ts'
import { haproxyConfig } from '../../../src/catalog/loadBalancer/haproxyConfig.ts'
import { nginxConfig } from '../../../src/catalog/loadBalancer/nginxConfig.ts'
import { pools } from '../../../src/catalog/loadBalancer/pools.ts'
import { haproxySet } from '../../../src/catalog/loadBalancer/scripts.ts'
import { bench } from '../sh.ts'
import { example } from '../dtr/onTwin.ts'

const recorded = readFileSync(
  new URL('../../fixtures/haproxy/info-and-stat-2.6.12.txt', import.meta.url),
  'utf8',
)
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
const dtrHa = pools(example('dtr-ha'))

describe('what HAProxy 2.6 says on its socket', () => {
  it('is read: description and the state of every server', () => {
    expect(readHaproxy(recorded)).toEqual({
      description: 'runbook 3121cc07b7ca2190',
      servers: { dtr_https: { 'dtr-1': 'up', 'dtr-2': 'down' }, dtr_http: { 'dtr-1': 'up' } },
    })
  })

  it('knows every word for a state', () => {
    const said = (status: string) =>
      readHaproxy(recorded.replace(',UP,1,1,0,1,1,6,', `,${status},1,1,0,1,1,6,`))
    for (const [status, state] of [
      ['UP 1/3', 'up'],
      ['DOWN 1/2', 'down'],
      ['DRAIN', 'drain'],
      ['MAINT (via x/y)', 'maint'],
      ['NOLB', 'drain'],
      ['no check', 'none'],
    ] as const)
      expect(said(status)).toMatchObject({ servers: { dtr_https: { 'dtr-1': state } } })
  })

  it('is no answer when it is cut short or noise', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: recorded.indexOf('# pxname') }), at => {
        expect(readHaproxy(recorded.slice(0, at))).toBeUndefined()
      }),
      { numRuns: 50 },
    )
    expect(readHaproxy(recorded.slice(0, recorded.indexOf(',UP,1,1')))).toBeUndefined()
    expect(haproxy.parse({ code: 3, stdout: '', stderr: '' }, undefined)).toBeNull()
    expect(haproxy.parse({ code: 127, stdout: '', stderr: 'socat: not found' }, undefined)).toBeUndefined()
  })
})

describe('setting a server by the socket', () => {
  it('fails on what the socket answers, as socat itself ends well', async () => {
    const one = bench({ socat: 'read line; case "$line" in *d9*) echo "No such server." ;; *) echo ;; esac' })
    expect(await one.run(haproxySet, ['drain', 'dtr_https/d1'])).toEqual({ code: 0, stdout: '', stderr: '' })
    const bad = await one.run(haproxySet, ['ready', 'dtr_https/d1', 'dtr_https/d9'])
    expect([bad.code, bad.stderr]).toEqual([1, 'dtr_https/d9: No such server.\n'])
    // What it does not know it sends nothing to, and that is all a drain is for.
    expect((await one.run(haproxySet, ['drain', 'dtr_https/d9'])).code).toBe(0)
    one.done()
  })
})

describe('the configuration', () => {
  it('passes TLS through, checks /_ping everywhere and keeps idle connections for an hour', () => {
    const { text, description } = haproxyConfig('dtr-ha', dtrHa)
    expect(text).toContain(`    description ${description}\n`)
    expect(text).toContain('    timeout tunnel 1h\n')
    expect(text).toContain('level admin expose-fd listeners')
    expect(text).not.toMatch(/mode http|bind .* ssl/)
    expect(text.split('\n').filter(line => line.startsWith('frontend '))).toEqual([
      'frontend ucp_https',
      'frontend ucp_kube',
      'frontend dtr_https',
      'frontend dtr_http',
    ])
    expect(text).toContain(
      'frontend dtr_http\n    bind *:80\n    default_backend dtr_http\n\nbackend dtr_http\n    balance leastconn\n' +
        '    option httpchk GET /_ping HTTP/1.1\\r\\nHost:\\ dtr.example.com\n    http-check expect status 200\n    default-server inter 1s fastinter 250ms fall 2 rise 2\n' +
        '    server d1 198.51.100.21:80 check port 443 check-ssl verify none\n',
    )
  })

  it('gives a refused connection to another server, and leaves one out within two seconds of its first failed check', () => {
    const { text } = haproxyConfig('dtr-ha', dtrHa)
    expect(text).toMatch(/^defaults\n(?: {4}.*\n)* {4}option redispatch\n/m)
    expect(text).toMatch(/^ {4}retries [1-3]$/m)
    const checks = [...text.matchAll(/default-server inter (\d+)s fastinter (\d+)ms fall (\d+)/g)]
    expect(checks).toHaveLength(dtrHa.length)
    for (const [, inter, fastinter, fall] of checks)
      expect(Number(inter) * 1000 + Number(fastinter) * (Number(fall) - 1)).toBeLessThan(2000)
  })

  it('has another description when anything in it is another, and the same when nothing is', () => {
    const one = haproxyConfig('dtr-ha', dtrHa)
    expect(haproxyConfig('dtr-ha', pools(example('dtr-ha')))).toEqual(one)
    expect(haproxyConfig('dtr-ha', dtrHa.slice(1)).description).not.toBe(one.description)
    expect(nginxConfig('dtr-ha', dtrHa).description).not.toBe(
      nginxConfig('dtr-ha', dtrHa, ['d1']).description,
    )
  })

  const free = dtrHa.map((pool, i) => ({ ...pool, bind: '127.0.0.1', port: 28_000 + i }))
  const tested = (name: string, text: string, argv: (path: string) => readonly string[]) => {
    const dir = mkdtempSync(join(tmpdir(), 'runbook-lb-'))
    writeFileSync(join(dir, name), text.replaceAll('/var/lib/haproxy', dir))
    writeFileSync(join(dir, 'runbook.state'), '')
    const [program = '', ...words] = argv(join(dir, name))
    const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' })
    rmSync(dir, { recursive: true, force: true })
    return { status, stderr }
  }

  it.skipIf(!has('haproxy'))(
    'passes the test of a real HAProxy (skipped where haproxy is not installed)',
    () => {
      const good = haproxyConfig('dtr-ha', free).text
      expect(tested('h.cfg', good, path => ['haproxy', '-c', '-f', path])).toMatchObject({ status: 0 })
      expect(
        tested('h.cfg', good.replace('mode tcp', 'mode tpc'), path => ['haproxy', '-c', '-f', path]).status,
      ).not.toBe(0)
    },
  )

  it.skipIf(!has('nginx') || process.getuid?.() !== 0)(
    'passes the test of a real NGINX (skipped without nginx or root)',
    () => {
      const good = nginxConfig('dtr-ha', free, ['d2']).text
      expect(tested('n.conf', good, path => ['nginx', '-t', '-c', path])).toMatchObject({ status: 0 })
    },
  )
})
