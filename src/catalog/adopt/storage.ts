import type { Json } from '../../plan/step.ts'
import type { Remark } from '../../playbook/draft.ts'
import type { Playbook } from '../../playbook/schema.gen.ts'
import { member } from '../os/text.ts'

type Say = (path: Remark['path'], text: string) => void
type StorageSection = NonNullable<Playbook['storage']>

const KEYS =
  'the registry does not give its keys away: set these where runbook runs, or name other references'

/** The storage section for what the registry says of its storage; undefined settings: nobody told. */
export function storageOf(settings: Json | undefined, todo: Say, note: Say): StorageSection {
  const storage = member(settings, 'storage')
  const text = (name: string): string => {
    const value = member(storage, name)
    return typeof value === 'string' ? value : ''
  }
  switch (text('kind')) {
    case 'local':
      return { kind: 'local' }
    case 'path':
      return { kind: 'path', path: text('path') }
    case 'nfs':
      note(
        ['storage'],
        'options: the registry does not tell how NFS is mounted; write them as they were given when they are not the default',
      )
      return { kind: 'nfs', url: text('url') }
    case 's3': {
      todo(['storage'], `${KEYS}; leave both out where the role of the machine gives access`)
      const { region, bucket } = { region: text('region'), bucket: text('bucket') }
      const flag = (name: string): boolean | undefined => {
        const value = member(storage, name)
        return typeof value === 'boolean' ? value : undefined
      }
      const [secure, skipVerify, v4auth] = [flag('secure'), flag('skipverify'), flag('v4auth')]
      return {
        kind: 's3',
        bucket,
        region,
        ...(text('regionendpoint') !== '' && { endpoint: text('regionendpoint') }),
        ...(text('rootdirectory') !== '' && { rootDirectory: text('rootdirectory') }),
        accessKey: 'env:S3_ACCESS_KEY',
        secretKey: 'env:S3_SECRET_KEY',
        ...(secure === false && { secure }),
        ...(skipVerify === true && { skipVerify }),
        ...(v4auth === false && { v4auth }),
      }
    }
    case 'azure':
      todo(['storage'], KEYS)
      return {
        kind: 'azure',
        accountName: text('accountname'),
        accountKey: 'env:AZURE_ACCOUNT_KEY',
        container: text('container'),
        ...(text('realm') !== '' && { realm: text('realm') }),
      }
    case 'gcs':
      todo(['storage'], KEYS)
      return {
        kind: 'gcs',
        bucket: text('bucket'),
        keyFile: 'file:secrets/gcs-key.json',
        ...(text('rootdirectory') !== '' && { rootDirectory: text('rootdirectory') }),
      }
    case 'swift':
      todo(['storage'], `${KEYS}; the user name is not told either`)
      return {
        kind: 'swift',
        authUrl: text('authurl'),
        username: 'swift',
        password: 'env:SWIFT_PASSWORD',
        container: text('container'),
      }
    default:
      todo(['storage'], 'where the registry keeps its images could not be read; local is only a placeholder')
      return { kind: 'local' }
  }
}
