import { finder } from '../../plan/finder.ts'
import type { Finding, RulePage } from '../../plan/finding.ts'
import type { Topology } from '../../playbook/topology.ts'
import { parseIpv4 } from '../cidr.ts'

export const urlPages: readonly RulePage[] = [
  {
    code: 'RB0604',
    severity: 'error',
    title: 'The external URL has another port than the balancer',
    why: 'At the end of an installation DTR asks itself by its external URL; with a port on which nobody answers the installation never ends. [I: docker/docs#1928]',
    fix: 'Make the port in `dtr.externalUrl` and `loadBalancer.dtr.port` agree.',
    acceptable: true,
  },
  {
    code: 'RB0605',
    severity: 'warning',
    title: 'The external URL has another name than the balancer',
    why: 'The certificate is made for the name in the URL. Clients that come by the balancer’s other name are told that it is not the one they asked for. [I: docker/docs#4646]',
    fix: 'Use one name, or accept the finding when both names lead to the balancer and the certificate has both.',
    acceptable: true,
  },
  {
    code: 'RB0606',
    severity: 'error',
    title: 'The external URL has another port than the replica',
    why: 'Where the URL leads to the replica itself its port must be the replica’s, or the installation never ends. [I: docker/docs#1928], [D: reference/dtr/2.7/cli/install.md]',
    fix: 'Make the port in `dtr.externalUrl` and the replica’s `httpsPort` agree.',
    acceptable: true,
  },
  {
    code: 'RB0610',
    severity: 'warning',
    title: 'The external URL is an address',
    why: 'DTR sends HSTS, which browsers heed for names only and remember for long; and an address cannot move to another host. [D: reference/dtr/2.7/cli/install.md]',
    fix: 'Use a fully qualified name.',
    acceptable: true,
  },
]

const find = finder(urlPages)

/** Whether the URL that clients use leads where something listens. */
export function urlRules({ dtr, loadBalancer, hosts }: Topology): readonly Finding[] {
  if (dtr === undefined) return []
  const path = ['dtr', 'externalUrl']
  const [, name = '', written] = /^https:\/\/([^:/]+)(?::(\d+))?$/.exec(dtr.externalUrl) ?? []
  const port = Number(written ?? 443)
  const findings: Finding[] = []
  if (parseIpv4(name) !== undefined)
    findings.push(
      find('RB0610', path, `${dtr.externalUrl} is an address, not a name`, 'use a fully qualified name'),
    )
  const frontend = loadBalancer?.dtr
  if (frontend !== undefined) {
    if (frontend.name.toLowerCase() !== name.toLowerCase()) {
      findings.push(
        find(
          'RB0605',
          path,
          `the external URL says ${name}, the balancer ${frontend.name}`,
          'use one name for both',
        ),
      )
    } else if (frontend.port !== port) {
      findings.push(
        find(
          'RB0604',
          path,
          `the external URL leads to port ${port}, the balancer listens on ${frontend.port}`,
          `write https://${name}${frontend.port === 443 ? '' : `:${frontend.port}`}`,
        ),
      )
    }
    return findings
  }
  const meant =
    dtr.replicas.find(({ host }) => host === name || hosts[host]?.address === name) ??
    (dtr.replicas.length === 1 ? dtr.replicas[0] : undefined)
  if (meant !== undefined && meant.httpsPort !== port) {
    findings.push(
      find(
        'RB0606',
        path,
        `the external URL leads to port ${port}, the replica on '${meant.host}' listens on ${meant.httpsPort}`,
        `write https://${name}:${meant.httpsPort}`,
      ),
    )
  }
  return findings
}
