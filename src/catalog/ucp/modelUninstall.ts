import type { Exit } from '../../plan/fact.ts'
import type { Estate, Pending } from '../../twin/estate.ts'
import { engineState, nodeOf, swarmOf } from '../docker/estate.ts'
import { exit } from '../os/model.ts'
import { CERTIFICATE_VOLUME } from './commands.ts'
import { twinUcp } from './estate.ts'
import { conflictText, logLine } from './logText.ts'

/** About two minutes is its own limit [L]. */
const TAKES_MS = 60_000

/** `docker run … ucp:VERSION uninstall-ucp` on a manager: all nodes are cleared, the swarm stays [§4.7]. `words`: what stands after it. */
export function uninstall(words: readonly string[], host: string, estate: Estate): Exit | Pending {
  const state = engineState(estate, host)
  if (state.containers['ucp']) return exit(125, '', conflictText())
  const ucp = twinUcp(estate)
  const fatal = (message: string): Exit => exit(1, '', `${logLine('fatal', message)}\n`)
  if (!ucp) return fatal('UCP is not installed on this cluster')
  if (nodeOf(estate, host)?.node.role !== 'manager') return fatal('this command must be run on a manager')
  if (words[words.indexOf('--id') + 1] !== ucp.swarm)
    return fatal('the instance id does not match the one of this cluster')
  state.containers['ucp'] = {
    image: `${ucp.repository}:${ucp.version}`,
    startsMs: estate.clockMs,
    healthyMs: null,
    exitCode: null,
    labels: {},
  }
  return { tookMs: TAKES_MS, finish: now => finish(now, host, words.includes('--purge-config')) }
}

function finish(estate: Estate, host: string, purge: boolean): Exit {
  Reflect.deleteProperty(engineState(estate, host).containers, 'ucp')
  const swarm = swarmOf(estate, host)?.swarm
  if (swarm) swarm.agents = []
  for (const name of Object.keys(swarm?.configs ?? {}))
    if (purge && swarm && name.startsWith('com.docker.')) Reflect.deleteProperty(swarm.configs, name)
  for (const name of Object.keys(estate.hosts)) {
    if (swarmOf(estate, name)?.swarm !== swarm) continue
    const { containers, volumes } = engineState(estate, name)
    for (const one of Object.keys(containers))
      if (one.startsWith('ucp-')) Reflect.deleteProperty(containers, one)
    // The volume of the server's certificates may remain [D].
    for (const one of Object.keys(volumes))
      if (one.startsWith('ucp-') && one !== CERTIFICATE_VOLUME) Reflect.deleteProperty(volumes, one)
  }
  Reflect.deleteProperty(estate.shared, 'ucp')
  return exit(0, '', `${logLine('info', 'UCP has been removed from this cluster successfully.')}\n`)
}
