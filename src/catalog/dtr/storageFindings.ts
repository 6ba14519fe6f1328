import { matches } from '../../plan/check.ts'
import { type Facts, factKey } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { Json } from '../../plan/step.ts'
import { isObject, member, shown } from '../os/text.ts'
import { find } from './find.ts'
import { type Intent, STORAGE_DIFFERS, mayMigrate } from './intent.ts'
import { wantedStorage } from './plays/objectStorage.ts'
import { type Wanted, askSettings, donorOf } from './questions.ts'

/** Storage is never changed by surprise: a registry that uses another one is an error, not something to correct (§7.3). */
export function storageDiffers(wanted: Wanted, intent: Intent, facts: Facts): readonly Finding[] {
  const donor = donorOf(wanted, facts)
  const seen = facts.get(factKey(askSettings(wanted, donor)))
  const storage = member(seen, 'storage')
  const want = wantedStorage(wanted.topology.storage)
  if (!isObject(storage) || matches(want, storage)) return []
  const object = !['local', 'path', 'nfs'].includes(shown(want.kind))
  if (object && storage.kind === 'local' && member(seen, 'empty') === true) return []
  const path = ['storage']
  const version = intent.census.version ?? wanted.dtr.version
  const moving = `the registry keeps its images in ${show(storage)}, the playbook says ${show(want)}`
  const found = [
    find(
      STORAGE_DIFFERS,
      path,
      moving,
      'write what is there; or copy the blobs with the registry read-only, and accept this finding with where and when: the switch then keeps the tags',
      donor.host,
    ),
  ]
  const accepted = wanted.topology.accepts?.some(({ code }) => code === STORAGE_DIFFERS) === true
  if (!accepted || intent.migrates) return found
  return [
    ...found,
    find(
      'RB0887',
      path,
      mayMigrate(version)
        ? `runbook does not switch a registry to ${shown(want.kind)} storage that keeps its images elsewhere: the call wants the whole document back that it reads, and no source shows that document`
        : `DTR ${version} erases every tag when its storage is switched`,
      mayMigrate(version)
        ? 'back up the metadata, switch it by PUT /api/v0/admin/settings/registry with keep_metadata (2.6.6 and later), then write what is there'
        : 'upgrade to 2.6.4 or later first',
      donor.host,
    ),
  ]
}

function show(storage: { readonly [key: string]: Json }): string {
  const { kind, ...rest } = storage
  const more = Object.values(rest).filter(value => typeof value === 'string' && value !== '')
  return more.length === 0 ? shown(kind) : `${shown(kind)} (${more.map(shown).join(', ')})`
}
