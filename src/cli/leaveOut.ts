import type { Finding } from '../plan/finding.ts'
import type { HostName } from '../plan/step.ts'
import { goWithout } from '../plan/without.ts'
import { nearest } from '../playbook/nearest.ts'
import type { Topology } from '../playbook/topology.ts'
import { Quit } from './exit.ts'
import type { Survey } from './survey.ts'

/** 'd3,w1' or a site, as host names. @throws Quit with the nearest name */
export function leftOut(text: string | undefined, { hosts }: Topology): readonly HostName[] {
  if (text === undefined) return []
  const sites = new Set(Object.values(hosts).flatMap(host => host.site ?? []))
  const named = text.split(',').map(name => name.trim())
  const out = named.flatMap(name => {
    if (hosts[name] !== undefined) return [name]
    const there = Object.values(hosts).filter(host => host.site === name)
    if (there.length > 0) return there.map(host => host.name)
    const near = nearest(name, [...Object.keys(hosts), ...sites])
    throw new Quit(
      'usage',
      `--without: the playbook has no host and no site '${name}'`,
      near === undefined ? `its hosts: ${Object.keys(hosts).join(', ')}` : `did you mean ${near}?`,
    )
  })
  return [...new Set(out)].sort()
}

/** The part of a plan that does not need these hosts, with what is to be said about it. */
export function leaveOut<S extends Pick<Survey, 'plan' | 'facts' | 'findings' | 'refs'>>(
  seen: S,
  out: readonly HostName[],
): S {
  if (out.length === 0) return seen
  const { plan, endangered } = goWithout(seen.plan, out, seen.facts)
  const left = plan.without?.left ?? []
  const undone = left.map(({ step, why }) => `${step} (${why})`).join(', ')
  const all: Finding = {
    code: 'RB0860',
    severity: 'warning',
    path: [],
    message: `goes on without ${out.join(', ')}; ${left.length === 0 ? 'nothing is left undone for it' : `left undone: ${undone}`}`,
    help: 'run it again without --without when they are back',
  }
  const worst = endangered.map(({ quorum, up, voters, step }): Finding => ({
    code: 'RB0861',
    severity: 'error',
    path: [],
    message: `without ${out.join(', ')} at most ${up} of ${voters} voters of ${quorum} can be up, and ${step} would change it`,
    help: 'bring back enough of them, or declare those gone for good under `absent:`',
  }))
  return {
    ...seen,
    plan,
    refs: seen.refs.filter(ref => !out.includes(ref.host)),
    findings: [...seen.findings, all, ...worst],
  }
}
