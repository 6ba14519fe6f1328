import { createInterface } from 'node:readline/promises'
import { Fatal } from './log.ts'

/**
 * Asks at the terminal as the DTR bootstrapper does for a missing value [docker-enterprise.md 3.2]. Without a terminal the
 * question is printed and the run fails, as nobody can answer.
 */
export async function prompt(question: string, flag: string): Promise<string> {
  if (!process.stdin.isTTY) {
    process.stdout.write(`${question} \n`)
    throw new Fatal(`Unable to read a value for --${flag}: the input device is not a TTY`)
  }
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return (await lines.question(`${question} `)).trim()
  } finally {
    lines.close()
  }
}
