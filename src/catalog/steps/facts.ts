import type { Fact } from '../../plan/fact.ts'
import { commandFact } from './command.ts'
import { decidedFact } from './make.ts'
import { mountFact } from './mount.ts'
import { fileFact, pathFact, sameFact } from './paths.ts'
import { sysctlFact } from './sysctl.ts'
import { userFact } from './user.ts'
import { httpFact, portFact } from './waitFor.ts'

/** All questions that own steps put, besides those of the operating system. */
export const facts: readonly Fact[] = [
  pathFact,
  fileFact,
  sameFact,
  commandFact,
  userFact,
  mountFact,
  sysctlFact,
  portFact,
  httpFact,
  decidedFact,
]
