import { createHash } from 'node:crypto'
import type { Json } from '../../plan/step.ts'
import { isObject, member, parseJson } from '../os/text.ts'

/** Members of a store's settings that are no secret; everything else the registry says is dropped. */
const OPEN = [
  'bucket',
  'region',
  'regionendpoint',
  'rootdirectory',
  'secure',
  'v4auth',
  'skipverify',
  'accountname',
  'container',
  'realm',
  'authurl',
]
const OBJECT_STORES = ['s3', 'azure', 'gcs', 'swift', 'oss']

/**
 * Reads the output of `settingsScript`: `{host, storage: {kind, …}, empty, createOnPush, readOnly, replicas, certificate}`. `storage.kind`: local, path, nfs or
 * the object store's name, with its open settings; keys and passwords are never kept. A status other than 200 is `{code}`.
 * `empty`: no repository exists. Undefined when anything is missing.
 */
export function readSettings(stdout: string): Json | undefined {
  const lines = stdout.split('\n').filter(line => line !== '')
  if (lines.at(-1) !== 'end') return undefined
  const answers: { readonly code: number; readonly body: Json | undefined }[] = []
  let body: string[] = []
  for (const line of lines.slice(0, -1)) {
    if (!/^\d{3}$/.test(line)) {
      body.push(line)
      continue
    }
    answers.push({ code: Number(line), body: parseJson(body.join('\n')) })
    body = []
  }
  const bad = answers.find(one => one.code !== 200)
  if (bad) return { code: bad.code }
  const [meta, registry, repositories] = answers.map(one => one.body)
  const listed = member(repositories, 'repositories')
  if (!isObject(meta) || !isObject(registry) || !Array.isArray(listed)) return undefined
  return {
    host: text(member(meta, 'dtrHost')),
    storage: storage(meta, registry),
    empty: listed.length === 0,
    createOnPush: member(meta, 'createRepositoryOnPush') === true,
    readOnly: member(meta, 'readOnlyRegistry') === true,
    replicas: places(member(meta, 'replicaSettings')),
    certificate: fingerprint(text(member(meta, 'webTLSCert'))),
  }
}

/** Where each member stands, by id [D: API of DTR 2.7: replicaSettings]. */
function places(given: Json | undefined): Json {
  return Object.fromEntries(
    Object.entries(isObject(given) ? given : {})
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, one]) => [
        id,
        {
          node: text(member(one, 'node')),
          httpPort: member(one, 'HTTPPort') ?? null,
          httpsPort: member(one, 'HTTPSPort') ?? null,
        },
      ]),
  )
}

/** sha256 of the PEM text with exactly one line end behind it, as files have it; '' when the registry tells none. */
function fingerprint(pem: string): string {
  return pem.trim() === '' ? '' : createHash('sha256').update(`${pem.trim()}\n`).digest('hex')
}

function storage(meta: Json, registry: Json): Json {
  const section = member(registry, 'storage') ?? member(member(registry, 'config'), 'storage')
  const kind = OBJECT_STORES.find(name => isObject(member(section, name)))
  if (kind !== undefined) {
    const all = member(section, kind)
    const open = Object.entries(isObject(all) ? all : {}).filter(([name]) => OPEN.includes(name))
    return { kind, ...Object.fromEntries(open) }
  }
  const nfsHost = text(member(meta, 'nfsHost'))
  if (nfsHost !== '')
    return { kind: 'nfs', url: `nfs://${nfsHost}/${text(member(meta, 'nfsPath')).replace(/^\//, '')}` }
  const volume = text(member(meta, 'storageVolume'))
  return volume.startsWith('/') ? { kind: 'path', path: volume } : { kind: 'local' }
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}
