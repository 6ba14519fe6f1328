import type { Fact } from '../../plan/fact.ts'
import type { Check, Command, HostName, Json, Op } from '../../plan/step.ts'
import { member, parseJson, shown, textArg } from '../os/text.ts'
import { nodes, swarm } from './swarmFacts.ts'

/** Every command used to bring a swarm back that lost the majority of its managers, with its source. A test holds the scripts against it. */
export const refoundCommands = [
  {
    name: 'force-new-cluster',
    form: 'docker swarm init --force-new-cluster --advertise-addr ADDRESS:2377',
    source: '[D: engine/swarm/admin_guide.md, ee/admin/disaster-recovery.md]; §8.8',
    versions: 'all engines with swarm mode',
  },
  {
    name: 'snapshot',
    form: 'docker swarm update --snapshot-interval 1; docker network create --driver overlay NAME; docker network rm NAME; docker swarm update --snapshot-interval OLD',
    source:
      '[dockerpac/dr, 6: "force a new Swarm snapshot to happen"]; in no manual. The log that still has the old managers is thereby left behind',
    versions: 'seen with engines of UCP 3.2 and 3.3',
  },
  {
    name: 'node rm',
    form: 'docker node rm --force NODE, of nodes that are not ready',
    source: '[D: ee/admin/disaster-recovery.md], [dockerpac/dr, 6]',
    versions: 'all engines with swarm mode',
  },
] as const

/**
 * Words: ADDRESS. Founds the swarm anew with this manager alone, where it has seen no leader for a quarter of a minute; services, tasks
 * and workers stay. What the command prints has a join token in it, so it is not shown. Then a snapshot is forced, so that the log with
 * the old managers is not read again when the engine starts next.
 */
export const REFOUND = `set -u
leads() { docker node ls >/dev/null 2>&1; }
i=0
until leads; do i=$((i+1)); [ "$i" -lt 4 ] || break; sleep 5; done
if ! leads; then
  docker swarm init --force-new-cluster --advertise-addr "$1:2377" >/dev/null || exit
  i=0
  until leads; do i=$((i+1)); [ "$i" -lt 120 ] || { echo 'no leader two minutes after --force-new-cluster' >&2; exit 1; }; sleep 1; done
fi
old=$(docker info --format '{{.Swarm.Cluster.Spec.Raft.SnapshotInterval}}') || exit
[ "$old" -gt 1 ] 2>/dev/null || old=10000
docker swarm update --snapshot-interval 1 >/dev/null || exit
docker network rm runbook-temporary >/dev/null 2>&1
docker network create --driver overlay runbook-temporary >/dev/null && docker network rm runbook-temporary >/dev/null
made=$?
docker swarm update --snapshot-interval "$old" >/dev/null && exit "$made"`

/** Stops the engine of this host, and what would start it at the next question. */
export const HALT = `systemctl stop docker.socket 2>/dev/null
exec systemctl stop docker`

/** Words: HOSTNAME, run on a manager. Strikes every node of that name off the list that is not ready. */
export const FORGET = `list=$(docker node ls --format '{{.ID}} {{.Hostname}} {{.Status}}') || exit
printf '%s\\n' "$list" | while read -r id name state; do
  [ "$name" = "$1" ] || continue
  [ "$state" != Ready ] || continue
  docker node rm --force "$id" || exit
done`

/**
 * How often the managers write snapshots, asked with the words of `docker.swarm`: null on a host that is no manager or sees
 * no leader, else `{eager}`: after every change, which is a state to pass through.
 */
export const raft: Fact = {
  name: 'docker.raft',
  about:
    'Whether managers write a snapshot after every change: null on a host that is no manager or sees no leader, else {eager}.',
  scope: 'cluster',
  probe: () => swarm.probe(undefined),
  parse(exit) {
    const seen = swarm.parse(exit, undefined)
    if (seen === undefined) return undefined
    if (member(seen, 'manager') !== true || member(seen, 'quorum') !== true) return null
    const cluster = member(parseJson(exit.stdout), 'Cluster')
    const interval = member(member(member(cluster, 'Spec'), 'Raft'), 'SnapshotInterval')
    return typeof interval === 'number' ? { eager: interval <= 1 } : undefined
  },
}

/** How many nodes a manager lists under hostnames that match args `{pattern}`: null where there is no list, else {count}. */
export const listed: Fact = {
  name: 'docker.listed',
  about:
    'How many nodes a manager lists under hostnames that match args {pattern}, an expression: null on a host that is no manager, else {count}.',
  scope: 'cluster',
  probe: () => nodes.probe(undefined),
  parse(exit, args) {
    const seen = nodes.parse(exit, undefined)
    if (!Array.isArray(seen)) return seen === null ? null : undefined
    const wanted = new RegExp(textArg(args, 'pattern'))
    return {
      count: (seen as readonly Json[]).filter(node => wanted.test(shown(member(node, 'hostname')))).length,
    }
  },
}

/** None of these names is on the list of `manager` any more. One question for all of them. */
export function noneListed(manager: HostName, names: readonly HostName[]): Check {
  const pattern = `^(${names.map(name => name.replaceAll('.', String.raw`\.`)).join('|')})$`
  return { fact: listed.name, host: manager, args: { pattern }, is: { count: 0 } }
}

/** The swarm anew with `host` as its only manager. */
export function refoundCommand(address: string): Command {
  return { argv: ['sh', '-c', REFOUND, 'runbook-docker-refound', address] }
}

/** The engine of `host` off. */
export function halt(host: HostName): Op {
  return { exec: { argv: ['sh', '-c', HALT, 'runbook-docker-halt'] }, on: host, timeoutSeconds: 180 }
}

/** Whatever the managers still list under this name and do not see at work is struck off. */
export function forget(manager: HostName, name: HostName): Op {
  return {
    exec: { argv: ['sh', '-c', FORGET, 'runbook-docker-forget', name] },
    on: manager,
    timeoutSeconds: 120,
  }
}
