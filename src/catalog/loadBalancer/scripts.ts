import { haproxyPaths } from './haproxyConfig.ts'
import { nginxPaths } from './nginxConfig.ts'

/** Shell texts for balancers, each named by the word that follows it in argv. */

/** Read-only. Exit 3: no runtime socket of ours, so no HAProxy that we have configured runs. */
export const haproxyState = `[ -S ${haproxyPaths.socket} ] || exit 3
echo "show info;show stat -1 4 -1" | socat -t5 - UNIX-CONNECT:${haproxyPaths.socket}`

/**
 * Puts the tested candidate in place and makes the running process read it: server states are saved first, so that a
 * drained server stays drained; listeners are handed over by HAProxy itself. What stood there before and was not ours is
 * kept beside it. Safe to repeat: without a candidate it only makes the running process read what is in place.
 */
export const haproxyActivate = `set -u
cfg=${haproxyPaths.config} new=${haproxyPaths.candidate} sock=${haproxyPaths.socket} state=${haproxyPaths.state}
if [ -S "$sock" ] && echo "show servers state" | socat -t5 - "UNIX-CONNECT:$sock" > "$state.new" 2>/dev/null; then
  mv -f "$state.new" "$state"
else
  rm -f "$state.new"; [ -e "$state" ] || : > "$state"
fi
if [ -e "$new" ]; then
  if [ -e "$cfg" ] && ! grep -q '^# Written by runbook' "$cfg"; then cp -p "$cfg" "$cfg.before-runbook" || exit 1; fi
  mv -f "$new" "$cfg" || exit 1
fi
systemctl enable haproxy || exit 1
if systemctl is-active --quiet haproxy; then systemctl reload haproxy || systemctl restart haproxy; else systemctl start haproxy; fi`

/** As for HAProxy; NGINX keeps its listeners over a reload by itself. */
export const nginxActivate = `set -u
cfg=${nginxPaths.config} new=${nginxPaths.candidate}
if [ -e "$new" ]; then
  if [ -e "$cfg" ] && ! grep -q '^# Written by runbook' "$cfg"; then cp -p "$cfg" "$cfg.before-runbook" || exit 1; fi
  mv -f "$new" "$cfg" || exit 1
fi
systemctl enable nginx || exit 1
if systemctl is-active --quiet nginx; then systemctl reload nginx || systemctl restart nginx; else systemctl start nginx; fi`

/**
 * Words: ready|drain|maint, then backend/server pairs. The runtime socket answers an empty line when all is well and a
 * sentence when not, and socat exits 0 either way: so the sentence decides.
 */
export const haproxySet = `set -u
state=$1; shift
for server in "$@"; do
  said=$(echo "set server $server state $state" | socat -t5 - UNIX-CONNECT:${haproxyPaths.socket}) || exit
  # What the balancer does not know it sends nothing to.
  case "$state:$said" in drain:*'No such server'*|drain:*'No such backend'*) continue ;; esac
  [ -z "$said" ] || { echo "$server: $said" >&2; exit 1; }
done`

/**
 * Words: SECONDS, then backend/server pairs that are drained. Waits until none of them has a session in hand, at most so long: what is
 * still there then is cut off with the replica, and says so. Column 5 of `show stat` is the number of sessions now.
 */
export const haproxyIdle = `set -u
left=$1; shift
while :; do
  stat=$(echo "show stat -1 4 -1" | socat -t5 - UNIX-CONNECT:${haproxyPaths.socket}) || exit
  busy=0
  for server in "$@"; do
    n=$(printf '%s\\n' "$stat" | awk -F, -v p="\${server%%/*}" -v s="\${server#*/}" '$1 == p && $2 == s { print $5 }')
    busy=$((busy + \${n:-0}))
  done
  [ "$busy" -gt 0 ] || exit 0
  [ "$left" -gt 0 ] || { echo "runbook: $busy sessions still in hand after the time they had; going on" >&2; exit 0; }
  sleep 1; left=$((left - 1))
done`
