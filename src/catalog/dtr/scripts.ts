/**
 * Shell texts for the registry, each named by the word that follows it in argv. POSIX sh, curl, docker and coreutils only.
 * Credentials arrive on stdin as curl configuration and only ever go to this host's own loopback.
 * Read-only ones answer within seconds: all questions to a host share one round trip and its time limit.
 */

/** Read-only: containers and volumes of any replica on this host, and the bootstrapper's helper. */
export const replicaScript = `docker ps --all --no-trunc --filter name=dtr- --format '{{.Names}}|{{.Label "com.docker.dtr.version"}}|{{.Status}}' || exit
echo volumes
docker volume ls --quiet --filter name=dtr- || exit
echo end`

/** Read-only. Words: PORT. The host's own clock first, so that the age of self-reports needs no clock of ours. */
export const clusterScript = `date -u +%s
exec curl -sS -k --max-time 8 --config - -w '\\n%{http_code}\\n' "https://127.0.0.1:$1/api/v0/meta/cluster_status"`

/** Read-only: name, image and published ports of each replica's front on this host. */
export const portsScript = `docker ps --all --no-trunc --filter name=dtr-nginx- --format '{{.Names}}|{{.Image}}|{{.Ports}}' || exit
echo end`

/** Read-only. Words: PORT. Three documents, each followed by its status code on a line of its own. */
export const settingsScript = `set -u
config=$(cat)
get() {
  printf '%s\\n' "$config" | curl -sS -k --max-time 5 --config - -w '\\n%{http_code}\\n' "https://127.0.0.1:$port$1" || exit
}
port=$1
get /api/v0/meta/settings
get /api/v0/admin/settings/registry
get '/api/v0/repositories?pageSize=1'
echo end`

/**
 * Words: METHOD PORT PATH CODES. Anything but the status codes in CODES is a failure, told with the registry's own words.
 */
export const apiScript = `set -u
answer=$(curl -sS -k --max-time 60 --config - -X "$1" -H 'Content-Type: application/json' -w '\\n%{http_code}' "https://127.0.0.1:$2$3") || exit
code=\${answer##*
}
case " $4 " in *" $code "*) exit 0 ;; esac
printf '%s\\n' "$answer" >&2
exit 22`

/** Words: PORT ID. Fails when the database knows the id: then nothing of it may be cleared away. */
export const unknownScript = `set -u
answer=$(curl -sS -k --max-time 20 --config - -w '\\n%{http_code}' "https://127.0.0.1:$1/api/v0/meta/cluster_status") || exit
code=\${answer##*
}
[ "$code" = 200 ] || { printf '%s\\n' "$answer" | tail -c 400 >&2; exit 22; }
health=$(printf '%s' "$answer" | tr -d '\\n' | sed -n 's/.*"replica_health": *{\\([^}]*\\)}.*/\\1/p')
case $health in
  '') echo 'runbook: the answer of the registry names no replicas' >&2; exit 1 ;;
  *"\\"$2\\""*)
    echo "runbook: the registry already knows replica $2, and it is not healthy. Bring its host and containers back," >&2
    echo "runbook: or take it out with the remove command through a healthy replica, then resume." >&2
    exit 3 ;;
esac`

/**
 * Words: HTTPS_PORT ID, then the command line that removes it; standard input: as for `unknownScript`. Runs it where the registry knows the
 * id, and is done where it does not. A registry that cannot say is neither.
 */
export const leaveScript = `known() (
${unknownScript}
)
port=$1 id=$2
shift 2
why=$(known "$port" "$id" 2>&1)
case $? in
  0) exit 0 ;;
  3) exec "$@" ;;
  *) printf '%s\\n' "$why" >&2; exit 22 ;;
esac`

/** Words: IMAGE. Uses the image when it is there, pulls it otherwise. */
export const imageScript = `docker image inspect "$1" >/dev/null 2>&1 || exec docker pull "$1"`

/**
 * Words: ID, then the bootstrapper's command line. What makes a repeat safe: a mark under /run says that a run of ours for
 * this very id has begun and not ended well. With the mark, what that run left is cleared; without it, parts of the id that
 * are there already are somebody's, and the run refuses. A mark older than a day no longer counts, and a restart of the
 * host forgets it: then a person decides. The helper container is cleared only when it no longer runs.
 */
export const runScript = `set -u
id=$1; shift
mark=/run/runbook-dtr-$id
names=$(docker ps --all --format '{{.Names}}') || exit 1
volumes=$(docker volume ls --quiet) || exit 1
c=$(printf '%s\\n' "$names" | grep -E "^dtr-[a-z-]+-$id\\$")
v=$(printf '%s\\n' "$volumes" | grep -E "^dtr-[a-z-]+-$id\\$")
ours=$(find "$mark" -mmin -1440 2>/dev/null)
if [ -n "$c$v" ]; then
  if [ -z "$ours" ]; then
    echo "runbook: parts of replica $id are on this host, and no interrupted run explains them:" >&2
    printf '  %s\\n' $c $v >&2
    echo "runbook: when nothing of it is wanted, remove these containers and volumes, then resume" >&2
    exit 3
  fi
  echo "runbook: clearing what an interrupted run left of replica $id"
  [ -z "$c" ] || docker rm --force $c >/dev/null || exit 1
  [ -z "$v" ] || docker volume rm --force $v >/dev/null || exit 1
fi
if [ -n "$ours" ] && [ "$(docker inspect --format '{{.State.Running}}' dtr-phase2 2>/dev/null)" = false ]; then
  docker rm dtr-phase2 >/dev/null || exit 1
fi
: > "$mark" || exit 1
"$@"
code=$?
[ "$code" -ne 0 ] || rm -f "$mark"
exit "$code"`

/** Read-only. Words: ID. Whether a run of ours for this id has begun lately and not ended well: see runScript. */
export const markScript = `[ -n "$(find "/run/runbook-dtr-$1" -mmin -1440 2>/dev/null)" ] && echo ours || echo none`

/** Clears the helper of a run that has ended, after showing the end of its log. One that runs is left alone. */
export const clearScript = `set -u
running=$(docker inspect --format '{{.State.Running}}' dtr-phase2 2>/dev/null) || exit 0
[ "$running" = false ] || { echo "runbook: dtr-phase2 runs: another bootstrapper is at work" >&2; exit 3; }
docker logs --tail 20 dtr-phase2 2>&1
exec docker rm dtr-phase2`

/** Takes containers and volumes of all replicas off this host, and the helper of a run that has ended. Nobody else's names begin so. */
export const sweepScript = `running=$(docker inspect --format '{{.State.Running}}' dtr-phase2 2>/dev/null)
[ "$running" != true ] || { echo "runbook: dtr-phase2 runs: a bootstrapper is at work" >&2; exit 3; }
docker ps --all --format '{{.Names}}' | grep -E '^dtr-([a-z-]+-[0-9a-f]{12}|phase2)$' | while read -r name; do docker rm --force "$name" >/dev/null || exit; done
docker volume ls --quiet | grep -E '^dtr-[a-z-]+-[0-9a-f]{12}$' | while read -r name; do docker volume rm "$name" >/dev/null || exit; done`

/** Words: ID. Starts the stopped containers of a replica that is a member, the database first. */
export const startScript = `set -u
names=$(docker ps --all --format '{{.Names}}') || exit 1
c=$(printf '%s\\n' "$names" | grep -E "^dtr-[a-z-]+-$1\\$" | sort)
[ -n "$c" ] || { echo "runbook: no container of replica $1 is on this host" >&2; exit 3; }
docker start "dtr-rethinkdb-$1" && docker start $c`

/**
 * Read-only. Words: ID. When the newest file of a replica's database on this host was last written, in seconds since 1970 by its own clock;
 * 'none' without a volume or a file of it.
 */
export const dataScript = `v=$(docker volume ls --quiet --filter "name=dtr-rethink-$1") || exit
case $v in *"dtr-rethink-$1"*) ;; *) echo none=1; echo end=1; exit 0 ;; esac
folder=$(docker volume inspect --format '{{.Mountpoint}}' "dtr-rethink-$1") || exit
[ -r "$folder" ] || { echo "cannot look into $folder" >&2; exit 1; }
newest=$(find "$folder" -type f -exec stat -c %Y {} + | sort -n | tail -n 1)
[ -n "$newest" ] && echo "written=$newest" || echo none=1
echo end=1`

/**
 * Words: ID. Takes containers and volumes of one id off this host: those of a member that the registry has let go of, whose data is of a
 * registry that is no more [§8.4: destroy, or delete dtr-*-ID].
 */
export const wipeScript = `names=$(docker ps --all --format '{{.Names}}') || exit
volumes=$(docker volume ls --quiet) || exit
c=$(printf '%s\\n' "$names" | grep -E "^dtr-[a-z-]+-$1\\$")
v=$(printf '%s\\n' "$volumes" | grep -E "^dtr-[a-z-]+-$1\\$")
[ -z "$c" ] || docker rm --force $c >/dev/null || exit
[ -z "$v" ] || docker volume rm --force $v >/dev/null`

/** Words: ID. Restarts the containers of a replica, so that each mounts its storage anew [KB: How to properly restart DTR]. */
export const restartScript = `names=$(docker ps --all --format '{{.Names}}') || exit
c=$(printf '%s\\n' "$names" | grep -E "^dtr-[a-z-]+-$1\\$" | sort)
[ -n "$c" ] || { echo "runbook: no container of replica $1 is on this host" >&2; exit 3; }
docker restart $c`
