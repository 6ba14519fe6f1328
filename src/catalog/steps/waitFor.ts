import type { Fact } from '../../plan/fact.ts'
import type { Check } from '../../plan/step.ts'
import type { WaitForSpec } from '../../playbook/steps.ts'
import { member, textArg } from '../os/text.ts'
import type { Deed, Site } from './action.ts'
import { lookIs } from './command.ts'
import { Mistake } from './mistake.ts'

const LOOK_SECONDS = 5

/** Whether `{address}` takes connections on TCP `{port}`, as seen from the host: `{open}`. Needs bash there. */
export const portFact: Fact = {
  name: 'step.port',
  about: 'Whether args {address} takes TCP connections on args {port}, as seen from the host: {open}.',
  scope: 'cluster',
  probe: args => ({
    argv: [
      'timeout',
      String(LOOK_SECONDS),
      'bash',
      '-c',
      'exec 3<>"/dev/tcp/$0/$1"',
      textArg(args, 'address'),
      textArg(args, 'port'),
    ],
  }),
  parse({ code, stderr }) {
    if (code === 0) return { open: true }
    // 127: no bash. Whatever bash itself says of a connection that did not come about means: not open.
    return code === 124 || (code === 1 && /\/dev\/tcp\/|connect/.test(stderr)) ? { open: false } : undefined
  },
}

/** How `{url}` answers, as seen from the host: `{status}`, 0 when it does not answer. `{insecure}`: whoever it is. Needs curl there. */
export const httpFact: Fact = {
  name: 'step.http',
  about:
    'How args {url} answers, as seen from the host: {status}; 0: it does not. args {insecure}: any certificate is trusted.',
  scope: 'cluster',
  probe: args => ({
    argv: [
      'curl',
      textArg(args, 'url'),
      '-s',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '--max-time',
      String(LOOK_SECONDS),
      ...(member(args, 'insecure') === true ? ['--insecure'] : []),
      '--user-agent',
      'runbook-step',
    ],
  }),
  parse({ code, stdout }) {
    if (code === 127 || code === 126 || code === 2) return undefined
    return /^\d{3}$/.test(stdout) ? { status: Number(stdout) } : undefined
  },
}

/** Waits until a port is open, a URL answers or a look ends well. @throws Mistake */
export function waitForDeed(spec: WaitForSpec, site: Site, at: Mistake['path']): Deed {
  const check = awaited(spec, site, at)
  const { withinSeconds } = spec
  return {
    goal: [check],
    run: [{ await: [check], withinSeconds }],
    withinSeconds: 5,
    takes: { p50Seconds: Math.min(5, withinSeconds), p90Seconds: Math.min(60, withinSeconds) },
  }
}

function awaited(spec: WaitForSpec, site: Site, at: Mistake['path']): Check {
  const { host, read } = site
  const given = (['port', 'http', 'command'] as const).filter(key => spec[key] !== undefined)
  if (given.length !== 1)
    throw new Mistake(
      'RB0903',
      at,
      "what is waited for is one of 'port', 'http' and 'command'",
      given.length === 0 ? 'name one' : 'make a step of each',
    )
  if (spec.address !== undefined && spec.port === undefined)
    throw new Mistake(
      'RB0903',
      [...at, 'address'],
      "an 'address' goes with a 'port'",
      'a URL has its address in it',
    )
  if (spec.port !== undefined) {
    const port = read.number(spec.port, [...at, 'port'])
    if (port < 1 || port > 65_535)
      throw new Mistake('RB0907', [...at, 'port'], `${port} is no port`, '1 to 65535')
    if (spec.address === undefined)
      return { fact: 'os.listening', host, args: { port }, is: { listening: true } }
    const address = read.text(spec.address, [...at, 'address'])
    if (!/^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/.test(address))
      throw new Mistake('RB0907', [...at, 'address'], `'${address}' is no address`, 'an IP address or a name')
    return { fact: portFact.name, host, args: { address, port }, is: { open: true } }
  }
  if (spec.http !== undefined) {
    const url = read.text(spec.http.url, [...at, 'http', 'url'])
    if (!/^https?:\/\/[^\s/@]+(\/\S*)?$/.test(url))
      throw new Mistake(
        'RB0907',
        [...at, 'http', 'url'],
        `'${url}' is no URL`,
        'http:// or https://, without user and password',
      )
    const { insecure, status } = spec.http
    return { fact: httpFact.name, host, args: { url, ...(insecure && { insecure }) }, is: { status } }
  }
  return lookIs(spec.command ?? {}, {}, site, [...at, 'command'])
}
