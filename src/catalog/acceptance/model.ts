import { createHash } from 'node:crypto'
import type { Exit } from '../../plan/fact.ts'
import type { Estate, Model } from '../../twin/estate.ts'
import { engineIsUp, peekEngine, swarmOf } from '../docker/estate.ts'
import { isAdmin, nobodyListens } from '../dtr/modelApi.ts'
import { type TwinDtr, pingOf, replicaOn, storeName, twinDtr } from '../dtr/state.ts'
import { serverState, serversOf } from '../loadBalancer/model.ts'
import { peekBalancer } from '../loadBalancer/state.ts'
import { exit } from '../os/model.ts'
import { osOf } from '../os/bareHost.ts'
import { twinUcp } from '../ucp/estate.ts'

/** How the twin answers the scripts of the acceptance: repositories, push through the balancer, pull through one replica. */
export const model: Model = (line, host, estate) => {
  const [program, flag, , named = '', ...words] = line.argv
  if (program !== 'sh' || flag !== '-c') return undefined
  const stdin = line.stdin ?? ''
  if (named === 'runbook-acceptance-repository') return repository(estate, host, words, stdin)
  if (named === 'runbook-acceptance-push')
    return { tookMs: 4_000, finish: now => push(now, host, words, stdin) }
  if (named === 'runbook-acceptance-pull') return pull(estate, host, words, stdin)
  return undefined
}

function repository(
  estate: Estate,
  host: string,
  [port = '', namespace = '', name = '']: readonly string[],
  config: string,
): Exit {
  const dtr = twinDtr(estate)
  const ping = pingOf(estate, host, Number(port))
  if (!dtr || !ping) return nobodyListens(Number(port))
  if (ping.code !== 200) return exit(22, '', `internal server error\n${ping.code}\n`)
  if (!isAdmin(estate, config)) return exit(22, '', '{"errors":[{"code":"UNAUTHORIZED"}]}\n401\n')
  const full = `${namespace}/${name}`
  if (!dtr.repositories.includes(full)) dtr.repositories.push(full)
  return exit(0)
}

/** The replica that a client of the registry's name gets: one the balancer has up, or a healthy one where there is no balancer. */
function frontOf(estate: Estate, dtr: TwinDtr): string | undefined {
  const balancers = Object.keys(estate.hosts).filter(host => peekBalancer(estate, host) !== undefined)
  if (balancers.length === 0) {
    return Object.keys(dtr.members).find(id => {
      const one = dtr.members[id]
      return one !== undefined && pingOf(estate, one.host, one.httpsPort)?.code === 200
    })
  }
  for (const lb of balancers) {
    const found = peekBalancer(estate, lb)
    if (!found || estate.hosts[lb]?.up !== true || osOf(estate, lb).services[found.kind]?.active !== true)
      continue
    const up =
      found.kind === 'haproxy'
        ? (serversOf(found.config)['dtr_https'] ?? [])
            .filter(one => serverState(estate, lb, 'dtr_https', one) === 'UP')
            .map(one => one.host)
        : Object.values(dtr.members).map(one => one.host)
    const id = Object.keys(dtr.members).find(key => up.includes(dtr.members[key]?.host ?? ''))
    if (id !== undefined) return id
  }
  return undefined
}

function push(
  estate: Estate,
  host: string,
  [registry = '', name = '', tag = '', user = '']: readonly string[],
  password: string,
): Exit {
  const dtr = twinDtr(estate)
  const ucp = twinUcp(estate)
  if (!engineIsUp(estate, host))
    return exit(
      1,
      '',
      'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n',
    )
  const front = dtr && frontOf(estate, dtr)
  if (!dtr || !ucp || front === undefined || dtr.externalHost !== registry) {
    return exit(
      1,
      '',
      `Error response from daemon: Get https://${registry}/v2/: dial tcp: connect: connection refused\n`,
    )
  }
  if (!estate.hosts[host]?.files[`/etc/docker/certs.d/${registry}/ca.crt`]) {
    return exit(
      1,
      '',
      `Error response from daemon: Get https://${registry}/v2/: x509: certificate signed by unknown authority\n`,
    )
  }
  if (
    user !== ucp.adminUsername ||
    createHash('sha256').update(password).digest('hex') !== ucp.adminPasswordSha256
  ) {
    return exit(
      1,
      '',
      `Error response from daemon: Get https://${registry}/v2/: unauthorized: authentication required\n`,
    )
  }
  const image = `${registry}/${name}:${tag}`
  const said = `Login Succeeded\nThe push refers to repository [${registry}/${name}]\n`
  if (!dtr.repositories.includes(name))
    return exit(1, said, `denied: requested access to the resource is denied\n`)
  const member = Object.values(estate.hosts).length > 0 ? dtr.members[front] : undefined
  if (swarmOf(estate, member?.host ?? '')?.swarm.configs['com.docker.license'] === undefined) {
    return exit(1, said, 'Error: Status 402 trying to push repository: "DTR doesn\'t have a license"\n')
  }
  const digest = `sha256:${createHash('sha256').update(image).digest('hex')}`
  dtr.tags[`${name}:${tag}`] = { digest, stores: [storeName(estate, dtr, front)] }
  return exit(0, `${said}${tag}: digest: ${digest} size: 525\n`)
}

function pull(
  estate: Estate,
  host: string,
  [, port = '', name = '', ref = '']: readonly string[],
  config: string,
): Exit {
  const dtr = twinDtr(estate)
  const id = replicaOn(estate, host, Number(port))
  const ping = pingOf(estate, host, Number(port))
  if (!dtr || id === undefined || !ping) {
    const down = Object.keys(peekEngine(estate, host).containers).some(name => name.startsWith('dtr-nginx-'))
    return down ? nobodyListens(Number(port)) : exit(70, '', 'no replica is here\n')
  }
  if (ping.code !== 200) return exit(22, '', 'status 500\n')
  if (!isAdmin(estate, config)) return exit(22, '', '{"details":"incorrect username or password"}\n')
  const found = ref.startsWith('sha256:')
    ? Object.entries(dtr.tags).find(([tag, one]) => tag.startsWith(`${name}:`) && one.digest === ref)?.[1]
    : dtr.tags[`${name}:${ref}`]
  if (!found) return exit(0, 'absent\n')
  // Metadata is replicated, blobs are not: a replica on another storage knows the tag and has nothing behind it.
  if (!found.stores.includes(storeName(estate, dtr, id))) return exit(0, `broken ${found.digest}\n`)
  return exit(0, `digest ${found.digest} blobs 2\n`)
}
