import type { Estate, MutableJson } from '../../twin/estate.ts'

/** What the twin keeps of a balancer, at `estate.hosts[h].state.loadBalancer`. Package and unit are the operating system's. */
export interface TwinBalancer {
  kind: 'haproxy' | 'nginx'
  /** The configuration that the running process has read. */
  config: string
  /** `pool/server` → drain or maint; absent: ready. */
  admin: { [server: string]: string }
  /** Virtual time of the last load: checks need a while from then. */
  loadedMs: number
}

/** The balancer of a host; undefined when none was ever configured. */
export function peekBalancer(estate: Estate, host: string): TwinBalancer | undefined {
  return estate.hosts[host]?.state['loadBalancer'] as unknown as TwinBalancer | undefined
}

export function keepBalancer(estate: Estate, host: string, balancer: TwinBalancer): void {
  const found = estate.hosts[host]
  if (found) found.state['loadBalancer'] = balancer as unknown as MutableJson
}
