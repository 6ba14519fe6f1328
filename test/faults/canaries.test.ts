import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Connect } from '../../src/hosts/session.ts'
import { forms } from './forms.ts'
import { type Hosts, playbook, serveHosts, start } from './processes.ts'

/**
 * A random secret through every flow of real `runbook` processes, with hosts that print it back in every form; then it is looked for
 * wherever something was left or said. `npm run test:faults` plays it; in `npm test` a story in one process stands for it.
 */
const isWhole = process.env['RUNS'] !== undefined
if (!isWhole)
  process.stdout.write(
    'canaries in real processes: only in npm run test:faults (test/cli/survive.test.ts is the short form)\n',
  )

const secret = `canary-${randomBytes(9).toString('base64url')} '$&%/+"\\${randomBytes(4).toString('hex')}`

const printed = [
  `password is ${secret}`,
  `Authorization: Basic ${Buffer.from(`admin:${secret}`).toString('base64')}`,
  `https://admin:${encodeURIComponent(secret)}@ucp.example.com/`,
  JSON.stringify({ password: secret }),
  `curl -u 'admin:${secret.replaceAll("'", `'\\''`)}'`,
  `password is ${secret.slice(0, 9)}\u001B[31m${secret.slice(9)}\u001B[0m`,
  `password is ${secret.slice(0, 9)}\u200B${secret.slice(9)}`,
]

/** As whoever takes the escapes away reads it; in JSON they are spelt out. */
const bare = (text: string): string => text.replaceAll(/(?:\u001B|\\u001b)\[\d+m|\u200B/gi, '')

const argv: string[] = []
let fails = true
const spoil =
  (connect: Connect): Connect =>
  async host => {
    const session = await connect(host)
    return {
      ...session,
      probe(lines, options) {
        argv.push(...lines.map(line => line.argv.join(' ')))
        return session.probe(lines, options)
      },
      exec(line, options) {
        argv.push(line.argv.join(' '))
        if (!fails || !/dtr:\S+ install/.test(line.argv.join(' '))) return session.exec(line, options)
        const stderr = `FATA[0001] it failed\n${printed.join('\n')}\n`
        for (const one of stderr.trimEnd().split('\n')) options.onLine('err', one)
        return Promise.resolve({ code: 1, stdout: '', stderr })
      },
    }
  }

let hosts: Hosts | undefined
afterAll(() => hosts?.close())

const files = (path: string): { readonly place: string; readonly text: string }[] =>
  readdirSync(path).flatMap(name => {
    const inner = join(path, name)
    if (statSync(inner).isDirectory()) return files(inner)
    return [{ place: inner, text: readFileSync(inner, 'utf8') }]
  })

test.runIf(isWhole)(
  'a random secret is nowhere after apply, failure, rollback, resume elsewhere and a crash, with debug output',
  async () => {
    const here = (hosts = await serveHosts('env:UCP_ADMIN_PASSWORD', spoil))
    const said: { readonly place: string; readonly text: string }[] = []
    const run = async (desk: string, words: readonly string[], preload = ''): Promise<number> => {
      const one = start(here.desk(desk), [...words, '--debug'], {
        env: { UCP_ADMIN_PASSWORD: secret },
        preload,
      })
      const { code } = await one.ended
      said.push({
        place: `output of ${words.slice(0, 2).join(' ')} (exit ${String(code)})`,
        text: one.said(),
      })
      return code
    }
    const last = (): string => (said.at(-1)?.text ?? '').slice(-2500)
    expect({
      code: await run('a', ['plan', playbook, '-o', 'plan.json', '--format', 'json']),
      said: last(),
    }).toMatchObject({ code: 0 })
    expect({
      code: await run('a', ['apply', playbook, '--yes', '--output', 'json']),
      said: last(),
    }).toMatchObject({ code: 15 })
    expect(last()).toContain('‹masked›')
    expect(await run('a', ['rollback', '--yes'])).toBe(12)
    expect(await run('a', ['resume', '--output', 'plain'])).toBe(15)
    // Whatever is wrong inside: an error of ours that holds the secret in its words.
    const crash = `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module'; const write = fs.fsyncSync; let n = 0; fs.fsyncSync = file => { if (++n > 3) throw new Error('injected: ' + process.env.UCP_ADMIN_PASSWORD); write(file) }; syncBuiltinESMExports()`
    expect({ code: await run('a', ['resume'], crash), said: last() }).toMatchObject({ code: 1 })
    expect(last()).toMatch(/injected: ‹masked›[^]*at /)
    fails = false
    here.aged += 100
    expect({ code: await run('b', ['resume', '--from-host', 'd1', playbook]), said: last() }).toMatchObject({
      code: 0,
    })
    await run('b', ['status', playbook, '--json'])
    await run('b', ['history', playbook])
    const left = [
      ...said,
      ...files(here.folder).map(({ place, text }) => ({ place: place.slice(here.folder.length), text })),
      ...argv.map(text => ({ place: 'argv on a host', text })),
      ...Object.entries(here.estate.hosts).flatMap(([name, host]) => [
        { place: `files of ${name}`, text: JSON.stringify(host.files) },
        { place: `copies, leases and audit of ${name}`, text: JSON.stringify(host.custody) },
      ]),
    ]
    const wanted = forms(secret)
    const hits = left.flatMap(({ place, text }) =>
      wanted
        .filter(form => text.includes(form) || bare(text).includes(form))
        .map((_, i) => `${place}: form ${String(i)}`),
    )
    const characters = left.reduce((sum, { text }) => sum + text.length, 0)
    process.stdout.write(
      `a secret in ${String(wanted.length)} forms, looked for in ${String(left.length)} places (${String(characters)} characters): ${String(hits.length)} hits\n`,
    )
    expect(left.some(({ text }) => text.includes('run-started'))).toBe(true)
    expect(characters).toBeGreaterThan(50_000)
    expect(hits).toEqual([])
  },
  300_000,
)
