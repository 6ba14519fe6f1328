/**
 * Shell texts of the acceptance, each named by the word that follows it in argv. Credentials arrive on stdin and go to this
 * host's own loopback, except for the login itself, which is what is being tested.
 */

/**
 * Words: PORT NAMESPACE NAME; stdin: curl configuration with the login. Makes the repository unless it is there: a registry
 * refuses pushes to repositories it does not know.
 */
export const repositoryScript = `set -u
config=$(cat)
url=https://127.0.0.1:$1/api/v0/repositories/$2
call() { printf '%s\\n' "$config" | curl -sS -k --max-time 60 --config - -w '\\n%{http_code}' "$@"; }
answer=$(call "$url/$3") || exit
[ "\${answer##*
}" != 200 ] || exit 0
answer=$(call -X POST -H 'Content-Type: application/json' \\
  -d "{\\"name\\":\\"$3\\",\\"shortDescription\\":\\"written by runbook to prove push and pull\\",\\"visibility\\":\\"private\\"}" "$url") || exit
case \${answer##*
} in 200|201|202) exit 0 ;; esac
printf '%s\\n' "$answer" >&2
exit 22`

/**
 * Words: REGISTRY REPOSITORY TAG USER; stdin: password. Logs in, makes a tiny image on the spot, pushes it. The login lives in
 * a folder of its own that is gone afterwards, whatever happens.
 */
export const pushScript = `set -u
umask 077
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' HUP INT TERM
image=$1/$2:$3
docker --config "$dir" login --username "$4" --password-stdin "$1" || exit
mkdir "$dir/root" && echo "pushed through $1" > "$dir/root/runbook" || exit 1
tar -C "$dir/root" -cf - runbook | docker import - "$image" || exit
docker --config "$dir" push "$image"
code=$?
docker rmi "$image" >/dev/null 2>&1
docker --config "$dir" logout "$1" >/dev/null 2>&1
exit "$code"`

/**
 * Words: REGISTRY PORT REPOSITORY TAG-OR-DIGEST; stdin: curl configuration with the login. Read-only: pulls through the replica
 * on this host, under the registry's own name. Reads the tag's digest, then the manifest by that digest and every blob it
 * names, and adds each up. Prints \`digest D blobs N\`, or \`absent\`, or \`broken D\`. Ends with 70 where no replica is.
 * A login that was given a token and is then refused asked for a repository nobody has made: absent, as with 404.
 * The token endpoint is the one the registry names, and only under its own name: the login goes nowhere else.
 */
export const pullScript = `set -u
registry=$1 port=$2 repository=$3 ref=$4
config=$(cat)
case $registry in *:*) name=\${registry%:*} public=\${registry##*:} ;; *) name=$registry public=443 ;; esac
url=https://$registry
get() { curl -sS -k --max-time 10 --connect-to "$name:$public:127.0.0.1:$port" "$@"; }
challenge=$(get -o /dev/null -D - "$url/v2/") || {
  code=$?
  # Nobody listens: no replica is here (70), or one that is down (7), of which nothing can be told.
  [ "$code" != 7 ] || { command -v docker >/dev/null && [ -n "$(docker ps -aq --filter name=dtr-nginx- 2>&1)" ]; } || code=70
  exit "$code"
}
denied='status 404'
challenge=$(printf '%s' "$challenge" | tr -d '\\r' | grep -i '^www-authenticate:')
case $challenge in
  *[Bb]earer*)
    realm=$(printf '%s' "$challenge" | sed -n 's/.*realm="\\([^"]*\\)".*/\\1/p')
    service=$(printf '%s' "$challenge" | sed -n 's/.*service="\\([^"]*\\)".*/\\1/p')
    case $realm in "$url"/*) ;; *) echo "runbook: tokens come from $realm, which is not $url" >&2; exit 4 ;; esac
    said=$(printf '%s\\n' "$config" | get --config - -G --data-urlencode "service=$service" --data-urlencode "scope=repository:$repository:pull" "$realm") || exit
    token=$(printf '%s' "$said" | tr -d '\\n' | sed -n 's/.*"\\(access_\\)\\{0,1\\}token" *: *"\\([^"]*\\)".*/\\2/p')
    [ -n "$token" ] || { printf '%s\\n' "$said" | cut -c 1-300 >&2; exit 22; }
    # With a good login, "no access" is what is said of a repository that does not exist.
    denied='status 40[134]'
    config="header = \\"Authorization: Bearer $token\\"" ;;
esac
as() { printf '%s\\n' "$config" | get --config - "$@"; }
accept='Accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json'
head=$(as -o /dev/null -D - -w 'status %{http_code}\\n' -H "$accept" "$url/v2/$repository/manifests/$ref") || exit
head=$(printf '%s' "$head" | tr -d '\\r')
case $head in
  *$denied*) echo absent; exit 0 ;;
  *'status 401'*) [ -z "\${token-}" ] || { echo absent; exit 0; }; echo 'status 401' >&2; exit 22 ;;
  *'status 200'*) ;;
  *) printf '%s\\n' "$head" | tail -n 1 >&2; exit 22 ;;
esac
digest=$(printf '%s\\n' "$head" | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: *//p')
[ -n "$digest" ] || exit 22
sum() { echo "sha256:$(sha256sum | cut -d ' ' -f 1)"; }
by_digest() { as -H "$accept" "$url/v2/$repository/manifests/$digest"; }
[ "$(by_digest | sum)" = "$digest" ] || { echo "broken $digest"; exit 0; }
count=0
for blob in $(by_digest | grep -o 'sha256:[0-9a-f]\\{64\\}' | sort -u); do
  [ "$(as -L "$url/v2/$repository/blobs/$blob" | sum)" = "$blob" ] || { echo "broken $blob"; exit 0; }
  count=$((count + 1))
done
echo "digest $digest blobs $count"`
