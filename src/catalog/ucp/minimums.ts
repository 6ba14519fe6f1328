import type { Facts } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { HostName } from '../../plan/step.ts'
import type { UcpSpec } from '../../playbook/topology.ts'
import { freeDataMb, machineSays } from '../os/preflight.ts'

/** Machines sold as 8 GB show a little less: the kernel keeps some. */
const SHOWN_PART = 0.9

/** What the manual asks of a role [§2.3]. `leastMb` of disk is where the product itself refuses or cannot start its kubelet. */
const NEEDS = {
  manager: { cpus: 2, memoryGb: 8, diskMb: 10_240, leastMb: 6_144 },
  worker: { cpus: 1, memoryGb: 4, diskMb: 500, leastMb: 500 },
} as const

/** Hosts below the minimum of their role. With `--force-minimums` the operator has said that it is meant: a warning is left. */
export function minimums(ucp: UcpSpec, facts: Facts): readonly Finding[] {
  const forced = ucp.extraFlags.includes('--force-minimums')
  const of = (role: keyof typeof NEEDS) => (host: HostName) => below(role, host, facts, forced)
  return [...ucp.managers.flatMap(of('manager')), ...ucp.workers.flatMap(of('worker'))]
}

function below(role: keyof typeof NEEDS, host: HostName, facts: Facts, forced: boolean): readonly Finding[] {
  const needs = NEEDS[role]
  const cpus = machineSays(facts, host, 'cpus')
  const memoryMb = machineSays(facts, host, 'memoryMb')
  const freeMb = freeDataMb(facts, host)
  const found: Finding[] = []
  const finding = (severity: Finding['severity'], message: string, help: string): void => {
    found.push({ code: 'RB0843', severity, message, path: ['hosts', host], host, help })
  }
  const hard = forced ? 'warning' : 'error'
  if (typeof cpus === 'number' && cpus < needs.cpus) {
    finding(
      hard,
      `${host} has ${cpus} processor, a UCP ${role} needs ${needs.cpus}`,
      'give it more, or pass --force-minimums to try things out',
    )
  }
  if (typeof memoryMb === 'number' && memoryMb < needs.memoryGb * 1024 * SHOWN_PART) {
    finding(
      hard,
      `${host} has ${memoryMb} MB of memory, a UCP ${role} needs ${needs.memoryGb} GB`,
      'give it more, or pass --force-minimums to try things out',
    )
  }
  if (freeMb !== undefined && freeMb < needs.leastMb) {
    finding(
      hard,
      `${host} has ${freeMb} MB free under /var, a UCP ${role} needs ${needs.leastMb} MB at the very least`,
      'make room under /var/lib/docker',
    )
  } else if (freeMb !== undefined && freeMb < needs.diskMb) {
    finding(
      'warning',
      `${host} has ${freeMb} MB free under /var, ${needs.diskMb} MB is asked of a UCP ${role}`,
      'make room under /var/lib/docker',
    )
  }
  return found
}
