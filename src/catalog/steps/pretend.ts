import type { Estate } from '../../twin/estate.ts'

/** What the twin keeps of a host for own steps, at `state.steps`. */
export interface Pretended {
  /** path → 'user:group'; root:root where nothing stands. */
  readonly owners: { [path: string]: string }
  readonly users: {
    [name: string]: { uid: number; group: string; groups: string[]; shell: string; home: string }
  }
  readonly mounts: { [path: string]: { source: string; type: string } }
  readonly sysctl: { [name: string]: string }
}

const fresh: Pretended = {
  owners: {},
  users: { root: { uid: 0, group: 'root', groups: ['root'], shell: '/bin/bash', home: '/root' } },
  mounts: {},
  sysctl: {
    'vm.max_map_count': '65530',
    'vm.swappiness': '60',
    'net.ipv4.ip_forward': '0',
    'fs.inotify.max_user_instances': '128',
  },
}

/** To read: a host that was never changed is not changed by looking. */
export function pretended(estate: Estate, host: string): Pretended {
  return (estate.hosts[host]?.state['steps'] as unknown as Pretended | undefined) ?? fresh
}

/** To change in place. */
export function pretend(estate: Estate, host: string): Pretended {
  const on = estate.hosts[host]
  if (on === undefined) throw new Error(`the estate has no host ${host}`)
  on.state['steps'] ??= structuredClone(fresh) as unknown as NonNullable<(typeof on.state)[string]>
  return on.state['steps'] as unknown as Pretended
}
