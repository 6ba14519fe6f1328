import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quote } from '../../src/plan/quote.ts'
import { BASH_HEAD } from '../../src/views/bashHead.ts'

/** The functions of the bash form, run: a host is this machine, and its ssh hands the last word to a login shell, as sshd does. */
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runbook-bash-'))
  const ssh = join(folder, 'ssh')
  writeFileSync(ssh, '#!/bin/bash\nprintf "%s\\n" "$*" >> "$0.log"\nexec sh -c "${!#}"\n')
  chmodSync(ssh, 0o755)
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const run = (lines: string) =>
  spawnSync('bash', ['-c', `set -uo pipefail\n${BASH_HEAD}\nhost h root@h 22 '' no\n${lines}`], {
    encoding: 'utf8',
    env: { ...process.env, RUNBOOK_SSH: join(folder, 'ssh') },
  })
const odd = ["it's", 'a  b', '$HOME `id` "q"', 'back\\slash', 'two\nlines', '', '*', 'ä', '-n', '!x']

describe('the functions of the bash form', () => {
  it('bring every word to a host as it is', () => {
    const words = ['printf', '[%s]\\n', ...odd].map(quote).join(' ')
    const end = run(`words=(${words}); vars=(); input=''; call h 10`)
    expect(end).toMatchObject({ status: 0, stderr: '', stdout: odd.map(one => `[${one}]\n`).join('') })
  })

  it.each(odd)('bring a value by environment and another by standard input, and neither shows: %j', value => {
    const script = 'printf "<%s>" "$ONE" "$TWO"; cat'
    const end = run(
      `words=(sh -c ${quote(script)}); vars=(ONE ${quote(value)} TWO ${quote(`${value}\n`)}); input=${quote(`${value}$\n`)}; call h 10`,
    )
    expect(end).toMatchObject({ status: 0, stderr: '', stdout: `<${value}><${value}\n>${value}$\n` })
    const shown = readFileSync(join(folder, 'ssh.log'), 'utf8')
    if (value.length > 4)
      expect(
        shown
          .split('\n')
          .filter(line => line.includes('ONE'))
          .join(),
      ).not.toContain(value)
  })

  it('fail as the command fails, when a line says that it failed, and when the time is over', () => {
    expect(run(`words=(sh -c 'exit 7'); vars=(); input=''; on h 10 ''`).status).toBe(7)
    expect(run(`words=(echo FATAL); vars=(); input=''; on h 10 '^FATAL'`).status).toBe(1)
    expect(run(`words=(echo fine); vars=(); input=''; on h 10 '^FATAL'`).status).toBe(0)
    expect(run(`words=(sleep 5); vars=(); input=''; on h 1 ''`).status).toBe(124)
  })

  it('write a whole file with its mode, whatever its name', () => {
    const path = join(folder, "a folder/it's $x")
    expect(run(`input=$'one\\ntwo'; put h ${quote(path)} 0640`).stderr).toBe('')
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo')
    expect((statSync(path).mode & 0o777).toString(8)).toBe('640')
  })

  it('take a late value out of what a probe prints, and stop without one', () => {
    const probe = `words=(printf '{"NodeAddr":"10.0.0.1"}'); vars=(); input=''`
    const filter = quote(`sed -n 's/.*"NodeAddr":"\\([^"]*\\)".*/\\1/p'`)
    expect(run(`${probe}; late addr h 'x addr' open ${filter}; echo "$addr"`).stdout).toBe('10.0.0.1\n')
    const none = run(`words=(true); vars=(); input=''; late addr h 'x addr' secret ${filter}; echo on`)
    expect(none).toMatchObject({ status: 1, stdout: '', stderr: 'STOP: x addr on h is empty\n' })
  })

  it('write JSON strings that are read back as they were', () => {
    for (const value of odd) expect(JSON.parse(run(`json ${quote(value)}`).stdout)).toBe(value)
  })

  it('take no other file than the plan was made with', () => {
    writeFileSync(join(folder, 'f'), 'text\n\n')
    const sum = execFileSync('sha256sum', [join(folder, 'f')], { encoding: 'utf8' }).slice(0, 64)
    const read = run(`pinned it ${join(folder, 'f')} ${sum}; printf '<%s>' "$it"`)
    expect(read.stdout).toBe('<text\n\n>')
    expect(run(`pinned it ${join(folder, 'f')} ${'0'.repeat(64)}`)).toMatchObject({ status: 1 })
  })

  it('ask nobody where there is no terminal', () => {
    const end = spawnSync('setsid', ['bash', '-c', `${BASH_HEAD}\nagree 'Nothing undoes this.'; echo on`], {
      encoding: 'utf8',
    })
    expect(end.stdout).not.toContain('on\n')
    expect(end.stderr).toContain('STOP: not agreed to')
  })
})
