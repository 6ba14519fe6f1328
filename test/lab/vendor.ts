import type { Result } from './command.ts'
import { until } from './command.ts'
import type { Lab } from './harness.ts'
import { dtrVersion, ucpVersion } from './images.ts'
import { adminPassword } from './playbook.ts'

/** The documented commands, typed by hand over ssh, without runbook: how the stand-ins are tested. */

export const ucpImage = `docker/ucp:${ucpVersion}`
export const dtrImage = `docker/dtr:${dtrVersion}`
const license = '{"key_id":"lab","private_key":"none","authorization":"none"}'

/** Runs the UCP bootstrapper on a host. `password` goes by environment. */
export function ucp(lab: Lab, host: string, words: string, password = adminPassword): Promise<Result> {
  const mounts =
    '-v /var/run/docker.sock:/var/run/docker.sock -v /root/docker_subscription.lic:/config/docker_subscription.lic'
  return lab.host(host).exec(
    `printf %s '${license}' > /root/docker_subscription.lic; export UCP_ADMIN_PASSWORD='${password}'
     docker container run --rm --name ucp -e UCP_ADMIN_PASSWORD ${mounts} ${ucpImage} ${words}`,
  )
}

/** Runs the DTR bootstrapper on a host, against the first manager, as administrator. */
export function dtr(lab: Lab, host: string, words: string, image = dtrImage): Promise<Result> {
  const url = `https://${lab.host('m1').address}`
  return lab.host(host).exec(
    `export UCP_USERNAME=admin UCP_PASSWORD='${adminPassword}' UCP_CA="$(curl -sk ${url}/ca)"
     docker run --rm -e UCP_USERNAME -e UCP_PASSWORD -e UCP_CA ${image} ${words} --ucp-url ${url}`,
  )
}

export async function joinSwarm(lab: Lab, host: string, role: 'manager' | 'worker'): Promise<void> {
  const token = (await lab.host('m1').exec(`docker swarm join-token -q ${role}`)).out.trim()
  const joined = await lab
    .host(host)
    .exec(`docker swarm join --token ${token} ${lab.host('m1').address}:2377`)
  if (joined.code !== 0) throw new Error(`${host} did not join: ${joined.err}`)
}

/** Status code and body of a GET, asked from the first manager. */
export async function get(
  lab: Lab,
  url: string,
  curl = '',
): Promise<{ readonly status: number; readonly body: string }> {
  const asked = await lab.host('m1').exec(`curl -sk -m 15 ${curl} -w '\\n%{http_code}' '${url}'`)
  const lines = asked.out.split('\n')
  return { status: Number(lines.at(-1)), body: lines.slice(0, -1).join('\n') }
}

/** Waits until a manager or replica answers 200 to `GET /_ping`. */
export const healthy = (lab: Lab, host: string): Promise<true> =>
  until(`/_ping of ${host}`, 120_000, async () =>
    (await get(lab, `https://${lab.host(host).address}/_ping`)).status === 200 ? true : undefined,
  )

/**
 * Starts what the engines of these hosts did not bring up again after a power cut, as an operator does, and answers what that
 * was. An engine gives each container on an overlay network 20 s to be attached and does not try a second time
 * (moby/moby#32607, seen there with DTR's own containers).
 */
export async function startLeftBehind(lab: Lab, hosts: readonly string[]): Promise<readonly string[]> {
  const line = `docker start $(docker ps -aq --filter label=com.docker.dtr.replica --filter status=exited) 2>/dev/null || true`
  const started = await Promise.all(
    hosts.map(async host =>
      (await lab.host(host).exec(line)).out
        .split('\n')
        .filter(Boolean)
        .map(id => `${id} on ${host}`),
    ),
  )
  return started.flat()
}

export async function token(lab: Lab): Promise<string> {
  const body = JSON.stringify({ username: 'admin', password: adminPassword })
  const answer = await get(lab, `https://${lab.host('m1').address}/auth/login`, `-d '${body}'`)
  return (JSON.parse(answer.body) as { readonly auth_token: string }).auth_token
}

/** Sets UCP's switch that lets administrators run containers on managers and DTR nodes. */
export async function setScheduling(lab: Lab, on: boolean): Promise<void> {
  const url = `https://${lab.host('m1').address}/api/ucp/config-toml`
  const auth = `-H 'Authorization: Bearer ${await token(lab)}'`
  const set = await lab.host('m1').exec(
    `curl -skf ${auth} ${url} | sed 's/\\(enable_admin_ucp_scheduling = \\).*/\\1${String(on)}/' |
     curl -skf -X PUT ${auth} -H 'Content-Type: application/toml' --data-binary @- ${url}`,
  )
  if (set.code !== 0) throw new Error(`could not set the scheduling switch: ${set.err}`)
}

interface ClusterStatus {
  readonly replica_health: Readonly<Record<string, string>>
  readonly replica_timestamp: Readonly<Record<string, string>>
  readonly rethink_system_tables: {
    readonly table_status: readonly { readonly status: Readonly<Record<string, boolean>> }[]
    readonly server_status: readonly object[]
    readonly current_issues: readonly object[]
  }
}

/** What one replica says of the whole registry; undefined when it cannot say. */
export async function clusterStatus(
  lab: Lab,
  host: string,
  password = adminPassword,
): Promise<ClusterStatus | undefined> {
  const url = `https://${lab.host(host).address}/api/v0/meta/cluster_status`
  const answer = await get(lab, url, `-u 'admin:${password}'`)
  return answer.status === 200 ? (JSON.parse(answer.body) as ClusterStatus) : undefined
}

/**
 * A shell line for an application host: has the registry's name lead to `to`, logs in and runs docker words with the
 * login in a directory of its own.
 */
export const asClient = (to: string, registry: string, line: string): string =>
  `set -eu
grep -vw '${registry}' /etc/hosts > /tmp/hosts; echo '${to} ${registry}' >> /tmp/hosts; cat /tmp/hosts > /etc/hosts
export DOCKER_CONFIG=/tmp/login; rm -rf "$DOCKER_CONFIG"
echo '${adminPassword}' | docker login -u admin --password-stdin ${registry} >/dev/null
${line}`
