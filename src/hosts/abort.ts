import type { Line, Session } from './session.ts'
import { jobFolder } from './wire.ts'

/**
 * The host's half, a script of its own so that it works beside a run whose shells are all busy. Words: JOB AUDIT-LINE WORDS. Looks first: a
 * job that has ended is left as it is. The mark `aborted` is put down before the first signal, and makes the exit that follows count as
 * nobody's answer (prelude.ts). The command's process group gets TERM and ten seconds, then KILL; under systemd the whole unit. The job's own
 * supervisor stays, notes the end and takes the time limit away.
 */
const SCRIPT = `if [ "$(id -u)" = 0 ]; then home=/var/lib/runbook log=/var/log/runbook; else home=$HOME/.runbook log=$HOME/.runbook; fi
dir=$home/jobs/$1
umask 077
ended() { for rc in "$dir"/rc.*; do [ -e "$rc" ] && return; done; return 1; }
alive() {
  read -r now </proc/sys/kernel/random/boot_id && [ "$now" = "$boot" ] && [ -e "/proc/$pid/stat" ] || return 1
  read -r stat <"/proc/$pid/stat" || return 1
  set -- \${stat##*) }
  shift 19
  [ "$1" = "$since" ]
}
[ -e "$dir/sup" ] || { echo unknown; exit; }
[ -e "$dir/pid" ] || sleep 1
ended && { echo "ended \${rc##*/rc.}"; exit; }
read -r pid since boot <"$dir/pid" && alive || { echo gone; exit; }
printf '%s\\n' "$3" >"$dir/aborted" || exit
ended && { rm -f "$dir/aborted"; echo "ended \${rc##*/rc.}"; exit; }
mkdir -p "$log" && printf '%s\\n' "$2" >>"$log/audit.jsonl"
kill -TERM "-$pid"
for second in 1 2 3 4 5 6 7 8 9 10; do
  ended && break
  sleep 1
done
ended || kill -KILL "-$pid"
if [ -d /run/systemd/system ]; then
  sleep 1
  systemctl kill --signal=KILL "runbook-$(printf %s "$1" | tr '@%' ':_').scope" 2>/dev/null
fi
echo aborted`

/** Long enough for TERM, ten seconds and KILL. */
const LIMIT_MS = 60_000

/**
 * What became of it. 'aborted': its process group was ended by us, and how far it had got nobody knows. 'ended': it had ended by itself, with
 * this code. 'gone': it was not at work any more and left no code. 'unknown': the host knows no such job.
 */
export type Aborted =
  { readonly state: 'aborted' | 'gone' | 'unknown' } | { readonly state: 'ended'; readonly code: number }

/**
 * Ends the process group of a job that is at work.
 * @param by a name that is new, since a host begins no name twice
 * @param said what the job's output and the audit log are told
 * @returns undefined where nobody saw what came of it
 * @throws Unreachable
 */
export async function abortJob(
  session: Session,
  job: string,
  by: string,
  said: { readonly audit: object; readonly words: string },
): Promise<Aborted | undefined> {
  const line: Line = {
    argv: ['sh', '-c', SCRIPT, 'runbook-abort', jobFolder(job), JSON.stringify(said.audit), said.words],
    env: {},
  }
  const { code, stdout } = await session.exec(line, { job: by, timeoutMs: LIMIT_MS, onLine: () => undefined })
  const [, state, ended] = /^(aborted|gone|unknown|ended)(?: (\d+))?$/m.exec(stdout) ?? []
  if (code !== 0 || state === undefined) return undefined
  return state === 'ended'
    ? { state, code: Number(ended) }
    : { state: state as Exclude<Aborted['state'], 'ended'> }
}
