import type { Exit } from '../../plan/fact.ts'
import type { Estate, Model } from '../../twin/estate.ts'
import { pingOf } from '../dtr/state.ts'
import { osOf } from '../os/bareHost.ts'
import { exit } from '../os/model.ts'
import { controllerOn } from '../ucp/estate.ts'
import { haproxyPaths } from './haproxyConfig.ts'
import { nginxPaths } from './nginxConfig.ts'
import { keepBalancer, peekBalancer } from './state.ts'

/** A status is what this many milliseconds of checks have made of it: `inter 1s fall 2 rise 2`. */
const CHECKED_AFTER_MS = 2_000

/** How the twin's balancers answer. Somebody else's keeps its members at `estate.shared.balancer`: product → hosts. */
export const model: Model = (line, host, estate) => {
  const [program, ...words] = line.argv
  const named = program === 'sh' && words[0] === '-c' ? (words[2] ?? '') : ''
  if (named === 'runbook-install' && words.some(word => word === 'haproxy' || word === 'nginx'))
    return install(words.slice(3), host)
  if (program === 'haproxy' && words[0] === '-c') return test(estate, host, words.at(-1) ?? '', 'haproxy')
  if (program === 'nginx' && words[0] === '-t') return test(estate, host, words.at(-1) ?? '', 'nginx')
  if (named === 'runbook-haproxy-activate') return activate(estate, host, 'haproxy', haproxyPaths)
  if (named === 'runbook-nginx-activate') return activate(estate, host, 'nginx', nginxPaths)
  if (named === 'runbook-haproxy-state') return tell(estate, host)
  if (named === 'runbook-haproxy-idle') return runs(estate, host, 'haproxy') ? exit(0) : exit(1)
  if (named === 'runbook-haproxy-set') return set(estate, host, words.slice(3))
  // Who is renewed when is over before anybody looks here: what is left is that all are ready in the end.
  if (named === 'runbook-haproxy-steer') return runs(estate, host, 'haproxy') ? exit(0) : exit(1)
  if (named === 'runbook-haproxy-steer-end') return set(estate, host, ['ready', ...words.slice(3)])
  if (named.startsWith('runbook-balancer-')) return external(estate, named, words[3] ?? '', words[4] ?? '')
  if (program === 'curl' && words.at(-1) === `http://127.0.0.1:${nginxPaths.statusPort}/`) {
    const found = peekBalancer(estate, host)
    if (found?.kind !== 'nginx' || !runs(estate, host, 'nginx'))
      return exit(7, '', 'curl: (7) Failed to connect to 127.0.0.1 port 8182: Connection refused\n')
    return exit(0, `${/return 200 "(runbook [0-9a-f]{16})/.exec(found.config)?.[1] ?? ''}\n`)
  }
  return undefined
}

function external(estate: Estate, named: string, product: string, member: string): Exit {
  const kept = (estate.shared['balancer'] ?? {}) as { readonly [product: string]: readonly string[] }
  const members = kept[product] ?? []
  if (named === 'runbook-balancer-list') return exit(0, members.map(one => `${one}\n`).join(''))
  const others = members.filter(one => one !== member)
  const after = named === 'runbook-balancer-add' ? [...others, member].sort() : others
  estate.shared['balancer'] = { ...(kept as { [product: string]: string[] }), [product]: after }
  return exit(0)
}

function install(names: readonly string[], host: string): ReturnType<Model> {
  const wanted = names.slice(0, names.length / 2)
  return {
    tookMs: 15_000,
    finish: now => {
      const os = osOf(now, host)
      for (const name of wanted) {
        os.packages[name] ??= os.archive[name]?.version ?? '1.0'
        if (name === 'haproxy' || name === 'nginx') os.services[name] ??= { active: true, enabled: true }
      }
      return exit(0, wanted.map(name => `Setting up ${name} ...\n`).join(''))
    },
  }
}

function runs(estate: Estate, host: string, service: 'haproxy' | 'nginx'): boolean {
  return estate.hosts[host]?.up === true && osOf(estate, host).services[service]?.active === true
}

/** Brackets and a server line with its address are what the twin's config test knows of a bad file. */
function test(estate: Estate, host: string, path: string, kind: 'haproxy' | 'nginx'): Exit {
  if (osOf(estate, host).packages[kind] === undefined) return exit(127, '', `sh: 1: ${kind}: not found\n`)
  const text = estate.hosts[host]?.files[path]?.content
  if (text === undefined)
    return exit(
      1,
      '',
      `[ALERT] (1) : config : Could not open configuration file ${path} : No such file or directory\n`,
    )
  if (kind === 'nginx') {
    const open = text.split('{').length - text.split('}').length
    return open === 0
      ? exit(
          0,
          '',
          `nginx: the configuration file ${path} syntax is ok\nnginx: configuration file ${path} test is successful\n`,
        )
      : exit(
          1,
          '',
          `nginx: [emerg] unexpected end of file, expecting "}" in ${path}\nnginx: configuration file ${path} test failed\n`,
        )
  }
  const bad = text.split('\n').find(line => /^\s*(server|bind)\s/.test(line) && !/:\d+/.test(line))
  return bad === undefined
    ? exit(0, 'Configuration file is valid\n')
    : exit(1, '', `[ALERT] (1) : config : ${path}: '${bad.trim()}' : invalid address\n`)
}

function activate(
  estate: Estate,
  host: string,
  kind: 'haproxy' | 'nginx',
  paths: { readonly config: string; readonly candidate: string },
): Exit {
  const files = estate.hosts[host]?.files
  const service = osOf(estate, host).services[kind]
  if (!files || !service)
    return exit(5, '', `Failed to enable unit: Unit file ${kind}.service does not exist.\n`)
  const candidate = files[paths.candidate]
  if (candidate) {
    const before = files[paths.config]
    if (before && !before.content.startsWith('# Written by runbook'))
      files[`${paths.config}.before-runbook`] = before
    files[paths.config] = candidate
    Reflect.deleteProperty(files, paths.candidate)
  }
  service.active = true
  service.enabled = true
  const known = peekBalancer(estate, host)
  keepBalancer(estate, host, {
    kind,
    config: files[paths.config]?.content ?? '',
    admin: known?.admin ?? {},
    loadedMs: estate.clockMs,
  })
  return exit(0)
}

/** Servers of a configuration by pool, in HAProxy's own words. */
export function serversOf(config: string): {
  readonly [pool: string]: readonly { readonly host: string; readonly port: number }[]
} {
  const pools: Record<string, { host: string; port: number }[]> = {}
  let pool = ''
  for (const line of config.split('\n')) {
    const heading = /^(frontend|backend|global|defaults)(?: (\S+))?/.exec(line)
    if (heading) pool = heading[1] === 'backend' ? (heading[2] ?? '') : ''
    const server = /^\s+server (\S+) \S+:(\d+)(?: check port (\d+))?/.exec(line)
    if (pool !== '' && server?.[1] !== undefined)
      pools[pool] = [...(pools[pool] ?? []), { host: server[1], port: Number(server[3] ?? server[2]) }]
  }
  return pools
}

/** Health of one server: what `/_ping` of its host says, once the checks have had their time. */
export function serverState(
  estate: Estate,
  lb: string,
  pool: string,
  server: { readonly host: string; readonly port: number },
): 'UP' | 'DOWN' | 'DRAIN' | 'MAINT' {
  const found = peekBalancer(estate, lb)
  const admin = found?.admin[`${pool}/${server.host}`]
  if (admin === 'drain') return 'DRAIN'
  if (admin === 'maint') return 'MAINT'
  // HAProxy takes every server as up until the first checks say otherwise.
  if (found && estate.clockMs - found.loadedMs < CHECKED_AFTER_MS) return 'UP'
  const well = pool.startsWith('dtr')
    ? pingOf(estate, server.host, server.port)?.code === 200
    : controllerOn(estate, server.host)?.healthy === true
  return well ? 'UP' : 'DOWN'
}

/** In the columns of HAProxy 2.6's socket, see test/fixtures/haproxy; those behind `status` are left empty. */
function tell(estate: Estate, host: string): Exit {
  const found = peekBalancer(estate, host)
  if (found?.kind !== 'haproxy' || !runs(estate, host, 'haproxy')) return exit(3)
  const description = /^ {4}description (.*)$/m.exec(found.config)?.[1] ?? ''
  const rows = Object.entries(serversOf(found.config)).flatMap(([pool, servers]) =>
    servers.map(
      server =>
        `${pool},${server.host},0,0,0,0,,0,0,0,,0,,0,0,0,0,${serverState(estate, host, pool, server)},1,1,0,\n`,
    ),
  )
  const head =
    '# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,'
  return exit(
    0,
    `Name: HAProxy\nVersion: 1.8.8-1ubuntu0.13\ndescription: ${description}\n\n${head}\n${rows.join('')}\n`,
  )
}

function set(estate: Estate, host: string, [state = '', ...servers]: readonly string[]): Exit {
  const found = peekBalancer(estate, host)
  if (!found || !runs(estate, host, 'haproxy'))
    return exit(
      1,
      '',
      'socat[1] E connect(5, AF=1 "/var/lib/haproxy/runbook.sock", 31): Connection refused\n',
    )
  const known = Object.entries(serversOf(found.config)).flatMap(([pool, list]) =>
    list.map(one => `${pool}/${one.host}`),
  )
  const admin: { [server: string]: string } = { ...found.admin }
  for (const server of servers) {
    if (!known.includes(server) && state === 'drain') continue
    if (!known.includes(server)) return exit(1, '', `${server}: No such server.\n`)
    if (state === 'ready') Reflect.deleteProperty(admin, server)
    else admin[server] = state
  }
  keepBalancer(estate, host, { ...found, admin })
  return exit(0)
}
