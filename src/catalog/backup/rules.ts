import { finder } from '../../plan/finder.ts'
import type { Finding } from '../../plan/finding.ts'
import { atLeast } from '../../plan/version.ts'
import type { Topology } from '../../playbook/topology.ts'
import { pages } from './pages.ts'

export { pages } from './pages.ts'

const find = finder(pages)

/** What the section on backups says that cannot be, or should not. */
export function rules(topology: Topology): readonly Finding[] {
  const { backup, ucp, dtr, storage } = topology
  if (!backup) return []
  const found: Finding[] = []
  const { images, passphrase, swarmHost, replicaHost } = backup
  if (dtr && images === undefined)
    found.push(
      find(
        'RB0520',
        ['backup'],
        'nothing says what becomes of the images',
        "add 'images: {copy: true}', or 'snapshot' or 'elsewhere'",
      ),
    )
  if (dtr && images?.kind === 'copy' && !['local', 'nfs', 'path'].includes(storage.kind))
    found.push(
      find(
        'RB0521',
        ['backup', 'images', 'copy'],
        `images in ${storage.kind} are on no disk of a host`,
        "write 'snapshot' or 'elsewhere'",
      ),
    )
  if (passphrase !== undefined && ucp && !atLeast(ucp.version, '3.2.0'))
    found.push(
      find(
        'RB0522',
        ['backup', 'passphrase'],
        `UCP ${ucp.version} takes a passphrase on its command line only`,
        "delete it and write 'encrypt'",
      ),
    )
  if (backup.store.age === undefined)
    found.push(
      find(
        'RB0523',
        ['backup'],
        'private keys will lie there in the clear',
        "add 'encrypt: {recipients, identity}'",
      ),
    )
  if (ucp && ucp.managers.length < 3)
    found.push(
      find(
        'RB0524',
        ['backup'],
        `with ${String(ucp.managers.length)} manager${ucp.managers.length === 1 ? '' : 's'} nothing can be changed while one is archived`,
        'choose a quiet hour',
      ),
    )
  if (swarmHost !== undefined && ucp?.managers.includes(swarmHost) !== true)
    found.push(
      find('RB0525', ['backup', 'swarmHost'], `'${swarmHost}' is no manager`, 'name one of ucp.managers'),
    )
  if (replicaHost !== undefined && dtr?.replicas.some(one => one.host === replicaHost) !== true)
    found.push(
      find('RB0525', ['backup', 'replica'], `'${replicaHost}' has no replica`, 'name a host of dtr.replicas'),
    )
  return found
}
