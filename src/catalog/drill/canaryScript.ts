/**
 * Words: VERB REGISTRY REPOSITORY WHAT [DIGEST]; stdin: curl configuration with the login. A client of the registry that is as small as
 * can be: under the name that clients use, so through the balancer, with the certificate checked where this host knows the registry's
 * authority. Nothing is kept on the host. Exit 0: it came. Exit 3 and `absent`: it is not there. Anything else: it could not be had.
 *
 * - prepare: makes the repository. - push TAG: two blobs and a manifest, prints `digest D`. - pull DIGEST: the manifest and every blob
 *   of it, each added up. - find TAG DIGEST: the tag names this digest, and it can be pulled. - make NAME, have NAME: a repository.
 */
export const canaryScript = `set -u
verb=$1 registry=$2 repository=$3 what=$4
config=$(cat)
url=https://$registry
ca=/etc/docker/certs.d/$registry/ca.crt
if [ -s "$ca" ]; then trust="--cacert $ca"; else trust=-k; fi
get() { curl -sS $trust --connect-timeout 3 --max-time 8 "$@"; }
admin() { printf '%s\\n' "$config" | get --config - "$@"; }
code() { tail -n 1; }
space=\${repository%/*}
repositories=$url/api/v0/repositories
body() { printf '{"name":"%s","shortDescription":"a canary of runbook drill","visibility":"private"}' "$1"; }
make() {
  seen=$(admin -w '\\n%{http_code}' "$repositories/$space/$1") || return
  [ "$(printf '%s' "$seen" | code)" = 200 ] && return 0
  seen=$(admin -w '\\n%{http_code}' -X POST -H 'Content-Type: application/json' -d "$(body "$1")" "$repositories/$space") || return
  case $(printf '%s' "$seen" | code) in 200|201|202) return 0 ;; esac
  printf '%s\\n' "$seen" | cut -c 1-200 >&2
  return 22
}
case $verb in
  prepare) make "\${repository##*/}"; exit ;;
  make) make "$what"; exit ;;
  have)
    seen=$(admin -o /dev/null -w '%{http_code}' "$repositories/$space/$what") || exit
    case $seen in 200) exit 0 ;; 404) echo absent; exit 3 ;; esac
    echo "status $seen" >&2
    exit 22 ;;
esac
challenge=$(get -o /dev/null -D - "$url/v2/") || exit
challenge=$(printf '%s' "$challenge" | tr -d '\\r' | grep -i '^www-authenticate:')
case $challenge in
  *[Bb]earer*)
    realm=$(printf '%s' "$challenge" | sed -n 's/.*realm="\\([^"]*\\)".*/\\1/p')
    service=$(printf '%s' "$challenge" | sed -n 's/.*service="\\([^"]*\\)".*/\\1/p')
    case $realm in "$url"/*) ;; *) echo "runbook: tokens come from $realm, which is not $url" >&2; exit 4 ;; esac
    said=$(admin -G --data-urlencode "service=$service" --data-urlencode "scope=repository:$repository:pull,push" "$realm") || exit
    token=$(printf '%s' "$said" | tr -d '\\n' | sed -n 's/.*"\\(access_\\)\\{0,1\\}token" *: *"\\([^"]*\\)".*/\\2/p')
    [ -n "$token" ] || { printf '%s\\n' "$said" | cut -c 1-200 >&2; exit 22; }
    config="header = \\"Authorization: Bearer $token\\"" ;;
esac
accept='Accept: application/vnd.docker.distribution.manifest.v2+json'
sum() { echo "sha256:$(sha256sum | cut -d ' ' -f 1)"; }
pull() {
  manifest=$(admin -f -H "$accept" "$url/v2/$repository/manifests/$1") || return
  [ "$(printf '%s' "$manifest" | sum)" = "$1" ] || { echo "the manifest is not $1" >&2; return 5; }
  for blob in $(printf '%s' "$manifest" | grep -o 'sha256:[0-9a-f]\\{64\\}' | sort -u); do
    [ "$(admin -f -L "$url/v2/$repository/blobs/$blob" | sum)" = "$blob" ] || { echo "the blob is not $blob" >&2; return 5; }
  done
  echo "digest $1"
}
blob() {
  digest=$(printf '%s' "$1" | sum)
  to=$(admin -f -o /dev/null -D - -X POST "$url/v2/$repository/blobs/uploads/" | tr -d '\\r' | sed -n 's/^[Ll]ocation: *//p')
  case $to in /*) to=$url$to ;; '') echo 'no upload could be begun' >&2; return 22 ;; esac
  case $to in *\\?*) to="$to&digest=$digest" ;; *) to="$to?digest=$digest" ;; esac
  admin -f -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' --data-binary "$1" "$to" || return
  size=$(printf '%s' "$1" | wc -c)
}
case $verb in
  pull) pull "$what"; exit ;;
  push)
    blob '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]},"comment":"'"$what"'"}' || exit
    config_digest=$digest config_size=$((size))
    blob "canary $what" || exit
    manifest='{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":'"$config_size"',"digest":"'"$config_digest"'"},"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":'"$((size))"',"digest":"'"$digest"'"}]}'
    admin -f -o /dev/null -X PUT -H 'Content-Type: application/vnd.docker.distribution.manifest.v2+json' --data-binary "$manifest" "$url/v2/$repository/manifests/$what" || exit
    echo "digest $(printf '%s' "$manifest" | sum)" ;;
  find)
    head=$(admin -o /dev/null -D - -w 'status %{http_code}\\n' -H "$accept" "$url/v2/$repository/manifests/$what") || exit
    head=$(printf '%s' "$head" | tr -d '\\r')
    case $head in *'status 404'*) echo absent; exit 3 ;; *'status 200'*) ;; *) printf '%s\\n' "$head" | tail -n 1 >&2; exit 22 ;; esac
    [ "$(printf '%s\\n' "$head" | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: *//p')" = "$5" ] || { echo absent; exit 3; }
    pull "$5" || { [ $? = 5 ] && { echo absent; exit 3; }; exit 22; } ;;
esac`
