/**
 * Who may change a host, and what a run leaves there for others: leases, audit lines, copies of journals. The host's half, for
 * the same plain `sh` as prelude.ts, and the words both sides use.
 *
 * A lease is a file `N.is` in /var/lib/runbook/lease (root) or ~/.runbook/lease, put there by link(2), which only one can win;
 * N counts up and is the epoch. Its first line is the holder's nonce, its second what the holder says of itself. `N.beat` is the
 * last sign of life by the host's own clock (seconds since boot, and which boot), so no two clocks are ever compared. `N.end`
 * says that it is over, again by link(2). Before a job or a file begins, `rb_ours` looks whether the newest epoch is still the
 * one the message was sent under: a controller that slept through the loss of its lease starts nothing any more.
 */
export const CUSTODY = `rb_fence= rb_token=
rb_places() {
  if [ "$rb_uid" = 0 ]; then rb_home=/var/lib/runbook rb_log=/var/log/runbook; else rb_home=$HOME/.runbook rb_log=$HOME/.runbook; fi
  rb_lease=$rb_home/lease
}
rb_newest() {
  rb_places
  rb_epoch=0
  for rb_one in "$rb_lease"/*.is; do
    rb_one=\${rb_one##*/}
    rb_one=\${rb_one%.is}
    case $rb_one in '' | *[!0-9]*) continue ;; esac
    if [ "$rb_one" -gt "$rb_epoch" ]; then rb_epoch=$rb_one; fi
  done
}
rb_fence() {
  rb_fence=$1 rb_token=$2
}
rb_ours() {
  [ -n "$rb_fence" ] || return 0
  rb_newest
  [ "$rb_epoch" = "$rb_fence" ] && [ ! -e "$rb_lease/$rb_epoch.end" ] && read -r rb_own <"$rb_lease/$rb_epoch.is" && [ "$rb_own" = "$rb_token" ]
}
rb_beat() {
  read -r rb_up rb_x </proc/uptime && read -r rb_boot </proc/sys/kernel/random/boot_id &&
    printf '%s %s\\n' "\${rb_up%%.*}" "$rb_boot" >"$rb_lease/.$$.beat" && mv -f "$rb_lease/.$$.beat" "$rb_lease/$1.beat"
}
rb_once() {
  printf %b "$2" >"$rb_lease/.$$.tmp" && ln "$rb_lease/.$$.tmp" "$rb_lease/$1" 2>/dev/null
  rb_won=$?
  rm -f "$rb_lease/.$$.tmp"
  return $rb_won
}
rb_audit() {
  [ -n "$1" ] || return 0
  (umask 077 && mkdir -p "$rb_log" && printf '%b\\n' "$1" >>"$rb_log/audit.jsonl")
}
rb_lease() {
  rb_id=$1 rb_verb=$2 rb_over=$3 rb_text=$5 rb_said=$6 rb_bad=0
  rb_mark b "$rb_id"
  rb_newest
  case $rb_verb in
  take)
    if [ "$rb_epoch" != 0 ] && [ ! -e "$rb_lease/$rb_epoch.end" ] && [ "$rb_over" != "$rb_epoch" ]; then
      :
    elif (umask 077 && mkdir -p "$rb_lease") && rb_beat $((rb_epoch + 1)); then
      if rb_once $((rb_epoch + 1)).is "$4\\0012$rb_text\\0012"; then
        rb_audit "$rb_said"
        rm -f "$rb_lease/$((rb_epoch - 3))".*
      fi
    else
      rb_bad=1
    fi
    ;;
  beat)
    if [ "$rb_over" = "$rb_epoch" ] && [ ! -e "$rb_lease/$rb_epoch.end" ]; then rb_beat "$rb_epoch" || rb_bad=1; fi
    ;;
  end)
    if [ "$rb_over" = "$rb_epoch" ] && rb_once "$rb_epoch.end" "$rb_text\\0012"; then rb_audit "$rb_said" || rb_bad=1; fi
    ;;
  audit)
    tail -n "$rb_over" "$rb_log/audit.jsonl" 2>/dev/null
    rb_mark e "$rb_id" 0
    return
    ;;
  esac
  rb_newest
  rb_age=boot rb_up= rb_then= rb_boot= rb_now=
  { read -r rb_then rb_boot <"$rb_lease/$rb_epoch.beat"; } 2>/dev/null
  read -r rb_up rb_x </proc/uptime
  read -r rb_now </proc/sys/kernel/random/boot_id
  if [ -n "$rb_then" ] && [ "$rb_now" = "$rb_boot" ]; then rb_age=$((\${rb_up%%.*} - rb_then)); fi
  printf '%s %s\\n' "$rb_epoch" "$rb_age"
  if [ "$rb_epoch" != 0 ]; then cat "$rb_lease/$rb_epoch.is"; fi
  if [ -e "$rb_lease/$rb_epoch.end" ]; then cat "$rb_lease/$rb_epoch.end"; fi
  rb_mark e "$rb_id" $rb_bad
}
rb_keep() {
  rb_id=$1 rb_verb=$2 rb_bad=0
  rb_places
  rb_runs=$rb_home/runs rb_path=$rb_home/runs/$3
  rb_mark b "$rb_id"
  case $rb_verb in
  put)
    if (umask 077 && mkdir -p "\${rb_path%/*}" && : >>"$rb_path"); then
      if [ $(($(wc -c <"$rb_path"))) = "$4" ]; then printf %b "$5" >>"$rb_path" || rb_bad=1; fi
      echo $(($(wc -c <"$rb_path")))
    else
      rb_bad=1
    fi
    ;;
  new) (umask 077 && mkdir -p "\${rb_path%/*}" && : >"$rb_path") || rb_bad=1 ;;
  get) if [ -e "$rb_path" ]; then tail -c +$(($4 + 1)) "$rb_path" | head -c 1000000; else rb_bad=1; fi ;;
  list)
    for rb_one in "$rb_runs"/*/plan.json; do
      if [ -e "$rb_one" ]; then rb_one=\${rb_one%/plan.json} && echo "\${rb_one##*/}"; fi
    done
    ;;
  esac
  rb_mark e "$rb_id" $rb_bad
}
`

/** Proof that a host is ours: the epoch that our lease has there, and the nonce that only we know. */
export interface Fence {
  readonly epoch: number
  readonly nonce: string
}

/**
 * What can be done about a host's lease. `record` and `audit` are one line of JSON each; an audit line is written only when the
 * act took place.
 * - take: makes us the holder where nobody is, or in place of the lease of epoch `over`.
 * - beat: a sign of life. end: it is over. Both only while `epoch` is the newest.
 */
export type LeaseAct =
  | { readonly verb: 'look' }
  | {
      readonly verb: 'take'
      readonly over?: number
      readonly nonce: string
      readonly record: string
      readonly audit: string
    }
  | { readonly verb: 'beat'; readonly epoch: number }
  | { readonly verb: 'end'; readonly epoch: number; readonly record: string; readonly audit: string }

/** A host's newest lease, after the act. */
export interface LeaseSeen {
  /** 0: nobody ever held one. */
  readonly epoch: number
  readonly nonce: string
  /** Since the last sign of life, by the host's own clock. Undefined: the host was started anew since. */
  readonly ageSeconds: number | undefined
  /** What the holder says of itself: one line of JSON, '' for epoch 0. */
  readonly record: string
  /** Set when it is over. */
  readonly ended?: string
  /** The host could not write, in its words. */
  readonly trouble?: string
}

/**
 * What a run keeps on a host, under /var/lib/runbook/runs.
 * - put: appends when the file has `offset` bytes; answers the size as text in any case.
 * - new: makes it empty.
 * - get: at most 1,000,000 bytes from there on.
 * - list: names of runs, one a line.
 */
export type KeepAct =
  | { readonly verb: 'put'; readonly path: string; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly verb: 'new'; readonly path: string }
  | { readonly verb: 'get'; readonly path: string; readonly offset: number }
  | { readonly verb: 'list' }

/** The host has another holder by now, or none: what was sent under the old lease was not begun. */
export class Fenced extends Error {
  override readonly name = 'Fenced'
  readonly host: string
  constructor(host: string) {
    super(`${host} has another holder by now: nothing was begun there`)
    this.host = host
  }
}

/** How a host says that a message came under a lease that is over. */
export const FENCED_CODE = 97

/** The answer of `rb_lease` as text. */
export function showLease({ epoch, nonce, ageSeconds, record, ended }: LeaseSeen): string {
  const head = `${String(epoch)} ${ageSeconds === undefined ? 'boot' : String(ageSeconds)}\n`
  return head + (epoch === 0 ? '' : `${nonce}\n${record}\n`) + (ended === undefined ? '' : `${ended}\n`)
}

/** Undoes `showLease`. @throws SyntaxError */
export function parseLease(text: string, trouble?: string): LeaseSeen {
  const [head = '', nonce = '', record = '', ended] = text.replace(/\n$/, '').split('\n')
  const [, epoch, age = ''] = /^(\d+) (-?\d+|boot)$/.exec(head) ?? []
  if (epoch === undefined) throw new SyntaxError(`not what a host says about its lease: ${head.slice(0, 80)}`)
  return {
    epoch: Number(epoch),
    nonce,
    ageSeconds: age === 'boot' ? undefined : Number(age),
    record,
    ...(ended !== undefined && { ended }),
    ...(trouble !== undefined && { trouble }),
  }
}
