import { type Facts, factKey } from '../../plan/fact.ts'
import type { HostName, Op } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { isObject, member } from '../os/text.ts'
import { haproxyPaths } from './haproxyConfig.ts'
import { haproxySet } from './scripts.ts'

/** A quarter of a second apart: eight looks in a row that find a server well are two seconds. */
const WELL_LOOKS = 8

/** What the steering unit is called on a balancer: one at a time. */
const UNIT = 'runbook-steer'

/**
 * Words: SECONDS FIRST, then backend/server pairs. Steers new connections while members of a pool are renewed one by one by somebody else,
 * in an order nobody tells beforehand: to FIRST alone, until another one has been seen to fail its checks and to be well again for two
 * seconds; from then on to those that have, since none is renewed twice. While nobody is fit, to whoever is well. A drained server keeps
 * the connections it has and is checked like any other. Ends when all have been renewed, after SECONDS, or when it is stopped, and puts
 * every server back then.
 */
export const haproxyWatch = `set -u
seconds=$1 first=$2; shift 2
ask() { echo "$1" | socat -t5 - UNIX-CONNECT:${haproxyPaths.socket}; }
put() { # ready|drain HOST PAIRS…
  state=$1 host=$2; shift 2
  for pair in "$@"; do
    case $pair in */"$host") ask "set server $pair state $state" >/dev/null ;; esac
  done
}
hosts=; for pair in "$@"; do
  case " $hosts " in *" \${pair#*/} "*) ;; *) hosts="$hosts \${pair#*/}" ;; esac
done
back() { for host in $hosts; do put ready "$host" "$@"; done; }
trap 'back "$@"; exit 0' TERM INT
memory=; for host in $hosts; do memory="$memory $host:0:1"; done
pool=\${1%%/*} serving=none
end=$(( $(date +%s) + seconds ))
while [ "$(date +%s)" -lt "$end" ]; do
  seen=$(ask "show stat -1 4 -1") || seen=
  said=$(printf '%s\\n' "$seen" | awk -F, -v pool="$pool" -v first="$first" -v memory="$memory" '
    BEGIN {
      n = split(memory, all, " ")
      for (i = 1; i <= n; i++) { split(all[i], part, ":"); name[i] = part[1]; failed[part[1]] = part[2]; looks[part[1]] = part[3] }
    }
    /^# pxname/ { for (i = 1; i <= NF; i++) { if ($i == "status") status = i; if ($i == "check_status") check = i }; next }
    status && $1 == pool && ($2 in failed) && $check ~ /^(\\* )?L/ {
      if ($status ~ /^(UP|DRAIN)/ && $check ~ /OK/) looks[$2]++
      else { failed[$2] = 1; looks[$2] = 0 }
    }
    END {
      for (i = 1; i <= n; i++) {
        host = name[i]
        out = out " " host ":" failed[host] ":" looks[host]
        if (looks[host] > 0) well = well " " host
        if (failed[host] && looks[host] >= ${WELL_LOOKS}) { renewed = renewed " " host; done++ }
      }
      serve = renewed != "" ? renewed : looks[first] > 0 ? " " first : well
      print (done == n ? "end" : "go") "|" out "|" serve
    }')
  [ -n "$said" ] || { sleep 0.25; continue; }
  memory=\${said#*|}; now=\${memory#*|}; memory=\${memory%%|*}
  [ "\${said%%|*}" = go ] || break
  if [ "$now" != "$serving" ]; then
    echo "new connections go to:\${now:- whoever is well}"
    for host in $hosts; do
      case " \${now:-$hosts} " in *" $host "*) put ready "$host" "$@" ;; esac
    done
    for host in $hosts; do
      case " \${now:-$hosts} " in *" $host "*) ;; *) put drain "$host" "$@" ;; esac
    done
    serving=$now
  fi
  sleep 0.25
done
back "$@"`

/** Standard input: the script above. Words: as it takes them. It goes on by itself as a unit of systemd; an earlier one ends first. */
export const haproxySteer = `set -u
[ -S ${haproxyPaths.socket} ] || { echo 'no HAProxy of ours runs here' >&2; exit 1; }
systemctl stop ${UNIT}.service 2>/dev/null; systemctl reset-failed ${UNIT}.service 2>/dev/null
cat > /run/${UNIT}.sh || exit
systemd-run --quiet --unit=${UNIT} sh /run/${UNIT}.sh "$@"`

/** Words: backend/server pairs. Ends the unit, however it stands, and has every server ready. */
export const haproxySteerEnd = `systemctl stop ${UNIT}.service 2>/dev/null; systemctl reset-failed ${UNIT}.service 2>/dev/null
rm -f /run/${UNIT}.sh
set -- ready "$@"
${haproxySet}`

/** Ops that begin the steering, and those that end it when all is done. Both empty where no HAProxy of ours has two servers to choose from. */
export interface Steering {
  readonly begin: readonly Op[]
  readonly end: readonly Op[]
}

/**
 * Steers DTR's clients away from replicas while a run of the vendor's bootstrapper renews them one by one (§6.3). Only servers that facts saw
 * up take part: what a person has taken out stays out.
 * @param first who serves until another one is renewed: best the one that is thought to come last
 * @param withinSeconds the steering ends after that time by itself, whatever has become of the controller
 */
export function steer(topology: Topology, facts: Facts, first: HostName, withinSeconds: number): Steering {
  const spec = topology.loadBalancer
  if (spec?.kind !== 'haproxy') return { begin: [], end: [] }
  const each = spec.hosts.map(on => ({ on, servers: upServers(facts, on) }))
  const hostsOf = (servers: readonly string[]) => new Set(servers.map(one => one.split('/')[1]))
  const able = each.filter(({ servers }) => hostsOf(servers).has(first) && hostsOf(servers).size > 1)
  return {
    begin: able.map(({ on, servers }) => ({
      exec: {
        argv: [
          ...['sh', '-c', haproxySteer, 'runbook-haproxy-steer', String(withinSeconds), first],
          ...servers,
        ],
        stdin: haproxyWatch,
      },
      timeoutSeconds: 60,
      on,
    })),
    end: able.map(({ on, servers }) => ({
      exec: { argv: ['sh', '-c', haproxySteerEnd, 'runbook-haproxy-steer-end', ...servers] },
      timeoutSeconds: 60,
      on,
    })),
  }
}

/** `pool/host` of DTR's pools, that with the health checks first, as the running HAProxy has them up. */
function upServers(facts: Facts, on: HostName): readonly string[] {
  const seen = member(facts.get(factKey({ fact: 'loadBalancer.haproxy', host: on })), 'servers')
  return ['dtr_https', 'dtr_http'].flatMap(pool => {
    const servers = member(seen, pool)
    return Object.entries(isObject(servers) ? servers : {})
      .filter(([, state]) => state === 'up')
      .map(([host]) => `${pool}/${host}`)
  })
}
