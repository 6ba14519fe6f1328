import type { Json, Step, StepId, Value } from '../../../plan/step.ts'
import type { StorageSpec } from '../../../playbook/topology.ts'
import { jsonBody } from '../../docker/api.ts'
import { login } from '../facts.ts'
import { askSettings, clusterIsWhole } from '../questions.ts'
import { apiScript } from '../scripts.ts'
import type { Making } from './converge.ts'
import { section } from './ready.ts'

type ObjectStorage = Exclude<StorageSpec, { kind: 'local' | 'path' | 'nfs' }>

/**
 * Object storage, set on the first replica while the registry is empty: a change later without `keep_metadata` erases every
 * tag (§7.3). Joins inherit it. Nothing for storage that install takes as a flag.
 */
export function objectStorage(making: Making, needs: readonly StepId[]): readonly Step[] {
  const { donor, topology, ucp } = making
  const { storage } = topology
  if (storage.kind === 'local' || storage.kind === 'path' || storage.kind === 'nfs') return []
  const body: Value = {
    join: [
      '{"storage":{"delete":{"enabled":true},"maintenance":{"readonly":{"enabled":false}},',
      ...driver(storage),
      '}}',
    ],
  }
  const path = '/api/v0/admin/settings/registry/simple'
  return [
    {
      id: `dtr.storage@${donor.host}`,
      kind: 'dtr.storage',
      title: `Set ${storage.kind} as the registry's storage while it is empty`,
      section,
      host: donor.host,
      needs,
      requires: [{ ...askSettings(making, donor), is: { storage: { kind: 'local' }, empty: true } }],
      during: [],
      run: [
        {
          exec: {
            argv: [
              'sh',
              '-c',
              apiScript,
              'runbook-dtr-api',
              'PUT',
              String(donor.httpsPort),
              path,
              '200 201 202 204',
            ],
            stdin: { join: [login(ucp.adminUsername, ucp.adminPassword), 'data = ', { json: body }, '\n'] },
          },
          timeoutSeconds: 120,
        },
        { await: [clusterIsWhole(making, donor)], withinSeconds: 300 },
      ],
      goal: [{ ...askSettings(making, donor), is: { storage: wantedStorage(storage) } }],
      withinSeconds: 120,
      risk: 'none',
      inDoubt: 'repeat',
      takes: { p50Seconds: 10, p90Seconds: 60 },
    },
  ]
}

/** The open part of the settings, as `dtr.settings` tells them. */
export function wantedStorage(storage: StorageSpec): { readonly [key: string]: Json } {
  switch (storage.kind) {
    case 'local':
      return { kind: 'local' }
    case 'path':
      return { kind: 'path', path: storage.path }
    case 'nfs':
      return { kind: 'nfs', url: storage.url }
    case 's3':
      return { kind: 's3', bucket: storage.bucket, region: storage.region }
    case 'azure':
      return { kind: 'azure', accountname: storage.accountName, container: storage.container }
    case 'gcs':
      return { kind: 'gcs', bucket: storage.bucket }
    case 'swift':
      return { kind: 'swift', authurl: storage.authUrl, container: storage.container }
  }
}

/** `"s3":{…}` with the driver's own names [G], [S]. Booleans are plain JSON, secrets JSON strings put in at run time. */
function driver(storage: ObjectStorage): readonly Value[] {
  switch (storage.kind) {
    case 's3': {
      const { accessKey, secretKey, secure, skipVerify, v4auth } = storage
      const open = {
        rootdirectory: storage.rootDirectory,
        region: storage.region,
        regionendpoint: storage.endpoint ?? '',
        bucket: storage.bucket,
      }
      const keys = accessKey && secretKey ? { accesskey: accessKey, secretkey: secretKey } : {}
      const flags = `,"secure":${String(secure)},"skipverify":${String(skipVerify)},"v4auth":${String(v4auth)}}`
      return ['"s3":', unclosed(jsonBody({ ...open, ...keys })), flags]
    }
    case 'azure': {
      const { accountName, accountKey, container, realm } = storage
      return ['"azure":', jsonBody({ accountname: accountName, accountkey: accountKey, container, realm })]
    }
    case 'gcs':
      return [
        '"gcs":',
        jsonBody({ bucket: storage.bucket, rootdirectory: storage.rootDirectory, keyfile: storage.keyFile }),
      ]
    case 'swift': {
      const { authUrl, username, password, container } = storage
      return ['"swift":', jsonBody({ authurl: authUrl, username, password, container })]
    }
  }
}

/** The same object without its closing brace, for members that are no strings. */
function unclosed(body: Value): Value {
  if (typeof body === 'object' && 'join' in body) return { join: body.join.slice(0, -1) }
  return body
}
