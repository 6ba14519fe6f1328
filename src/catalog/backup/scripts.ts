import { LOGIN } from '../ucp/scripts.ts'

/**
 * Shell texts of backup and restore (POSIX sh, tar, curl, docker, coreutils), each run as `sh -c SCRIPT NAME WORDS…`. Archives are made
 * beside their place, readable by root alone, and renamed when they are whole. Secrets arrive on standard input.
 */

/** Stops the engine, its socket too, since whoever asks there would start it again. `back` starts what ran. */
const STILL = `sockets=
systemctl is-active --quiet docker.socket && sockets=docker.socket
back() { systemctl start $sockets docker; }
trap 'back' EXIT
trap 'exit 143' TERM INT HUP
systemctl stop $sockets docker || exit`

/** Words: FOLDER. The swarm's state with the engine stopped, which comes back whatever happens [D: ee/admin/backup/back-up-swarm.md]. */
export const SWARM = `set -u; umask 077
mkdir -p "$1" || exit
root=$(docker info --format '{{.DockerRootDir}}') || exit
[ -d "$root/swarm" ] || { echo "runbook: there is no $root/swarm" >&2; exit 3; }
${STILL}
tar -C "$root" -cf "$1/.swarm.tar.tmp" swarm || exit
mv -f "$1/.swarm.tar.tmp" "$1/swarm.tar" || exit
trap - EXIT
back`

/** Words: FOLDER FILE, then a command that prints the archive. */
export const PRINTED = `set -u; umask 077
folder=$1 file=$2
shift 2
mkdir -p "$folder" || exit
"$@" </dev/null >"$folder/.$file.tmp" || exit
[ -s "$folder/.$file.tmp" ] || { echo 'runbook: nothing was printed' >&2; exit 1; }
mv -f "$folder/.$file.tmp" "$folder/$file"`

/**
 * Words: PORT FOLDER. Standard input: the login on the first line, the request on the second. UCP writes the file itself, on the manager that
 * was asked, into a folder that must be nobody's [D: ee/admin/backup/back-up-ucp.md].
 */
export const UCP = `set -u; umask 077
IFS= read -r body
IFS= read -r want
made=$2/ucp
group=nogroup
grep -q '^nogroup:' /etc/group || group=nobody
mkdir -p "$made" && chown "nobody:$group" "$made" && rm -f "$made"/* || exit
asked=$(mktemp) || exit
trap 'rm -f "$asked"' EXIT
printf '%s' "$want" >"$asked"
${LOGIN}
said=$(as_admin -X POST -H 'Content-Type: application/json' --data-binary "@$asked" "$url/api/ucp/backup") || exit
id=$(printf '%s' "$said" | sed -n 's/.*"id": *"\\([^"]*\\)".*/\\1/p')
[ -n "$id" ] || id=$(printf '%s' "$said" | tr -d '" \\n')
case $id in '' | *[!A-Za-z0-9_-]*) echo "runbook: UCP named no backup: $said" >&2; exit 1 ;; esac
while :; do
  said=$(as_admin "$url/api/ucp/backup/$id") || exit
  case $(printf '%s' "$said" | sed -n 's/.*"backupState": *"\\([^"]*\\)".*/\\1/p') in
    SUCCESS) break ;;
    FAILED) printf 'runbook: UCP could not make its backup: %s\\n' "$said" >&2; exit 1 ;;
  esac
  sleep 3
done
[ -s "$made/ucp.tar" ] || { echo "runbook: UCP says that its backup is made, and $made/ucp.tar is not there" >&2; exit 1; }
chown 0:0 "$made/ucp.tar" && chmod 0600 "$made/ucp.tar" && mv -f "$made/ucp.tar" "$2/ucp.tar" && rm -rf "$made"`

/** Sets \`at\` to where the images of replica $id lie: a folder of the host, or one of the names of its volume. */
const WHERE = `case $place in
/*) at=$place ;;
*)
  at=
  for one in "$place" "dtr-registry-nfs-$id" "dtr-nfs-registry-$id" "dtr-registry-$id"; do
    [ -z "$one" ] || at=$(docker volume inspect --format '{{.Mountpoint}}' "$one" 2>/dev/null) && [ -n "$at" ] && break
  done ;;
esac
[ -d "$at" ] || { echo "runbook: no volume of replica $id holds images here" >&2; exit 3; }`

/** Words: FOLDER ID PLACE. The images as the replica has them mounted. */
export const IMAGES = `set -u; umask 077
folder=$1 id=$2 place=$3
${WHERE}
mkdir -p "$folder" || exit
tar -C "$at" -cf "$folder/.images.tar.tmp" . || exit
mv -f "$folder/.images.tar.tmp" "$folder/images.tar"`

/**
 * Words: FOLDER PORT. The playbook (already there), both authorities, the licence, and the unlock key where the swarm has one: it is in no
 * other archive [D: ee/admin/backup/back-up-swarm.md].
 */
export const PAPERS = `set -u; umask 077
cd "$1/papers" || exit
docker swarm ca >swarm-ca.pem || exit
curl -sSk --fail --max-time 20 "https://127.0.0.1:$2/ca" >ucp-ca.pem || exit
names=$(docker config ls --format '{{.Name}}') || exit
name=$(printf '%s\\n' "$names" | grep -E '^com\\.docker\\.license(-[0-9]+)?$' | sort -t - -k 2n | tail -n 1)
if [ -n "$name" ]; then
  data=$(docker config inspect --format '{{json .Spec.Data}}' "$name") || exit
  printf '%s' "$data" | tr -d '"' | base64 -d >license.lic || exit
fi
if ! docker swarm unlock-key --quiet >unlock-key 2>said; then
  grep -q 'no unlock key is set' said || { cat said >&2; exit 1; }
fi
rm -f said
[ -s unlock-key ] || rm -f unlock-key
tar -cf ../.papers.tar.tmp * || exit
cd .. && mv -f .papers.tar.tmp papers.tar && rm -rf papers`

/** Words: FOLDER FILE. The archive is kept elsewhere now: it goes, and a mark says so. */
export const KEPT = `umask 077
: >"$1/$2.kept" && rm -f "$1/$2"`

/** Read-only. Words: FOLDER FILE. */
export const PART = `[ ! -e "$1/$2.kept" ] || echo kept=1
[ ! -e "$1/$2" ] || echo staged=1
echo end=1`

/** Read-only. Words: FOLDER. This host's clock, then each set it knows of, with the time at which that was written. */
export const SETS = `echo "now=$(date +%s)"
for one in "$1"/*.json; do
  [ -f "$one" ] || continue
  echo "set=$(stat -c %Y "$one") $(tr -d '\\n' <"$one")"
done
echo end=1`

/** Read-only. Words: FOLDER SET. */
export const SET = `if [ -f "$1/$2.json" ]; then tr -d '\\n' <"$1/$2.json"; echo; fi
echo end=1`

/**
 * Words: FOLDER ADDRESS. Puts the swarm's state back and makes this host its only manager [D: ee/admin/restore/restore-swarm.md]. A host that is in a
 * swarm is left alone, unless it is this very restore that was interrupted.
 */
export const RESTORE_SWARM = `set -u; umask 077
root=$(docker info --format '{{.DockerRootDir}}') || exit
state=$(docker info --format '{{.Swarm.LocalNodeState}}') || exit
[ "$state" = inactive ] || [ -e "$1/.restoring" ] || { echo "runbook: this host is in a swarm ($state)" >&2; exit 3; }
: >"$1/.restoring" || exit
${STILL}
rm -rf "$root/swarm" && tar -C "$root" -xf "$1/swarm.tar" || exit
trap - EXIT
back || exit
tries=0
while :; do
  state=$(docker info --format '{{.Swarm.LocalNodeState}}' 2>/dev/null)
  [ "$state" != locked ] || docker swarm unlock <"$1/unlock-key" || exit
  docker swarm init --force-new-cluster --advertise-addr "$2" >/dev/null 2>"$1/.said" && break
  tries=$((tries + 1))
  [ $tries -lt 20 ] || { cat "$1/.said" >&2; exit 1; }
  sleep 3
done
rm -f "$1/swarm.tar" "$1/unlock-key" "$1/.said" "$1/.restoring"`

/**
 * Takes away what came back with the swarm and is no more: services, containers, volumes and configs of UCP, which its restore makes anew [H],
 * and nodes that do not answer, managers among them demoted first. The licence stays.
 */
export const CLEAR = `set -u
names=$(docker service ls --format '{{.Name}}') || exit
for name in $(printf '%s\\n' "$names" | grep '^ucp-'); do docker service rm "$name" >/dev/null || exit; done
tries=0
while [ $tries -lt 15 ] && docker node ls --format '{{.Status}}' | grep -q Unknown; do sleep 3; tries=$((tries + 1)); done
docker node ls --format '{{.ID}} {{.Status}} {{.ManagerStatus}}' | while read -r id status manager; do
  [ "$status" != Ready ] || continue
  [ -z "$manager" ] || docker node demote "$id" >/dev/null || exit
  docker node rm --force "$id" >/dev/null || exit
done || exit
tries=0
while :; do
  docker ps --all --quiet --filter 'name=^/?(ucp-|k8s_)' | while read -r id; do docker rm --force --volumes "$id" >/dev/null 2>&1; done
  docker volume ls --quiet --filter name=ucp- | grep '^ucp-' | while read -r name; do docker volume rm "$name" >/dev/null 2>&1; done
  left=$(docker ps --all --format '{{.Names}}' --filter 'name=^/?(ucp-|k8s_)'; docker volume ls --quiet --filter name=ucp- | grep '^ucp-')
  [ -n "$left" ] || break
  tries=$((tries + 1))
  [ $tries -lt 15 ] || { echo "runbook: this of UCP is still here:" $left >&2; exit 1; }
  sleep 2
done
names=$(docker config ls --format '{{.Name}}') || exit
for name in $(printf '%s\\n' "$names" | grep '^com\\.docker\\.ucp\\.'); do docker config rm "$name" >/dev/null || exit; done`

/** Words: FILE, then a command that reads the archive on standard input. The archive goes when it has been read. */
export const FED = `set -u
file=$1
shift
"$@" <"$file" || exit
rm -f "$file"`

/** Words: FOLDER ID PLACE. Blobs have their digests for names: what is there already is the same. */
export const RESTORE_IMAGES = `set -u
folder=$1 id=$2 place=$3
${WHERE}
tar -C "$at" -xf "$folder/images.tar" || exit
rm -f "$folder/images.tar"
: >"$folder/images.restored.kept"`

/** Words: FOLDER. Takes the unlock key out of the papers, where there is one. */
export const UNLOCK_KEY = `umask 077
tar -tf "$1/papers.tar" | grep -qx 'unlock-key' && { tar -C "$1" -xf "$1/papers.tar" unlock-key || exit; }
rm -f "$1/papers.tar"`
