import { products } from '../catalog/index.ts'
import { Unreachable } from '../hosts/session.ts'
import type { Plan } from '../plan/step.ts'
import { fetchKept, listKept } from '../run/keeper.ts'
import { openSessions, type Sessions } from '../run/world.ts'
import { clean } from '../views/clean.ts'
import { Quit } from './exit.ts'
import type { Io } from './io.ts'
import { type Good, loadGood } from './load.ts'
import { adoptRun, type Origin } from './runs.ts'
import { fetchSecrets, secretsIn } from './secrets.ts'
import { realWorld } from './world.ts'

/** Sessions to a playbook's hosts that no product is asked about. */
export async function reach(
  file: string,
  io: Io,
): Promise<{ readonly good: Good; readonly sessions: Sessions }> {
  const good = await loadGood(file, io)
  const { topology, folder } = good
  const { hosts, ssh } = topology
  const secret = await fetchSecrets(secretsIn([hosts]), { env: io.env, folder })
  const world = realWorld({ hosts, ssh, folder, products, secret, may: 'change', io })
  return { good, sessions: openSessions(hosts, world.connect) }
}

/**
 * Brings the newest run that a host keeps of this playbook's cluster here.
 * @returns its id @throws Quit when the host has none
 */
export async function fetchRun(host: string, file: string, runsDir: string, io: Io): Promise<string> {
  const { good, sessions } = await reach(file, io)
  const { hosts, name } = good.topology
  if (hosts[host] === undefined)
    throw new Quit('usage', `${file} has no host '${host}'`, `its hosts: ${Object.keys(hosts).join(', ')}`)
  try {
    for (const id of [...(await listKept(host, sessions))].reverse()) {
      const get = (part: string): Promise<Buffer | undefined> => fetchKept(host, `${id}/${part}`, sessions)
      const [plan, run, journal] = [await get('plan.json'), await get('run.json'), await get('journal.jsonl')]
      if (plan === undefined || run === undefined || journal === undefined) continue
      const kept = JSON.parse(plan.toString()) as Plan
      if (kept.name !== name) continue
      const origin: Origin = {
        ...(JSON.parse(run.toString()) as Origin),
        playbook: good.path,
        named: file,
        ssh: good.topology.ssh,
      }
      adoptRun(runsDir, id, { plan: kept, origin, journal })
      io.err(`fetched run ${id} from ${host}\n`)
      return id
    }
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    throw new Quit('unreachable', clean(error.message), clean(error.help))
  } finally {
    await sessions.closeAll()
  }
  throw new Quit(
    'usage',
    `${host} keeps no run of ${name}`,
    'two hosts keep one: the first by name, and the first of another site or the second; try the other one',
  )
}
