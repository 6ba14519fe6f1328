import { createHash } from 'node:crypto'
import type { Check, HostName } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { haproxy, nginx } from './facts.ts'
import { haproxyConfig, haproxyPaths } from './haproxyConfig.ts'
import { nginxConfig, nginxPaths } from './nginxConfig.ts'
import { type ManagedSpec, pools } from './pools.ts'

/** Everything that differs between the two balancers we configure. */
export interface Rendered {
  readonly service: 'haproxy' | 'nginx'
  readonly text: string
  readonly description: string
  readonly config: string
  readonly candidate: string
  /** Tests the candidate with the balancer's own reader. */
  readonly test: readonly string[]
}

/** The configuration as the playbook means it; `down` are taken out (NGINX only, which cannot do so at run time). */
export function rendered(topology: Topology, spec: ManagedSpec, down: readonly HostName[] = []): Rendered {
  if (spec.kind === 'haproxy') {
    const { config, candidate } = haproxyPaths
    const test = ['haproxy', '-c', '-f', candidate]
    return { service: 'haproxy', ...haproxyConfig(topology.name, pools(topology)), config, candidate, test }
  }
  const { config, candidate } = nginxPaths
  const test = ['nginx', '-t', '-c', candidate]
  return { service: 'nginx', ...nginxConfig(topology.name, pools(topology), down), config, candidate, test }
}

/** The file is in place, the service runs and starts at boot, and the running process has read this very configuration. */
export function activeChecks(host: HostName, spec: ManagedSpec, made: Rendered): readonly Check[] {
  const sha256 = createHash('sha256').update(made.text).digest('hex')
  return [
    { fact: 'os.file', host, args: { path: made.config }, is: { kind: 'file', sha256 } },
    { fact: 'os.service', host, args: { name: made.service }, is: { active: true, enabled: true } },
    {
      fact: spec.kind === 'haproxy' ? haproxy.name : nginx.name,
      host,
      is: { description: made.description },
    },
  ]
}
