import type { finder } from '../plan/finder.ts'
import type { Finding } from '../plan/finding.ts'
import type { HostName } from '../plan/step.ts'
import { suggestion } from './nearest.ts'
import type { Path } from './placed.ts'
import type { Playbook } from './schema.gen.ts'

type Find = ReturnType<typeof finder>

/** Roles the engine gives by itself; a playbook's own groups may not take their names. */
export const builtInRoles = ['manager', 'worker', 'dtr', 'loadBalancer'] as const

/** Every place where the playbook names a host, with that name. */
function namings(playbook: Playbook): readonly { readonly path: Path; readonly host: HostName }[] {
  const { ucp, dtr, loadBalancer: balancer, backup } = playbook
  const one = (host: string | undefined, ...path: Path) => (host === undefined ? [] : [{ path, host }])
  const list = (hosts: readonly string[] | undefined, ...path: Path) =>
    (hosts ?? []).map((host, i) => ({ path: [...path, i], host }))
  return [
    ...list(ucp?.managers, 'ucp', 'managers'),
    ...list(ucp?.workers, 'ucp', 'workers'),
    ...(dtr?.replicas ?? []).map(({ host }, i) => ({ path: ['dtr', 'replicas', i, 'host'], host })),
    ...(balancer?.kind === 'external'
      ? [{ path: ['loadBalancer', 'host'], host: balancer.host }]
      : list(balancer?.hosts, 'loadBalancer', 'hosts')),
    ...one(backup?.to.host?.name, 'backup', 'to', 'host', 'name'),
    ...one(backup?.swarmHost, 'backup', 'swarmHost'),
    ...one(backup?.replica, 'backup', 'replica'),
    ...one(backup?.images?.snapshot?.host, 'backup', 'images', 'snapshot', 'host'),
  ]
}

/** Names that lead nowhere, lists that say the same host twice, jumps in a circle, and hosts that nothing uses. */
export function checkReferences(playbook: Playbook, find: Find): readonly Finding[] {
  const named = namings(playbook)
  const names = Object.keys(playbook.hosts)
  const known = new Set(names)
  const unknown = named
    .filter(({ host }) => !known.has(host))
    .map(({ host, path }) =>
      find('RB0201', path, `no host '${host}' under 'hosts'`, suggestion(host, names, 'hosts')),
    )
  return [
    ...unknown,
    ...twice(playbook, find),
    ...doubleDuty(playbook, find),
    ...jumps(playbook, find),
    ...ownRoles(playbook, find),
    ...unused(playbook, named, find),
  ]
}

function twice(playbook: Playbook, find: Find): readonly Finding[] {
  const { ucp, loadBalancer: balancer } = playbook
  const lists: [Path, readonly string[]][] = [
    [['ucp', 'managers'], ucp?.managers ?? []],
    [['ucp', 'workers'], ucp?.workers ?? []],
    [['loadBalancer', 'hosts'], balancer === undefined || balancer.kind === 'external' ? [] : balancer.hosts],
  ]
  return lists.flatMap(([path, hosts]) =>
    hosts.flatMap((host, i) =>
      hosts.indexOf(host) < i
        ? [find('RB0206', [...path, i], `host '${host}' stands in this list twice`, 'delete one of the two')]
        : [],
    ),
  )
}

function doubleDuty({ ucp, dtr }: Playbook, find: Find): readonly Finding[] {
  const replicas = (dtr?.replicas ?? []).map(({ host }) => host)
  return (ucp?.workers ?? []).flatMap((host, i) => {
    const path = ['ucp', 'workers', i]
    if (ucp?.managers.includes(host)) {
      return [
        find(
          'RB0212',
          path,
          `'${host}' is a manager and cannot join as a worker too`,
          'name it in one of the two lists',
        ),
      ]
    }
    if (replicas.length < 3 || !replicas.includes(host)) return []
    return [
      find(
        'RB0317',
        path,
        `'${host}' carries a replica and applications`,
        'delete it here: hosts of replicas join as workers by themselves',
      ),
    ]
  })
}

function jumps(playbook: Playbook, find: Find): readonly Finding[] {
  const { hosts } = playbook
  return Object.entries(hosts).flatMap(([name, { jump }]) => {
    if (jump === undefined) return []
    const path = ['hosts', name, 'jump']
    if (!Object.hasOwn(hosts, jump)) {
      return [
        find(
          'RB0202',
          path,
          `no host '${jump}' to connect through`,
          suggestion(
            jump,
            Object.keys(hosts).filter(other => other !== name),
            'hosts',
          ),
        ),
      ]
    }
    const way = [name]
    for (
      let next: string | undefined = jump;
      next !== undefined && Object.hasOwn(hosts, next);
      next = hosts[next]?.jump
    ) {
      if (next === name) {
        return [
          find(
            'RB0203',
            path,
            `to reach '${name}' one would have to go through itself: ${[...way, name].join(' → ')}`,
            'let one of them be reached directly: delete its jump',
          ),
        ]
      }
      if (way.includes(next)) break // a circle further on, told at its own hosts
      way.push(next)
    }
    return []
  })
}

function ownRoles(playbook: Playbook, find: Find): readonly Finding[] {
  return Object.entries(playbook.hosts).flatMap(([name, { roles }]) =>
    (roles ?? []).flatMap((role, i) =>
      (builtInRoles as readonly string[]).includes(role)
        ? [
            find(
              'RB0213',
              ['hosts', name, 'roles', i],
              `'${role}' is given by the engine and cannot be a group of your own`,
              roleHelp(role, name),
            ),
          ]
        : [],
    ),
  )
}

function roleHelp(role: string, host: string): string {
  const homes: { [role: string]: string } = {
    manager: 'ucp.managers',
    worker: 'ucp.workers',
    dtr: 'dtr.replicas',
    loadBalancer: 'loadBalancer.hosts',
  }
  return `name '${host}' under '${homes[role] ?? ''}' instead`
}

function unused(
  playbook: Playbook,
  named: readonly { readonly host: HostName }[],
  find: Find,
): readonly Finding[] {
  if (playbook.ucp === undefined && playbook.dtr === undefined) return [] // engines only: every host is meant
  const used = new Set([
    ...named.map(({ host }) => host),
    ...Object.values(playbook.hosts).map(({ jump }) => jump),
    ...(playbook.steps ?? []).flatMap(step => step.hosts ?? []),
  ])
  return Object.entries(playbook.hosts)
    .filter(([name, { roles }]) => !used.has(name) && (roles ?? []).length === 0)
    .map(([name]) =>
      find(
        'RB0211',
        ['hosts', name],
        `nothing uses host '${name}'`,
        `name it under 'ucp.workers', say what it is for in its 'roles', or delete it`,
      ),
    )
}
