import type { Fact } from '../../plan/fact.ts'
import type { SysctlSpec } from '../../playbook/steps.ts'
import { exit } from '../os/model.ts'
import { textArg } from '../os/text.ts'
import type { Answer, Deed, Site } from './action.ts'
import { Mistake } from './mistake.ts'
import { fileSays } from './paths.ts'
import { pretend, pretended } from './pretend.ts'

/** The kernel's parameter `{name}` as it is now: null when there is none, or `{value}`, its words with single blanks between. */
export const sysctlFact: Fact = {
  name: 'step.sysctl',
  about: "The kernel's parameter of args {name} as it is now: null when there is none, or {value}.",
  scope: 'host',
  probe: args => ({ argv: ['cat', `/proc/sys/${textArg(args, 'name').replaceAll('.', '/')}`] }),
  parse({ code, stdout, stderr }) {
    if (code === 0) return { value: plain(stdout) }
    return /No such file or directory/.test(stderr) ? null : undefined
  },
}

/** A parameter of the kernel, now and at every start. @throws Mistake */
export function sysctlDeed(spec: SysctlSpec, { host, read }: Site, at: Mistake['path']): Deed {
  const name = read.text(spec.name, [...at, 'name'])
  if (!/^[a-z0-9_]+(\.[A-Za-z0-9_-]+)+$/.test(name))
    throw new Mistake(
      'RB0907',
      [...at, 'name'],
      `'${name}' is no parameter of the kernel`,
      "as sysctl writes it, as in 'vm.max_map_count'",
    )
  const value = plain(
    typeof spec.value === 'number' ? String(spec.value) : read.text(spec.value, [...at, 'value']),
  )
  if (!/^[^\r\n]+$/.test(value)) throw new Mistake('RB0907', [...at, 'value'], `'${name}' needs a value`)
  const path = `/etc/sysctl.d/60-runbook-${name}.conf`
  const content = `${name} = ${value}\n`
  const place = { path, mode: '0644' }
  return {
    goal: [{ fact: sysctlFact.name, host, args: { name }, is: { value } }, fileSays(place, content, host)],
    run: [
      { write: path, content, mode: '0644' },
      { exec: { argv: ['sysctl', '-q', '-p', path] }, timeoutSeconds: 30 },
    ],
    withinSeconds: 5,
    takes: { p50Seconds: 1, p90Seconds: 2 },
  }
}

function plain(value: string): string {
  return value.trim().replaceAll(/[ \t]+/g, ' ')
}

/** The kernel's parameters on the twin. */
export const answerSysctl: Answer = ({ argv }, host, estate) => {
  const [program, ...words] = argv
  const last = words.at(-1) ?? ''
  if (program === 'cat' && last.startsWith('/proc/sys/')) {
    const value = pretended(estate, host).sysctl[last.slice('/proc/sys/'.length).replaceAll('/', '.')]
    return value === undefined
      ? exit(1, '', `cat: ${last}: No such file or directory\n`)
      : exit(0, `${value}\n`)
  }
  if (program !== 'sysctl' || !words.includes('-p')) return undefined
  const content = estate.hosts[host]?.files[last]?.content
  if (content === undefined)
    return exit(255, '', `sysctl: cannot open "${last}": No such file or directory\n`)
  for (const line of content.split('\n').filter(one => one !== '')) {
    const [name = '', value = ''] = line.split('=').map(one => one.trim())
    const { sysctl } = pretend(estate, host)
    if (sysctl[name] === undefined)
      return exit(
        255,
        '',
        `sysctl: cannot stat /proc/sys/${name.replaceAll('.', '/')}: No such file or directory\n`,
      )
    sysctl[name] = value
  }
  return exit(0)
}
