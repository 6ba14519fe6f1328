import { difference, isSame } from '../../plan/difference.ts'
import { differenceJson, differenceMarkdown, differenceText } from '../../views/difference.ts'
import { exits } from '../exit.ts'
import type { Io } from '../io.ts'
import { readSaved } from '../review.ts'

interface DiffArgs {
  readonly before: string
  readonly after: string
  readonly format: 'text' | 'md' | 'json'
  readonly detailedExitcode: boolean
}

/** How two saved plans differ, by step id. */
export function planDiff(args: DiffArgs, io: Io): number {
  const between = difference(readSaved(args.before, io).plan, readSaved(args.after, io).plan)
  const { format } = args
  io.out(
    format === 'json'
      ? differenceJson(between)
      : format === 'md'
        ? differenceMarkdown(between)
        : differenceText(between, io.outPaint),
  )
  return args.detailedExitcode && !isSame(between) ? exits.changes : exits.ok
}
