import { digest } from '../../plan/canonical.ts'
import { type Pool, endpoint } from './pools.ts'

/** Paths HAProxy and we agree on. /var/lib/haproxy exists in Debian's and Red Hat's package alike and survives a reboot. */
export const haproxyPaths = {
  config: '/etc/haproxy/haproxy.cfg',
  candidate: '/etc/haproxy/haproxy.cfg.runbook',
  socket: '/var/lib/haproxy/runbook.sock',
  state: '/var/lib/haproxy/runbook.state',
} as const

/**
 * A whole haproxy.cfg (1.5 to 3.x). What differs from the manual's sample [D: use-a-load-balancer.md]: a tunnel timeout of
 * an hour, since DTR wants idle connections kept for more than ten minutes; a check of `/_ping` over TLS on every pool;
 * a runtime socket that hands its listeners over on reload; server states that survive a reload; a description that says
 * which configuration the running process has read. A server that refuses a connection hands it to another one, and one that fails its
 * check is left out within about a second: while DTR is upgraded or reconfigured its replicas restart in an order that nobody announces
 * (see `steer`).
 */
export function haproxyConfig(
  cluster: string,
  pools: readonly Pool[],
): { readonly text: string; readonly description: string } {
  const body = pools.map(frontAndBack).join('\n')
  const description = `runbook ${digest({ version: 1, cluster, body, head: head('') }).slice(0, 16)}`
  return {
    text: `# Written by runbook for ${cluster}. Changes made here are replaced by the next apply.\n${head(description)}\n${body}`,
    description,
  }
}

function head(description: string): string {
  return `global
    description ${description}
    log /dev/log local0
    user haproxy
    group haproxy
    stats socket ${haproxyPaths.socket} mode 600 level admin expose-fd listeners
    stats timeout 30s
    server-state-file ${haproxyPaths.state}

defaults
    mode tcp
    log global
    option tcplog
    option dontlognull
    retries 1
    option redispatch
    timeout connect 5s
    timeout client 50s
    timeout server 50s
    timeout tunnel 1h
    timeout check 5s
    load-server-state-from-file global
`
}

function frontAndBack({ name, bind, port, clientName, servers }: Pool): string {
  const lines = servers.map(one => {
    const check = one.checkPort === one.port ? 'check' : `check port ${one.checkPort}`
    return `    server ${one.host} ${endpoint(one.address, one.port)} ${check} check-ssl verify none`
  })
  return `frontend ${name}
    bind ${endpoint(bind, port)}
    default_backend ${name}

backend ${name}
    balance leastconn
    option httpchk GET /_ping HTTP/1.1\\r\\nHost:\\ ${clientName}
    http-check expect status 200
    default-server inter 1s fastinter 250ms fall 2 rise 2
${lines.join('\n')}
`
}
