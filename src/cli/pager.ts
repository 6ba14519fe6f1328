import { spawnSync } from 'node:child_process'

/**
 * The command line of the pager for long results: RUNBOOK_PAGER, else PAGER, else less; -FIRX where LESS says nothing else: it ends by
 * itself when all fits, keeps colours, and leaves the text standing. Undefined: no pager (nobody looks, or it is empty or `cat`).
 */
export function pagerOf(env: NodeJS.ProcessEnv, isWatched: boolean): string | undefined {
  const named = env['RUNBOOK_PAGER'] ?? env['PAGER'] ?? 'less'
  if (!isWatched || env['TERM'] === 'dumb' || named.trim() === '' || named.trim() === 'cat') return undefined
  return named
}

/** Shows a text through the pager. Answers false when there is no such pager; then nothing was shown. */
export function showPaged(text: string, pager: string, env: NodeJS.ProcessEnv): boolean {
  const end = spawnSync(
    'sh',
    ['-c', `command -v ${pager.split(' ')[0] ?? ''} >/dev/null || exit 127; exec ${pager}`],
    {
      input: text,
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { ...env, LESS: env['LESS'] ?? 'FIRX' },
    },
  )
  // Who leaves a pager early has seen enough.
  const left = end.error as NodeJS.ErrnoException | undefined
  return end.status !== 127 && (left === undefined || left.code === 'EPIPE')
}
