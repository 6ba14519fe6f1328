import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LabUser } from './access.ts'
import { sshArgv } from './access.ts'
import { labOf } from './harness.ts'
import { initOf, powerCut, powerOn, pressButton, ready } from './host.ts'
import type { Layout } from './layout.ts'
import { address, defaultHosts, hostDirectory, hostNamed, keyPath, knownHostsPath } from './layout.ts'
import { MachineCannot, cannotExitCode } from './machine.ts'
import { adminPassword, passwordVariable, writePlaybook } from './playbook.ts'
import { setFreezer } from './process.ts'
import { cable, heal, lose, networkState, partition } from './switch.ts'
import { currentLayout, lowerLab, raiseLab } from './up.ts'

const usage = `usage: npm run lab -- COMMAND
  up [HOST ...] [--no-images]        bring the lab up (default: ${defaultHosts.join(' ')})
  down                               take it away; the cache stays
  status                             hosts, addresses, on or off
  ssh HOST[/USER] [COMMAND ...]      users: root, ops (group docker), adm (sudo by password)
  kill|start|stop|reboot HOST ...    power cut, switch on, orderly shutdown, orderly reboot
  freeze|thaw HOST ...               every process stands still
  net show|heal|partition A B|loss HOST SHARE|cable HOST in|out
  playbook DIR                       write a playbook for this lab, and its license, into a directory
  logs HOST [LINES]                  the journal, or the boot log of a host that did not come up
exit codes: 0 done, 1 failed, 2 usage, ${String(cannotExitCode)} this machine cannot carry a lab (reason printed)`

class Usage extends Error {}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

function standing(): Layout {
  const of = currentLayout()
  if (of === undefined) throw new Error('no lab is up; `npm run lab -- up` makes one')
  return of
}

async function up(words: readonly string[]): Promise<void> {
  const hosts = words.filter(word => !word.startsWith('--'))
  const began = Date.now()
  const of = await raiseLab({
    ...(hosts.length === 0 ? {} : { hosts }),
    images: !words.includes('--no-images'),
    say,
  })
  say(`up after ${((Date.now() - began) / 1000).toFixed(1)} s`)
  status(of)
}

function status(of: Layout): void {
  const lines = of.hosts.map(host => {
    const state = initOf(of, host) === undefined ? 'off' : 'on'
    return `${host.name.padEnd(6)} ${address(of, host).padEnd(12)} ${state}`
  })
  process.stdout.write([...lines, `key ${keyPath(of)}`, `known hosts ${knownHostsPath(of)}`, ''].join('\n'))
}

function shell(of: Layout, words: readonly string[]): number {
  const [target = '', ...line] = words
  const [name = '', user = 'root'] = target.split('/')
  const [file = '', ...args] = sshArgv(of, hostNamed(of, name), user as LabUser)
  const tty = line.length === 0 ? ['-tt'] : []
  return spawnSync(file, [...tty, ...args, ...line], { stdio: 'inherit' }).status ?? 255
}

async function net(of: Layout, words: readonly string[]): Promise<void> {
  const [verb, first = '', second = ''] = words
  if (verb === 'show') process.stdout.write(await networkState(of))
  else if (verb === 'heal') await heal(of)
  else if (verb === 'partition') await partition(of, hostNamed(of, first), hostNamed(of, second))
  else if (verb === 'loss') await lose(of, hostNamed(of, first), Number(second))
  else if (verb === 'cable' && (second === 'in' || second === 'out'))
    await cable(of, hostNamed(of, first), second)
  else throw new Usage(usage)
}

async function logs(of: Layout, words: readonly string[]): Promise<void> {
  const [name = '', lines = '200'] = words
  const host = hostNamed(of, name)
  process.stdout.write(readFileSync(join(hostDirectory(of, name), 'boot.log'), 'utf8'))
  if (initOf(of, host) !== undefined)
    await Promise.resolve(shell(of, [name, 'journalctl', '--no-pager', '-n', lines]))
}

function playbook(of: Layout, [directory]: readonly string[]): void {
  if (directory === undefined) throw new Usage(usage)
  process.stdout.write(`${writePlaybook(labOf(of), directory)}\n`)
  say(`its administrator's password: export ${passwordVariable}=${adminPassword}`)
}

async function eachHost(words: readonly string[], act: (name: string) => unknown): Promise<void> {
  if (words.length === 0) throw new Usage(usage)
  for (const name of words) await act(name)
}

async function main(words: readonly string[]): Promise<number> {
  const [verb = '', ...rest] = words
  const group = (of: Layout, name: string): string => `${of.prefix}/${hostNamed(of, name).name}`
  switch (verb) {
    case 'up':
      await up(rest)
      return 0
    case 'down':
      await lowerLab()
      return 0
    case 'status':
      status(standing())
      return 0
    case 'ssh':
      return shell(standing(), rest)
    case 'net':
      await net(standing(), rest)
      return 0
    case 'logs':
      await logs(standing(), rest)
      return 0
    case 'playbook':
      playbook(standing(), rest)
      return 0
  }
  const acts: Readonly<Record<string, (of: Layout, name: string) => unknown>> = {
    kill: (of, name) => powerCut(of, hostNamed(of, name)),
    start: async (of, name) => {
      await powerOn(of, hostNamed(of, name))
      await ready(of, hostNamed(of, name))
    },
    stop: (of, name) => {
      pressButton(of, hostNamed(of, name), 'poweroff')
    },
    reboot: (of, name) => {
      pressButton(of, hostNamed(of, name), 'reboot')
    },
    freeze: (of, name) => {
      setFreezer(group(of, name), 'FROZEN')
    },
    thaw: (of, name) => {
      setFreezer(group(of, name), 'THAWED')
    },
  }
  const act = acts[verb]
  if (act === undefined) throw new Usage(usage)
  const of = standing()
  await eachHost(rest, name => act(of, name))
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = error instanceof MachineCannot ? cannotExitCode : error instanceof Usage ? 2 : 1
}
