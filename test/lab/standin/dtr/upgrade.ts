import type { ListedContainer } from '../common/engine.ts'
import { Fatal, info } from '../common/log.ts'
import type { Target } from '../common/wire.ts'
import { json, sleep } from '../common/wire.ts'
import type { Data } from './data.ts'
import { databaseOf, storeAnswers } from './database.ts'
import type { Phase2 } from './phase2.ts'
import { attach, registerWithUcp, waitForDtr, waitForReport } from './phase2.ts'
import { componentNames, containerName, makeComponent, makeVolumes, version } from './replica.ts'

/**
 * `upgrade`: every container of every replica is replaced by that of this image's version, one replica after another and, within it, one
 * container after another with the front door in the middle; a replica that has this version already is left alone, so the command can be
 * given again after a failure [D: upgrade.md, ee/dtr/admin/upgrade.md]. What the product prints meanwhile is not known (10.2.8).
 */
export async function upgrade(ucp: Target, work: Phase2): Promise<void> {
  await attach(ucp)
  const data = await databaseOf(work.id)
    .read()
    .catch(() => {
      throw new Fatal('The database of this DTR has no majority')
    })
  const before = await versionsOf(ucp)
  for (const versions of before.values()) for (const from of versions) refuseWrongWay(from)
  for (const id of Object.keys(data.replicas)) {
    const have = before.get(id)
    if (have?.size === 1 && have.has(version)) {
      info(`Replica ${id} has version ${version} already`)
      continue
    }
    await stable(work.id)
    await replace(ucp, id, data)
    await waitForReport(work.id, id)
  }
  await registerWithUcp(ucp, data.settings.dtrHost, data.secrets.web.ca)
  info(`Upgrade to version ${version} is complete`)
}

async function replace(ucp: Target, id: string, { replicas, settings, secrets }: Data): Promise<void> {
  const at = replicas[id]
  if (at === undefined) throw new Fatal(`The database does not know the ports of replica ${id}`)
  await makeVolumes(ucp, { id, at, settings })
  for (const component of componentNames) {
    info(`Recreating ${containerName(component, id)}...`)
    await makeComponent(ucp, component, { id, at, settings, secrets })
    if (component === 'rethinkdb' && !(await storeAnswers(id, 60_000)))
      throw new Fatal('Could not connect to Rethinkdb')
  }
  await waitForDtr(id)
}

/** The versions that the containers of each replica have, by their labels: one each, unless an upgrade ended half way. */
async function versionsOf(ucp: Target): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const all = await json<readonly ListedContainer[]>(ucp, '/containers/json?all=1')
  const seen = new Map<string, Set<string>>()
  for (const { Labels: labels } of all) {
    const id = labels['com.docker.dtr.replica']
    const has = labels['com.docker.dtr.version']
    if (id !== undefined && has !== undefined) seen.set(id, (seen.get(id) ?? new Set()).add(has))
  }
  return seen
}

/** No way back, and no minor version is skipped [docker-enterprise.md 8.15]. */
function refuseWrongWay(from: string): void {
  const [old = [], now = []] = [from, version].map(each => each.split('.').map(Number))
  const [major = 0, minor = 0, patch = 0] = now.map((each, position) => each - (old[position] ?? 0))
  const back = major < 0 || (major === 0 && (minor < 0 || (minor === 0 && patch < 0)))
  if (back) throw new Fatal(`Cannot upgrade from version ${from} to ${version}: downgrades are not supported`)
  if (major > 0 || minor > 1)
    throw new Fatal(
      `Cannot upgrade from version ${from} to ${version}: upgrade to the next minor version first`,
    )
}

/** Waits until every member of the database is there and has all of it. */
async function stable(through: string): Promise<void> {
  const end = Date.now() + 600_000
  for (;;) {
    const status = await databaseOf(through)
      .status()
      .catch(() => undefined)
    if (status?.quorum === true && status.members.every(member => member.state === 'ready')) return
    if (Date.now() > end) throw new Fatal('The database did not become stable within 600 seconds')
    await sleep(500)
  }
}
