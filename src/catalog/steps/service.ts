import type { Op } from '../../plan/step.ts'
import type { ServiceSpec } from '../../playbook/steps.ts'
import type { Deed, Site } from './action.ts'
import { Mistake } from './mistake.ts'

/** A systemd unit that runs or does not, and starts with the machine or does not. @throws Mistake */
export function serviceDeed(spec: ServiceSpec, { host, read }: Site, at: Mistake['path']): Deed {
  const name = read.text(spec.name, [...at, 'name'])
  if (!/^[A-Za-z0-9][A-Za-z0-9@:._\\-]*$/.test(name))
    throw new Mistake(
      'RB0907',
      [...at, 'name'],
      `'${name}' is no name of a unit`,
      "as systemctl lists it, as in 'chrony'",
    )
  const runs = spec.state === 'running'
  const systemctl = (...words: readonly string[]): Op => ({
    exec: { argv: ['systemctl', ...words, name] },
    timeoutSeconds: 180,
  })
  return {
    goal: [{ fact: 'os.service', host, args: { name }, is: { active: runs, enabled: spec.enabled } }],
    run:
      runs === spec.enabled
        ? [systemctl(runs ? 'enable' : 'disable', '--now')]
        : [systemctl(spec.enabled ? 'enable' : 'disable'), systemctl(runs ? 'start' : 'stop')],
    withinSeconds: 60,
    takes: { p50Seconds: 2, p90Seconds: 15 },
    ...(!runs && { risk: 'interrupts' }),
  }
}
