import { Fatal, info } from '../common/log.ts'
import type { Target } from '../common/wire.ts'
import { json } from '../common/wire.ts'
import type { Data } from './data.ts'
import { storeUrl } from './data.ts'
import { storeAnswers } from './database.ts'
import { makeRest } from './install.ts'
import type { Phase2 } from './phase2.ts'
import { attach, waitForDtr, waitForReport } from './phase2.ts'
import { removeObjects } from './replica.ts'
import { findReplicas } from './ucp.ts'

/** `emergency-repair`: the chosen replica goes on alone, the others are dropped. */
export async function emergencyRepair(ucp: Target, work: Phase2): Promise<void> {
  const { id } = work
  await attach(ucp)
  if (!(await storeAnswers(id, 10_000))) throw new Fatal(`The database of replica ${id} does not answer`)
  info('Removing all other replicas from the cluster')
  await json({ url: storeUrl(id) }, '/force', { body: {} })
  const prune = work.options['prune'] !== undefined
  for (const other of await findReplicas(ucp)) {
    if (other.id !== id) await removeObjects(ucp, other.id, prune)
  }
  const data = await json<Data>({ url: storeUrl(id) }, '/read')
  const at = data.replicas[id]
  if (at === undefined) throw new Fatal(`The database does not know the ports of replica ${id}`)
  await makeRest(ucp, { id, at, settings: data.settings, secrets: data.secrets })
  await waitForDtr(id)
  await waitForReport(id, id)
  info('Emergency repair is complete')
  info(`Replica ID is set to: ${id}`)
}
