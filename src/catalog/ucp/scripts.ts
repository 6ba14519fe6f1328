/**
 * The few commands that need several lines of shell (POSIX: dash, busybox). Each is run as `sh -c SCRIPT NAME PARAMETERS…`; the name is
 * what readers of a plan and the twin know it by. Passwords come on standard input, tokens go to curl on its standard input, and both
 * only ever travel to 127.0.0.1. `printf` is the shell's own, so what it prints is never an argument of a process.
 */

/** Logs in with the JSON in $body and sets $token; leaves with 22 when UCP refuses, with curl's code when it cannot be reached. */
export const LOGIN = `url=https://127.0.0.1:$1
said=$(printf '%s' "$body" | curl -sSk --max-time 20 -H 'Content-Type: application/json' --data-binary @- "$url/auth/login") || exit
token=$(printf '%s' "$said" | sed -n 's/.*"auth_token": *"\\([^"]*\\)".*/\\1/p')
[ -n "$token" ] || { echo 'UCP refused the login of its administrator' >&2; exit 22; }
as_admin() { printf 'header = "Authorization: Bearer %s"\\n' "$token" | curl -sSk --fail --max-time 60 --config - "$@"; }`

/** $1 port, $2 section: prints that section. Standard input: the login. */
export const CONFIG_GET = `body=$(cat)
${LOGIN}
all=$(as_admin -H 'Accept: application/toml' "$url/api/ucp/config-toml") || exit
printf '%s\\n' "$all" | awk -v want="[$2]" '{ line = $0; gsub(/[ \\t\\r]/, "", line) } line ~ /^\\[/ { on = (line == want); next } on { print } END { print "# end" }'`

/** $1 port, $2 section, $3 key, $4 value: reads the document, sets the one key, puts it back. Standard input: the login. */
export const CONFIG_SET = `set -u; umask 077
body=$(cat)
${LOGIN}
new=$(mktemp) || exit
trap 'rm -f "$new"' EXIT
all=$(as_admin -H 'Accept: application/toml' "$url/api/ucp/config-toml") || exit
printf '%s\\n' "$all" | awk -v want="[$2]" -v key="$3" -v value="$4" '
  { line = $0; gsub(/[ \\t\\r]/, "", line) }
  line ~ /^\\[/ { if (on && !set) { print "  " key " = " value; set = 1 }; on = (line == want); if (on) seen = 1 }
  on && index(line, key "=") == 1 { if (!set) print "  " key " = " value; set = 1; next }
  { print }
  END { if (!set) { if (!seen) print want; print "  " key " = " value } }' > "$new" && [ -s "$new" ] || exit
as_admin -H 'Content-Type: application/toml' --upload-file "$new" "$url/api/ucp/config-toml"`

/** $1 port. Standard input: the login on the first line, the licence after it. */
export const LICENSE_PUT = `set -u; umask 077
IFS= read -r body
new=$(mktemp) || exit
trap 'rm -f "$new"' EXIT
{ printf '{"auto_refresh":true,"license_config":'; cat; printf '}'; } > "$new"
${LOGIN}
as_admin -X POST -H 'Content-Type: application/json' --data-binary "@$new" "$url/api/config/license"`

/** $1 file name. Standard input: its content. The volume is made when it is missing. */
export const CERTIFICATE_PUT = `set -u; umask 077
docker volume create ucp-controller-server-certs >/dev/null || exit
folder=$(docker volume inspect --format '{{.Mountpoint}}' ucp-controller-server-certs) || exit
cat > "$folder/.$1.new" && mv -f "$folder/.$1.new" "$folder/$1"`

/** Prints digest and name of the two public files, and whether there is a key; 'none' when there is no such volume. */
export const CERTIFICATES = `folder=$(LC_ALL=C docker volume inspect --format '{{.Mountpoint}}' ucp-controller-server-certs) || exit
cd "$folder" || exit
for name in ca.pem cert.pem; do if [ -f "$name" ]; then echo "$name=$(sha256sum < "$name" | cut -d ' ' -f 1)"; fi; done
if [ -s key.pem ]; then echo key.pem=yes; fi
echo end=1`

/** $1 node, run on a manager: takes the label off that holds a worker back in an upgrade; docker refuses to take off what is not there. */
export const RELEASE = `labels=$(docker node inspect --format '{{json .Spec.Labels}}' "$1") || exit
case $labels in *'"com.docker.ucp.upgrade-hold"'*) docker node update --label-rm com.docker.ucp.upgrade-hold "$1" ;; esac`

/** Takes what UCP left on a host that is in no swarm any more: its containers and volumes, nothing else [D: ee/ucp/admin/install/uninstall.md]. */
export const SWEEP = `state=$(docker info --format '{{.Swarm.LocalNodeState}}') || exit
[ "$state" = inactive ] || { echo "this host is still in a swarm ($state)" >&2; exit 1; }
docker ps --all --quiet --filter 'name=^/?(ucp-|k8s_)' | while read -r id; do docker rm --force --volumes "$id" || exit; done
docker volume ls --quiet --filter name=ucp- | grep '^ucp-' | while read -r name; do docker volume rm "$name" || exit; done`

/** Counts what UCP left on a host. */
export const REMAINS = `containers=$(docker ps --all --quiet --filter 'name=^/?(ucp-|k8s_)') || exit
volumes=$(docker volume ls --quiet --filter name=ucp-) || exit
echo "containers=$(printf '%s' "$containers" | grep -c .)"
echo "volumes=$(printf '%s\\n' "$volumes" | grep -c '^ucp-')"
echo end=1`

/**
 * Prints the signed part of the newest licence that the swarm keeps, asked on a manager: of the three members of the file the one that is
 * no secret. 'none' when there is no licence. Newer licences are one signed token [docker/licensing: storage.go; Mirantis engine: licensing].
 */
export const LICENSE = `names=$(docker config ls --format '{{.Name}}') || exit
name=$(printf '%s\\n' "$names" | grep -E '^com\\.docker\\.license(-[0-9]+)?$' | sort -t - -k 2n | tail -n 1)
[ -n "$name" ] || { echo none=1; echo end=1; exit 0; }
data=$(docker config inspect --format '{{json .Spec.Data}}' "$name") || exit
text=$(printf '%s' "$data" | tr -d '"' | base64 -d | tr -d '\\n') || exit
case $text in
  eyJ*) echo "signed=$text" ;;
  *) printf '%s\\n' "$text" | sed -n 's/.*"authorization": *"\\([^"]*\\)".*/signed=\\1/p' ;;
esac
echo end=1`

/** Name and published ports of UCP's controller on this host. */
export const FRONT = `docker ps --all --no-trunc --filter name=ucp-controller --format '{{.Names}}|{{.Ports}}' || exit
echo end`

/** $1 port: names and end of the web certificate that is served there, by openssl of the host. */
export const WEB_CERTIFICATE = `command -v openssl >/dev/null || { echo 'there is no openssl on this host' >&2; exit 3; }
text=$(openssl s_client -connect "127.0.0.1:$1" </dev/null 2>/dev/null | LC_ALL=C openssl x509 -noout -text 2>/dev/null) || { echo 'nothing answers with a certificate' >&2; exit 4; }
printf '%s\\n' "$text" | sed -n 's/^ *Not After *: */notAfter=/p'
printf '%s\\n' "$text" | sed -n '/Subject Alternative Name/{n;s/^ */names=/p;}'
echo end=1`
