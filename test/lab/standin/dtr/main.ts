import { parseFlags } from '../common/flags.ts'
import { Fatal, log, logForm } from '../common/log.ts'
import { api } from './api.ts'
import { flagsOf } from './flags.ts'
import { garant } from './garant.ts'
import { nginx } from './nginx.ts'
import { atReplica, destroy, place } from './phase1.ts'
import { isAtReplica, phase2 } from './phase2.ts'
import { bootstrapper, componentImages, version } from './replica.ts'
import { store } from './store.ts'

const usage = `Docker Trusted Registry (a stand-in of the runbook lab)

Usage: docker run -it --rm ${bootstrapper} command [command options]

Commands: install, join, reconfigure, remove, destroy, backup, restore, upgrade, emergency-repair, images
`

async function bootstrap(command: string, words: readonly string[]): Promise<void> {
  if (['', 'help', '--help', '-h'].includes(command)) {
    process.stdout.write(usage)
    return
  }
  if (command === '--version' || command === '-v') {
    process.stdout.write(`dtr version ${version} (stand-in)\n`)
    return
  }
  const specs = flagsOf[command]
  if (specs === undefined) throw new Fatal(`No help topic for '${command}'`)
  const flags = parseFlags(words, specs, process.env)
  logForm({ debug: flags.on('debug') })
  if (command === 'images') process.stdout.write(`${[bootstrapper, ...componentImages].join('\n')}\n`)
  else if (command === 'install' || command === 'join' || command === 'restore') await place(command, flags)
  else if (command === 'destroy') await destroy(flags)
  else if (isAtReplica(command)) await atReplica(command, flags)
}

async function main([command = '', ...words]: readonly string[]): Promise<void> {
  if (command === 'store') store()
  else if (command === 'api') api()
  else if (command === 'garant') garant()
  else if (command === 'nginx') await nginx()
  else if (command === 'phase2') await phase2()
  else await bootstrap(command, words)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  log('fatal', error instanceof Error ? error.message : String(error))
  process.exitCode = 1
})
