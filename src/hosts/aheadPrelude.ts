/**
 * The host's half of a window of strides (ahead.ts), for the same plain `sh` as prelude.ts: each step looks, acts, looks again, and the first
 * that does not come to its end halts all that follow. Commands run in this shell and not as jobs of their own, so only short ones are
 * sent so; they have the same names, tokens and traces as jobs. The shell dies of the first word it cannot say to a line that is
 * gone, after it has noted how its command ended.
 *
 * Nothing forks here that need not: a look is one process, an effect two (timeout and the command).
 *
 * rb_go: `look` before a step's deeds, `act` while they are done, `skip` when there was nothing to do, `halt` for the rest.
 */
export const AHEAD = `rb_go=halt
rb_self() {
  rb_own=
  { read -r rb_stat </proc/self/stat; } 2>/dev/null || return 1
  rb_pid=\${rb_stat%% *}
  set -- \${rb_stat##*) }
  shift 19
  rb_own="$rb_pid $1 $rb_boot"
}
rb_traced() {
  if rb_self; then printf '%s\\n' "$rb_own" >"$rb_dir/pid"; fi
  rb_env "$@"
}
rb_ahead() {
  rb_id=$1 rb_go=halt rb_said=ok
  shift
  rb_mark b "$rb_id"
  for rb_one do
    shift
    set -- "$@" "$rb_jobs/$rb_one"
  done
  read -r rb_boot </proc/sys/kernel/random/boot_id && rb_self || rb_said=no
  if [ -z "$rb_timeout" ]; then rb_said=no; fi
  if [ $rb_said = ok ] && (umask 077 && mkdir -p "$rb_jobs" "$@"); then rb_go=skip; rb_prune; else rb_said=no; fi
  rb_look_err=$rb_jobs/.look.$$
  rb_mark e "$rb_id" $rb_said
}
rb_stride() {
  rb_need=
  if [ $rb_go != halt ]; then rb_go=look; fi
}
rb_brief() {
  if [ "$rb_seconds" = 0 ]; then exec "$@"; fi
  rb_limited "$@"
}
rb_glance() {
  rb_id=$1 rb_role=$2 rb_seconds=$3 rb_holds=$4 rb_known=$5 rb_other=$6 rb_in=$7 rb_then=rb_brief
  shift 7
  rb_mark b "$rb_id"
  rb_said=skip rb_rc=0
  case $rb_go.$rb_role in
  look.needs | look.goal | act.after)
    case $rb_in in
    -) rb_out=$(rb_env "$@" </dev/null 2>"$rb_look_err") ;;
    *) rb_out=$(printf %b "$rb_in" | (rb_env "$@") 2>"$rb_look_err") ;;
    esac
    rb_rc=$? rb_line= rb_said=unknown
    if [ -s "$rb_look_err" ]; then read -r rb_line <"$rb_look_err"; fi
    case $rb_rc in
    124 | 137) ;;
    *)
      case "$rb_rc|$rb_out|$rb_line" in
      $rb_holds) rb_said=holds ;;
      $rb_known | $rb_other) rb_said=lacks ;;
      esac
      ;;
    esac
    case $rb_role.$rb_said in
    *.holds) ;;
    goal.lacks) rb_need=1 ;;
    *) rb_go=halt ;;
    esac
    [ -z "$rb_out" ] || printf '%s\\n' "$rb_out"
    [ -z "$rb_line" ] || printf '%s\\n' "$rb_line" >&2
    ;;
  esac
  rb_mark e "$rb_id" $rb_said $rb_rc
}
rb_act() {
  rb_said=$rb_go
  if [ $rb_go = look ]; then
    if [ -z "$rb_need" ]; then
      rb_go=skip rb_said=skip
    elif rb_ours; then
      rb_go=act rb_said=act
    else
      rb_go=halt rb_said=fenced
    fi
  fi
  rb_mark b "$1"
  rb_mark e "$1" $rb_said
}
rb_waits() {
  rb_n=0
  while
    rb_look
    [ "$rb_state" = run ] || { [ "$rb_state" = gone ] && [ ! -s "$rb_dir/sup" ] && [ $rb_n = 0 ]; }
  do
    [ $rb_n -lt $((rb_seconds + 15)) ] || break
    rb_n=$((rb_n + 1))
    sleep 1
  done
}
rb_deed() {
  rb_id=$1 rb_dir=$rb_jobs/$2 rb_seconds=$3 rb_in=$4 rb_then=rb_limited rb_state=skip rb_none=
  shift 4
  rb_mark b "$rb_id"
  if [ $rb_go = act ] && ! rb_ours; then
    rb_go=halt rb_state=fenced
  elif [ $rb_go = act ]; then
    set -C
    { printf '%s\\n' "$rb_own" >"$rb_dir/sup"; } 2>/dev/null
    rb_won=$?
    set +C
    if [ $rb_won = 0 ]; then
      read -r rb_began rb_x </proc/uptime
      case $rb_in in
      -) (rb_traced "$@") </dev/null >"$rb_dir/out" 2>"$rb_dir/err" ;;
      *) printf %b "$rb_in" 2>/dev/null | (rb_traced "$@") >"$rb_dir/out" 2>"$rb_dir/err" ;;
      esac
      rb_rc=$?
      case $rb_rc in
      124 | 137)
        read -r rb_up rb_x </proc/uptime
        if [ $((\${rb_up%%.*} - \${rb_began%%.*})) -ge "$rb_seconds" ]; then : >"$rb_dir/late"; fi
        ;;
      esac
      : >"$rb_dir/rc.$rb_rc"
      rb_ended || rb_state="rc $rb_rc"
    elif [ -e "$rb_dir/sup" ]; then
      rb_waits
    else
      echo "nothing could be noted in $rb_dir" >&2
      rb_state=none
    fi
    if [ -s "$rb_dir/out" ]; then cat "$rb_dir/out"; fi
    if [ -s "$rb_dir/err" ]; then cat "$rb_dir/err" >&2; fi
    if [ "$rb_state" != 'rc 0' ]; then rb_go=halt; fi
  fi
  rb_mark e "$rb_id" $rb_state
}
rb_put() {
  rb_state=skip
  rb_mark b "$1"
  if [ $rb_go = act ] && ! rb_ours; then
    rb_go=halt rb_state=fenced
  elif [ $rb_go = act ]; then
    rb_bad=0 rb_file=\${2%/*}/.runbook.$$.tmp
    if [ -d "$2" ]; then
      echo "$2 is a directory" >&2
      rb_bad=1
    else
      [ -d "\${2%/*}/" ] || mkdir -p "\${2%/*}/" || rb_bad=1
      [ ! -e "$rb_file" ] || rm -f "$rb_file"
      umask 077
      printf %b "$5" >"$rb_file" || rb_bad=1
      umask 022
      if [ $rb_bad = 0 ] && [ $(($(wc -c <"$rb_file"))) != "$4" ]; then
        echo "only $(($(wc -c <"$rb_file"))) of $4 bytes could be written to $rb_file" >&2
        rb_bad=1
      fi
      if [ $rb_bad = 0 ]; then chmod "$3" "$rb_file" && mv -f "$rb_file" "$2" || rb_bad=1; fi
      if [ $rb_bad != 0 ]; then rm -f "$rb_file"; fi
    fi
    rb_file=
    rb_state="rc $rb_bad"
    if [ $rb_bad != 0 ]; then rb_go=halt; fi
  fi
  rb_mark e "$1" $rb_state
}
rb_over() {
  rb_go=halt rb_fence=
  [ ! -e "$rb_look_err" ] || rm -f "$rb_look_err"
  rb_mark b "$1"
  rb_mark e "$1" 0
}
`
