import type { Fact } from '../../plan/fact.ts'
import type { Command, HostName, Value } from '../../plan/step.ts'
import { SWEEP } from './scripts.ts'

/** Every command that brings UCP's databases back on the one manager that is left, with its source. */
export const repairCommands = [
  {
    name: 'etcd health',
    form: 'docker exec ucp-kv etcdctl --endpoint https://127.0.0.1:2379 --ca-file --cert-file --key-file cluster-health',
    source: '[D: ee/ucp/admin/monitor-and-troubleshoot/troubleshoot-configurations.md]; §4.12',
    versions: '3.x',
  },
  {
    name: 'etcd alone',
    form: 'label com.docker.ucp.agent-pause=true on the node, docker stop ucp-kv, datav3/extra.args away, /bin/etcd --data-dir /data/datav3 --force-new-cluster in a container of REPOSITORY/ucp-etcd:VERSION on ucp-kv and ucp-kv-certs until it is ready, docker start ucp-kv, label off',
    source:
      '[dockerpac/dr, 6]; the label: [D: ee/ucp/release-notes.md]. The manual restores a backup instead',
    versions: 'seen with UCP 3.2.4',
  },
  {
    name: 'auth store alone',
    form: 'docker container run --rm -v ucp-auth-store-certs:/tls REPOSITORY/ucp-auth:VERSION --db-addr=ADDRESS:12383 --debug reconfigure-db --num-replicas 1 --emergency-repair',
    source:
      '[D: ee/ucp/admin/monitor-and-troubleshoot/troubleshoot-configurations.md], [dockerpac/dr, 6]; §4.12',
    versions: '3.x',
  },
] as const

/** What commands of a repair may say without it being the end of it, and what is done then: given to the scripts as their words. */
export const benign = {
  /** [dockerpac/dr, 6]: the engine is restarted once, then the container is made again. */
  etcd: 'OCI runtime create failed',
  /** [dockerpac/dr, 6]: the container of the store is restarted, then the command is given again. */
  authStore: 'unable to connect to database cluster|connection reset by peer',
} as const

/**
 * Words: IMAGE, BENIGN. Makes the etcd of this manager a cluster of itself, with what it holds. The agent is told to leave it alone
 * meanwhile; whatever happens, ucp-kv is started and the agent let go on at the end.
 */
export const ETCD_ALONE = `set -u
docker node update --label-add com.docker.ucp.agent-pause=true self >/dev/null || exit
leave() {
  docker rm --force runbook-etcd >/dev/null 2>&1
  docker start ucp-kv >/dev/null
  docker node update --label-rm com.docker.ucp.agent-pause self >/dev/null
}
trap leave EXIT
docker rm --force runbook-etcd >/dev/null 2>&1
docker stop ucp-kv >/dev/null || exit
folder=$(docker volume inspect --format '{{.Mountpoint}}' ucp-kv) || exit
args=$folder/datav3/extra.args
[ ! -f "$args" ] || mv "$args" "$folder/extra.args.before-recovery" || exit
alone() {
  docker run --detach --name runbook-etcd --entrypoint /bin/etcd --volume ucp-kv:/data --volume ucp-kv-certs:/etc/docker/ssl "$1" --data-dir /data/datav3 --force-new-cluster
}
said=$(alone "$1" 2>&1) || {
  printf '%s\\n' "$said" | grep -qE "$2" || { printf '%s\\n' "$said" >&2; exit 1; }
  echo 'known to happen here: the engine is restarted once'
  docker rm --force runbook-etcd >/dev/null 2>&1
  systemctl restart docker || exit
  i=0
  until docker info >/dev/null 2>&1; do i=$((i+1)); [ "$i" -lt 60 ] || exit 1; sleep 1; done
  docker stop ucp-kv >/dev/null || exit
  alone "$1" >/dev/null || exit
}
i=0
until docker logs runbook-etcd 2>&1 | grep -qE 'ready to serv(e|ice) client requests'; do
  i=$((i+1))
  [ "$i" -lt 180 ] || { docker logs --tail 20 runbook-etcd >&2; echo 'etcd was not ready after three minutes' >&2; exit 1; }
  sleep 1
done
docker stop runbook-etcd >/dev/null`

/** Words: IMAGE, ADDRESS, COUNT, BENIGN. Tells the auth store that it has so many replicas. */
export const AUTH_ALONE = `set -u
i=0
while :; do
  said=$(docker container run --rm --volume ucp-auth-store-certs:/tls "$1" "--db-addr=$2:12383" --debug reconfigure-db --num-replicas "$3" --emergency-repair 2>&1) && exit 0
  i=$((i+1))
  printf '%s\\n' "$said" | grep -qE "$4" && [ "$i" -lt 6 ] || { printf '%s\\n' "$said" | tail -n 20 >&2; exit 1; }
  echo 'known to happen here: the store is restarted'
  docker restart ucp-auth-store >/dev/null || exit
  sleep 10
done`

/**
 * Makes a host that was a manager of a group that is no more a bare one: out of the swarm that only it believes in, and what UCP left
 * away. One that is in a swarm with a leader is left alone.
 */
export const CLEAR = `state=$(docker info --format '{{.Swarm.LocalNodeState}}') || exit
if docker node ls >/dev/null 2>&1; then echo 'this host is a manager of a swarm that has a leader: nothing is cleared'; exit 0; fi
[ "$state" = inactive ] || docker swarm leave --force || exit
${SWEEP}`

/** The etcd of a manager, asked on it: null without a container that runs, else {healthy}, by the last word of its own tool. */
export const etcd: Fact = {
  name: 'ucp.etcd',
  about:
    "UCP's etcd as its own tool on a manager tells it: null without a container that runs, else {healthy}.",
  scope: 'cluster',
  probe: () => ({
    argv: [
      ...['docker', 'exec', 'ucp-kv', 'etcdctl', '--endpoint', 'https://127.0.0.1:2379'],
      ...['--ca-file', '/etc/docker/ssl/ca.pem', '--cert-file', '/etc/docker/ssl/cert.pem'],
      ...['--key-file', '/etc/docker/ssl/key.pem', 'cluster-health'],
    ],
  }),
  parse(exit) {
    const said = `${exit.stdout}\n${exit.stderr}`
    if (/No such container|is not running/.test(exit.stderr) || exit.code === 127) return null
    if (exit.code === 0 && /^cluster is healthy\s*$/m.test(said)) return { healthy: true }
    return /^cluster is (unhealthy|unavailable|degraded)/m.test(said) ||
      /cluster may be unhealthy|etcd cluster is unavailable|deadline exceeded/.test(said)
      ? { healthy: false }
      : undefined
  },
}

export function etcdAlone(image: string): Command {
  return { argv: ['sh', '-c', ETCD_ALONE, 'runbook-ucp-etcd-alone', image, benign.etcd] }
}

/** @param address where the store of this manager listens: its address in the swarm */
export function authAlone(image: string, address: Value): Command {
  return { argv: ['sh', '-c', AUTH_ALONE, 'runbook-ucp-auth-alone', image, address, '1', benign.authStore] }
}

export function clearCommand(): Command {
  return { argv: ['sh', '-c', CLEAR, 'runbook-ucp-clear'] }
}

/** The swarm's own name for where a manager is. */
export function addressOf(host: HostName): Value {
  return { fact: { fact: 'docker.swarm', host }, pick: 'nodeAddr' }
}
