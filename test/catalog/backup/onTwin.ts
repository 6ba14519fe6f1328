import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createProducts } from '../../../src/catalog/backup/creating.ts'
import type { Found } from '../../../src/catalog/backup/plays/restore.ts'
import { restoreProducts } from '../../../src/catalog/backup/restoring.ts'
import { fileOf, readSet } from '../../../src/catalog/backup/set.ts'
import { bareEstate } from '../../../src/catalog/os/bareHost.ts'
import type { Product } from '../../../src/catalog/product.ts'
import { type Survey, survey } from '../../../src/cli/survey.ts'
import type { Store } from '../../../src/plan/step.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import { createRedact } from '../../../src/run/redact.ts'
import { openSessions } from '../../../src/run/world.ts'
import { virtualClock } from '../../../src/twin/clock.ts'
import { connectTwin } from '../../../src/twin/connect.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import type { Stage } from '../../../src/twin/rehearse.ts'

const NOW_MS = Date.UTC(2026, 0, 1)
export const store: Store = { directory: 'backups' }
export const SET = '20260101T000000Z'

/** The same cluster with backups that take the images along. */
export function backedUp(topology: Topology): Topology {
  return {
    ...topology,
    backup: { store, maxAgeSeconds: 86_400, spool: '/var/lib/runbook/backup', images: { kind: 'copy' } },
  }
}

export function creating(playbook: string): readonly Product[] {
  const path = fileURLToPath(new URL(`../../../playbooks/${playbook}.yml`, import.meta.url))
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
  return createProducts(SET, { playbook: { file: `${playbook}.yml`, sha256 } })
}

/** A plan of these products from what an estate says. */
export async function planned(topology: Topology, stage: Stage, of: readonly Product[]): Promise<Survey> {
  const estate = structuredClone(stage.estate)
  const clock = virtualClock(estate.clockMs)
  const connect = connectTwin(estate, stage.models, clock)
  const world = {
    hosts: topology.hosts,
    connect,
    facts: stage.facts,
    secret: stage.secret,
    file: stage.file,
    ask: () => Promise.reject(new Error('nobody is there')),
    clock: { now: () => NOW_MS, sleep: (ms: number) => clock.sleep(ms) },
    redact: createRedact(),
  }
  return survey(topology, 'playbook', of, world, openSessions(topology.hosts, connect))
}

/** Bare hosts, and nothing left but what is in the store. */
export function wiped(topology: Topology, estate: Estate): Estate {
  const bare = bareEstate(topology)
  const { store: kept } = estate.shared
  return {
    ...bare,
    clockMs: estate.clockMs,
    shared: { ...bare.shared, ...(kept !== undefined && { store: kept }) },
  }
}

/** The products that restore what an estate's store holds. */
export function restoring(estate: Estate): readonly Product[] {
  const kept = estate.shared['store'] as { readonly [name: string]: string }
  const set = readSet(kept[`${SET}/set.json`] ?? '')
  if (set === undefined) throw new Error('the store holds no set')
  const sha256 = Object.fromEntries(
    set.parts.map(part => {
      const record = JSON.parse(kept[`${SET}/${fileOf(part)}.record.json`] ?? '{}') as { sha256: string }
      return [part, record.sha256]
    }),
  )
  const found: Found = { set, store, sha256, spool: '/var/lib/runbook/backup' }
  return restoreProducts(found)
}
