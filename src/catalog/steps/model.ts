import type { Model } from '../../twin/estate.ts'
import { answerCommands } from './commands.ts'
import { answerMounts } from './mount.ts'
import { answerNetwork } from './network.ts'
import { answerPackages } from './package.ts'
import { answerPaths } from './paths.ts'
import { answerSysctl } from './sysctl.ts'
import { answerUsers } from './user.ts'

const answers = [
  answerNetwork,
  answerPaths,
  answerPackages,
  answerUsers,
  answerMounts,
  answerSysctl,
  answerCommands,
]

/** How the twin answers what own steps ask and do. Commands of the person's own are answered as far as `commands.ts` goes. */
export const model: Model = (line, host, estate) => {
  for (const answer of answers) {
    const exit = answer(line, host, estate)
    if (exit !== undefined) return exit
  }
  return undefined
}
