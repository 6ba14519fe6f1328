import { Fatal, info } from '../common/log.ts'
import type { Target } from '../common/wire.ts'
import { json } from '../common/wire.ts'
import { storeUrl } from './data.ts'
import { databaseOf } from './database.ts'
import type { Phase2 } from './phase2.ts'
import { attach } from './phase2.ts'
import { removeObjects } from './replica.ts'

/** `remove`: tells the cluster, then deletes what there is of the replica. Works for one that is gone already. */
export async function remove(ucp: Target, work: Phase2): Promise<void> {
  await attach(ucp)
  const status = await databaseOf(work.id).status()
  if (!status.quorum)
    throw new Fatal('The cluster has lost its majority: replicas cannot be removed, see emergency-repair')
  for (const victim of (work.options['victims'] ?? '').split(',').filter(Boolean)) {
    const known = status.members.some(member => member.id === victim)
    info(`Removing replica ${victim} from the cluster`)
    if (known)
      await json({ url: storeUrl(work.id) }, '/members', { body: { remove: victim }, timeoutMs: 30_000 })
    const containers = await removeObjects(ucp, victim)
    if (!known && containers === 0) throw new Fatal(`Replica ${victim} was not found in this cluster`)
    info(`Replica ${victim} removed`)
  }
  const count = (await databaseOf(work.id).status()).members.length
  info(`There are currently ${String(count)} replicas in your Docker Trusted Registry cluster`)
}
