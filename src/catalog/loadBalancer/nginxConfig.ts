import { digest } from '../../plan/canonical.ts'
import type { HostName } from '../../plan/step.ts'
import { type Pool, endpoint } from './pools.ts'

/** Paths NGINX and we agree on, and the loopback port that tells which configuration is running. */
export const nginxPaths = {
  config: '/etc/nginx/nginx.conf',
  candidate: '/etc/nginx/nginx.conf.runbook',
  statusPort: 8182,
} as const

/**
 * A whole nginx.conf with a `stream` block. Open-source NGINX checks streams only passively [D: use-a-load-balancer.md], so a
 * replica that takes connections and fails `/_ping` stays in; HAProxy is the better choice. `down` hosts get no new
 * connections. The loopback server answers with the digest of the configuration that is running.
 */
export function nginxConfig(
  cluster: string,
  pools: readonly Pool[],
  down: readonly HostName[] = [],
): { readonly text: string; readonly description: string } {
  const body = pools.map(pool => upstream(pool, down)).join('\n')
  const description = `runbook ${digest({ version: 1, cluster, body, head: head('') }).slice(0, 16)}`
  const text = `# Written by runbook for ${cluster}. Changes made here are replaced by the next apply.\n${head(description)}\nstream {\n${body}}\n`
  return { text, description }
}

function head(description: string): string {
  return `worker_processes auto;
pid /run/nginx.pid;
include /etc/nginx/modules-enabled/*.conf;
include /usr/share/nginx/modules/*.conf;

events {
    worker_connections 4096;
}

http {
    access_log off;
    server {
        listen 127.0.0.1:${nginxPaths.statusPort};
        location = / {
            return 200 "${description}\\n";
        }
    }
}
`
}

function upstream({ name, bind, port, servers }: Pool, down: readonly HostName[]): string {
  const lines = servers.map(
    one =>
      `        server ${endpoint(one.address, one.port)} max_fails=2 fail_timeout=30s${down.includes(one.host) ? ' down' : ''};`,
  )
  return `    upstream ${name} {
        least_conn;
${lines.join('\n')}
    }
    server {
        listen ${endpoint(bind, port)};
        proxy_pass ${name};
        proxy_connect_timeout 5s;
        proxy_timeout 1h;
    }
`
}
