import { wrap } from './layout.ts'

const width = 80

/** What `?` before a step means, for those steps that there are: of `depend` so many are needed only if something does not come true. */
export function legend(depend: number, ifNeeded: number): readonly string[] {
  const lines = [
    ...(depend > ifNeeded
      ? ['may run: what it would change could not be seen; it is asked again just before.']
      : []),
    ...(ifNeeded > 0
      ? [
          'only if still needed: what is missing may come true by itself by then; it is asked again just before, and nothing is done where it has.',
        ]
      : []),
  ]
  return lines.length === 0 ? [] : ['', ...lines.flatMap(line => wrap(`? = ${line}`, width))]
}
