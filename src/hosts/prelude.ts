import { AHEAD } from './aheadPrelude.ts'
import { CUSTODY } from './custody.ts'

/**
 * The host's half of the protocol of wire.ts: functions for a plain POSIX `sh` (dash, bash and busybox are tested).
 *
 * A channel runs `exec sh`, which means the same to every login shell (also fish and csh), and this text is the first thing on
 * its standard input, so it costs no round trip of its own and no secret ever stands on a command line. Commands get their
 * standard input from the message or from /dev/null, never from the script.
 *
 * A job lives in a folder of its own under /var/lib/runbook/jobs (root) or ~/.runbook/jobs, mode 0700. `sup` (pid, start time
 * and boot id of its supervisor) is the token: it is put there by link(2), which only one can win, just before the command
 * starts, so a job starts at most once whatever dies when. `pid` is the command, leader of a process group of its own; `out`
 * and `err` are its output; `late` says that the time limit struck; `rc.N` that it ended with N (the name of an empty file, so
 * that a full disk cannot swallow it). Under systemd a root's job is a scope unit named for it, so that neither the end of a login nor a
 * stop of sshd takes it along, and the time limit ends everything it started, also what left its process group; where
 * systemd-run does not start it, and everywhere else, setsid does, and the token decides. Standard input comes through a pipe and the environment through the shell: neither is
 * ever on disk. Jobs that ended more than 90 days ago are forgotten.
 *
 * States at the end of a `follow`: `rc N` ended, `late N` ended by the time limit, `aborted` ended by a person (abort.ts), `run` still running, `wait` about to start,
 * `gone` started and now neither running nor ended with a known code, `none` not started (why is on stderr), `fenced` not started
 * because the lease it was sent under is over (custody.ts).
 *
 * All variables begin with `rb_`, which wire.ts refuses as the name of a command's own variable.
 */
export const PRELUDE = `LC_ALL=C PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
unset ENV BASH_ENV CDPATH
umask 022
cd /
rb_file= rb_pruned=
trap '[ -z "$rb_file" ] || rm -f "$rb_file"' EXIT
rb_timeout=$(command -v timeout)
rb_mark() {
  printf '\\001%s %s\\n' "$rb_nonce" "$*"
  printf '\\001%s %s\\n' "$rb_nonce" "$*" >&2
}
rb_hello() {
  rb_nonce=$1 rb_uid=$(id -u)
  if [ "$rb_uid" = 0 ]; then rb_jobs=/var/lib/runbook/jobs; else rb_jobs=$HOME/.runbook/jobs; fi
  rb_mark hello "$rb_uid"
}
rb_env() {
  rb_left=$1
  shift
  while [ "$rb_left" -gt 0 ]; do
    export "$1=$2"
    shift 2
    rb_left=$((rb_left - 1))
  done
  "$rb_then" "$@"
}
rb_limited() {
  if [ -n "$rb_timeout" ]; then exec "$rb_timeout" -k 2 "$rb_seconds" "$@"; fi
  exec "$@"
}
rb_probe() {
  rb_id=$1 rb_seconds=$2 rb_in=$3 rb_then=rb_limited
  shift 3
  rb_mark b "$rb_id"
  case $rb_in in
  -) (rb_env "$@") </dev/null ;;
  *) printf %b "$rb_in" | (rb_env "$@") ;;
  esac
  rb_mark e "$rb_id" $?
}
rb_limit='sleep "$1"
for rb_rc in "$2"/rc.*; do [ -e "$rb_rc" ] && exit; done
: >"$2/late"
kill -TERM "-$3" || kill -TERM "$3"
sleep 10
for rb_rc in "$2"/rc.*; do [ -e "$rb_rc" ] && exit; done
kill -KILL "-$3"'
rb_supervise='rb_dir=$1 rb_seconds=$2 rb_limit=$3 rb_unit=$4
shift 4
umask 077
rb_since() { read -r rb_stat <"/proc/$1/stat" && rb_stat=\${rb_stat##*) } && set -- $rb_stat && shift 19 && rb_start=$1; }
read -r rb_boot </proc/sys/kernel/random/boot_id
rb_since $$ || exit
printf "%s %s %s\\n" $$ "$rb_start" "$rb_boot" >"$rb_dir/sup.$$" && ln "$rb_dir/sup.$$" "$rb_dir/sup"
rb_won=$?
rm -f "$rb_dir/sup.$$"
[ $rb_won = 0 ] || exit
exec 3<&0 </dev/null
(umask 022 && exec setsid "$@") <&3 3<&- >"$rb_dir/out" 2>"$rb_dir/err" &
rb_pid=$!
exec 3<&-
rb_since $rb_pid && printf "%s %s %s\\n" $rb_pid "$rb_start" "$rb_boot" >"$rb_dir/pid"
setsid sh -c "$rb_limit" runbook-limit "$rb_seconds" "$rb_dir" $rb_pid >/dev/null 2>&1 &
rb_watch=$!
wait $rb_pid
: >"$rb_dir/rc.$?"
kill -TERM -$rb_watch 2>/dev/null || kill -TERM $rb_watch
[ -e "$rb_dir/late" ] || exit
sleep 3
kill -KILL "-$rb_pid" 2>/dev/null
[ -z "$rb_unit" ] || exec systemctl kill --signal=KILL "$rb_unit"'
rb_prune() {
  [ -z "$rb_pruned" ] || return
  rb_pruned=1
  find "$rb_jobs" -mindepth 1 -maxdepth 1 -type d -mtime +90 -exec rm -rf {} + >/dev/null 2>&1 </dev/null &
}
rb_start() {
  if [ "$rb_uid" = 0 ] && [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
    rb_unit=runbook-$(printf %s "\${rb_dir##*/}" | tr '@%' ':_').scope
    systemd-run --quiet --scope --collect --slice=system.slice --unit="$rb_unit" --description="runbook job" \\
      setsid sh -c "$rb_supervise" runbook-job "$rb_dir" "$rb_seconds" "$rb_limit" "$rb_unit" "$@"
    [ -e "$rb_dir/sup" ] && return
  fi
  exec setsid sh -c "$rb_supervise" runbook-job "$rb_dir" "$rb_seconds" "$rb_limit" '' "$@"
}
rb_job() {
  rb_id=$1 rb_dir=$rb_jobs/$2 rb_seconds=$3 rb_in=$4 rb_then=rb_start rb_none=
  shift 4
  rb_mark b "$rb_id"
  if [ -e "$rb_dir/sup" ]; then
    :
  elif ! rb_ours; then
    rb_none=fenced
  elif ! command -v setsid >/dev/null; then
    rb_none=none
    echo 'setsid was not found on the host (it is part of util-linux and of busybox)' >&2
  elif (umask 077 && mkdir -p "$rb_dir" && : >>"$rb_dir/out" && : >>"$rb_dir/err"); then
    rb_prune
    case $rb_in in
    -) (rb_env "$@") </dev/null >/dev/null 2>&1 & ;;
    *) printf %b "$rb_in" 2>/dev/null | (rb_env "$@") >/dev/null 2>&1 & ;;
    esac
  else
    rb_none=none
  fi
  rb_fence=
  rb_mark e "$rb_id" 0
}
rb_alive() {
  [ -e "$1" ] && read -r rb_pid rb_since rb_boot <"$1" && read -r rb_now </proc/sys/kernel/random/boot_id || return 1
  [ "$rb_now" = "$rb_boot" ] && [ -e "/proc/$rb_pid/stat" ] || return 1
  { read -r rb_stat <"/proc/$rb_pid/stat"; } 2>/dev/null || return 1
  rb_stat=\${rb_stat##*) }
  case $rb_stat in Z*) return 1 ;; esac
  set -- $rb_stat
  shift 19
  [ "$1" = "$rb_since" ]
}
rb_ended() {
  for rb_rc in "$rb_dir"/rc.*; do
    if [ -e "$rb_rc" ]; then
      rb_state="rc \${rb_rc##*/rc.}"
      [ -e "$rb_dir/late" ] && rb_state="late \${rb_rc##*/rc.}"
      [ -e "$rb_dir/aborted" ] && rb_state=aborted
      return 0
    fi
  done
  return 1
}
rb_look() {
  rb_state=run
  rb_ended && return
  if [ ! -e "$rb_dir/sup" ]; then
    rb_state=wait
    [ -n "$rb_none" ] && rb_state=$rb_none
    return
  fi
  rb_alive "$rb_dir/sup" && return
  rb_alive "$rb_dir/pid" && return
  rb_ended || rb_state=gone
}
rb_copy() {
  rb_size=$2
  [ -e "$1" ] || return
  rb_size=$(($(wc -c <"$1")))
  if [ "$rb_size" -gt "$2" ]; then tail -c +$(($2 + 1)) "$1" | head -c $((rb_size - $2)); fi
}
rb_follow() {
  rb_id=$1 rb_dir=$rb_jobs/$2 rb_out=$3 rb_err=$4
  shift 4
  rb_mark b "$rb_id"
  while :; do
    rb_look
    rb_copy "$rb_dir/out" "$rb_out"
    rb_out=$rb_size
    rb_copy "$rb_dir/err" "$rb_err" >&2
    rb_err=$rb_size
    case $rb_state in run | wait) [ $# -gt 0 ] || break ;; *) break ;; esac
    sleep "$1" 2>/dev/null || sleep 1
    shift
  done
  rb_none=
  rb_mark e "$rb_id" "$rb_state"
}
rb_open() {
  rb_path=$2 rb_bad=0 rb_file=\${2%/*}/.runbook.$$.tmp
  rb_mark b "$1"
  if [ -d "$rb_path" ]; then
    echo "$rb_path is a directory" >&2
    rb_bad=1
  else
    mkdir -p "\${2%/*}/" && rm -f "$rb_file" && (umask 077 && : >"$rb_file") && chmod "$3" "$rb_file" || rb_bad=1
  fi
  rb_mark e "$1" $rb_bad
}
rb_data() {
  if [ $rb_bad = 0 ]; then printf %b "$1" >>"$rb_file" || rb_bad=1; fi
}
rb_close() {
  rb_mark b "$1"
  if [ $rb_bad = 0 ] && [ $(($(wc -c <"$rb_file"))) != "$2" ]; then
    echo "only $(($(wc -c <"$rb_file"))) of $2 bytes could be written to $rb_file" >&2
    rb_bad=1
  fi
  if [ $rb_bad = 0 ] && ! rb_ours; then rb_bad=97; fi
  rb_fence=
  if [ $rb_bad = 0 ]; then mv -f "$rb_file" "$rb_path" || rb_bad=1; fi
  if [ $rb_bad != 0 ]; then rm -f "$rb_file"; fi
  rb_file=
  rb_mark e "$1" $rb_bad
}
rb_length() {
  rb_size=$(stat -L -c %s "$1" 2>/dev/null) || rb_size=$(($(wc -c <"$1")))
}
rb_read() {
  rb_mark b "$1"
  rb_bad=0 rb_size=0
  if [ -f "$2" ]; then
    rb_length "$2"
    dd if="$2" bs=65536 skip="$3" count="$4" 2>/dev/null || rb_bad=1
  else
    rb_bad=2
  fi
  rb_mark e "$1" $rb_bad "$rb_size"
}
rb_take() {
  rb_bad=0 rb_to=$2
  rb_ours || rb_bad=97
  rb_fence=
  if [ $rb_bad != 0 ]; then
    :
  elif [ "$3" = 0 ]; then
    mkdir -p "\${2%/*}/" && rm -f "$2" && (umask 077 && : >"$2") && chmod "$4" "$2" || rb_bad=1
  else
    rb_length "$2"
    if [ "$rb_size" -lt $(($3 * 65536)) ]; then rb_bad=3; else dd if=/dev/null of="$2" bs=65536 seek="$3" count=0 2>/dev/null || rb_bad=1; fi
  fi
  [ $rb_bad = 0 ] || rb_to=/dev/null
  rb_mark b "$1"
  head -c "$5" >>"$rb_to" || rb_bad=1
  rb_length "$2"
  if [ $rb_bad = 0 ] && [ "$rb_size" != $(($3 * 65536 + $5)) ]; then
    echo "only $rb_size of $(($3 * 65536 + $5)) bytes are in $2" >&2
    rb_bad=1
  fi
  rb_mark e "$1" $rb_bad
}
${AHEAD}${CUSTODY}`
