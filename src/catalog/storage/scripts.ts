/**
 * Shell texts for storage, each named by the word that follows it in argv. They need only POSIX sh and what the
 * storage itself needs (mount, curl). Markers are listed as `mark HOST CONTENT` lines, closed by `end`.
 */

const list = `for f in "$dir/.runbook-$name".*; do
  [ -f "$f" ] || continue
  printf "mark %s %s\\n" "\${f##*/.runbook-$name.}" "$(head -n 1 "$f")"
done
echo end`

const put = `printf "%s\\n" "$text" > "$dir/.runbook-$name.$host.new" && mv -f "$dir/.runbook-$name.$host.new" "$dir/.runbook-$name.$host"`

/** Words: read|write PATH NAME [HOST TEXT]. Exit 3: the directory is not there. */
export const pathScript = `set -u
mode=$1 dir=$2 name=$3 host=\${4-} text=\${5-}
if [ "$mode" = write ]; then
  mkdir -p "$dir" || exit 1
  ${put}
  exit
fi
[ -d "$dir" ] || exit 3
${list}`

/**
 * Words: read|write SERVER EXPORT OPTIONS NAME [HOST TEXT]. The trial mount lives in a mount namespace of its own, over
 * /mnt: the host never sees it, and it is gone with the process however that ends. \`showmount\` speaks NFSv3 only, so
 * what it says is shown and never decides.
 * Exit 32: mount's own "mount failed".
 */
export const nfsScript = `exec timeout 20 unshare --mount sh -c '
set -u
mode=$1 server=$2 export=$3 options=$4 name=$5 host=\${6-} text=\${7-} dir=/mnt
mount --make-rprivate / || exit 1
if [ "$mode" = write ]; then
  timeout 10 showmount -e "$server" || echo "showmount: no answer (an NFSv4-only server gives none)"
  mount -t nfs \${options:+-o "$options"} "$server:$export" "$dir" || exit 32
  ${put} || exit 1
  umount "$dir"
  exit
fi
mount -t nfs -o "\${options:+$options,}ro" "$server:$export" "$dir" || exit 32
${list}
umount "$dir"
' "$0" "$@"`

/**
 * Words: read|write URL REGION INSECURE NAME HOST [TEXT | HOST…]; stdin: access key and secret key, a line each.
 * Keys are percent-encoded by the shell itself and reach curl inside a config on stdin, so they stand in no argv; that
 * also carries access keys with a colon, which \`--user\` cannot. \`curl --aws-sigv4\` came with 7.75; curl before 8
 * signs no payload by itself, hence the header.
 */
export const s3Script = `set -u
LC_ALL=C; export LC_ALL
mode=$1 url=$2 region=$3 insecure=$4 name=$5; shift 5
IFS= read -r key || exit 1
IFS= read -r secret || exit 1
encode() {
  s=$1 out=
  while [ -n "$s" ]; do
    rest=\${s#?} c=\${s%"\${s#?}"} s=$rest
    case $c in [A-Za-z0-9]) out=$out$c ;; *) out=$out$(printf '%%%02X' "'$c") ;; esac
  done
  printf '%s' "$out"
}
user=$(encode "$key") pass=$(encode "$secret")
k=; [ "$insecure" = yes ] && k=-k
request() {
  object=$1; shift
  printf 'url = "%s://%s:%s@%s/%s"\\n' "\${url%%://*}" "$user" "$pass" "\${url#*://}" "$object" |
    curl -sS $k --max-time 10 --aws-sigv4 "aws:amz:$region:s3" -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \\
      -w '\\n%{http_code}' --config - "$@"
}
if [ "$mode" = write ]; then
  answer=$(request ".runbook-$name.$1" -X PUT -H 'Content-Type: text/plain' --data-binary "$2") || exit
  code=\${answer##*
}
  [ "$code" = 200 ] && exit 0
  printf '%s\\n' "$answer" >&2
  exit 22
fi
for host in "$@"; do
  answer=$(request ".runbook-$name.$host") || exit
  code=\${answer##*
} body=\${answer%
*}
  case $code in
    200) printf 'mark %s %s\\n' "$host" "$body" ;;
    404) ;;
    *) printf '%s\\n' "$answer" >&2; exit 22 ;;
  esac
done
echo end`
