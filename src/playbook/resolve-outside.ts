import type { finder } from '../plan/finder.ts'
import type { Finding } from '../plan/finding.ts'
import type { FrontendSpec, LoadBalancerSection, StorageSection } from './schema.gen.ts'
import type { Frontend, LoadBalancerSpec, StorageSpec } from './topology.ts'

/** Storage with its defaults. Half a pair of keys is a finding; the other half then reads as absent. */
export function resolveStorage(
  from: StorageSection,
  find: ReturnType<typeof finder>,
  findings: Finding[],
): StorageSpec {
  switch (from.kind) {
    case 'local':
    case 'path':
    case 'nfs':
      return from
    case 's3': {
      const { accessKey, secretKey } = from
      if ((accessKey === undefined) !== (secretKey === undefined)) {
        const [has, lacks] = accessKey === undefined ? ['secretKey', 'accessKey'] : ['accessKey', 'secretKey']
        findings.push(
          find(
            'RB0505',
            ['storage', has],
            `'${has}' without '${lacks}'`,
            `add '${lacks}', or delete both to use the instance's role`,
          ),
        )
      }
      return {
        kind: 's3',
        bucket: from.bucket,
        region: from.region,
        ...(from.endpoint !== undefined && { endpoint: from.endpoint }),
        rootDirectory: from.rootDirectory ?? '',
        ...(accessKey !== undefined && { accessKey: { secret: accessKey } }),
        ...(secretKey !== undefined && { secretKey: { secret: secretKey } }),
        secure: from.secure ?? true,
        skipVerify: from.skipVerify ?? false,
        v4auth: from.v4auth ?? true,
      }
    }
    case 'azure':
      return { ...from, accountKey: { secret: from.accountKey }, realm: from.realm ?? 'core.windows.net' }
    case 'gcs':
      return { ...from, keyFile: { secret: from.keyFile }, rootDirectory: from.rootDirectory ?? '' }
    case 'swift':
      return { ...from, password: { secret: from.password } }
  }
}

export function resolveBalancer(from: LoadBalancerSection): LoadBalancerSpec {
  const frontends = {
    ...(from.ucp !== undefined && { ucp: resolveFrontend(from.ucp) }),
    ...(from.dtr !== undefined && { dtr: resolveFrontend(from.dtr) }),
  }
  if (from.kind !== 'external') return { kind: from.kind, hosts: from.hosts, ...frontends }
  return {
    kind: 'external',
    host: from.host,
    add: from.add,
    remove: from.remove,
    list: from.list,
    ...frontends,
  }
}

function resolveFrontend(from: FrontendSpec): Frontend {
  return { bind: from.bind ?? '*', name: from.name, port: from.port ?? 443 }
}
