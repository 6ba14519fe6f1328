import type { Run } from '../run/fold.ts'

/** What can be typed after a run that ended in doubt: a host that was only out of reach may know by itself, else a person has to look. */
export function waysOut({ steps }: Pick<Run, 'steps'>, id: string): string {
  const [step, one] = [...steps].find(([, { state, failure }]) => state === 'in-doubt' && failure) ?? []
  const lost = one?.failure?.why === 'unreachable' ? one.failure.host : undefined
  return [
    ...(lost === undefined
      ? []
      : [
          `When ${lost} can be reached again it may say by itself what became of it:`,
          `  runbook resume ${id}`,
        ]),
    'Look at the host, then one of:',
    `  runbook resume ${id} --assume ${step ?? ''}=done       it had been done`,
    `  runbook resume ${id} --assume ${step ?? ''}=not-done   it had not: do it again`,
    `  runbook rollback ${id}   undo what this run changed`,
    `  runbook abandon ${id}    leave it as it is\n`,
  ].join('\n')
}
