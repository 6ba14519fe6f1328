import type { Exit } from '../../plan/fact.ts'
import type { Estate } from '../../twin/estate.ts'
import { nodeOf, swarmOf, type TwinSwarm } from '../docker/estate.ts'
import { refuse, unfitEntry } from '../dtr/modelReplica.ts'
import { type TwinDtr, twinDtr } from '../dtr/state.ts'
import { osOf } from '../os/bareHost.ts'
import { twinUcp } from '../ucp/estate.ts'
import { sha256 } from '../ucp/modelBootstrapper.ts'
import { pretendTar } from './pretendTar.ts'

/** What the twin's archive of a swarm holds beside what a real one does. */
export interface SwarmState {
  readonly id: string
  readonly node: string
  readonly address: string
  readonly swarm: TwinSwarm
}

/** What the twin's archive of a registry holds. */
export type DtrState = Pick<
  TwinDtr,
  'version' | 'externalHost' | 'repositories' | 'tags' | 'storage' | 'ca' | 'webCertificate'
>

/** Names as in [docker-enterprise.md 4.4, 8.10, 8.12]; the state in one of them. */
export function archiveOfSwarm(estate: Estate, host: string): string | undefined {
  const found = swarmOf(estate, host)
  const node = nodeOf(estate, host)
  if (!found || !node) return undefined
  const state: SwarmState = {
    id: found.id,
    node: node.id,
    address: osOf(estate, host).address,
    swarm: found.swarm,
  }
  return pretendTar({
    'swarm/docker-state.json': '{"LocalAddr":""}',
    'swarm/state.json': JSON.stringify([{ addr: `${state.address}:2377` }]),
    'swarm/certificates/swarm-node.crt': 'certificate\n',
    'swarm/raft/snap-v3-encrypted/1.snap': ascii(state),
    'swarm/raft/wal-v3-encrypted/0.wal': 'wal\n',
  })
}

export function archiveOfUcp(estate: Estate): string {
  const ucp = twinUcp(estate)
  const containers = [
    'auth-api',
    'auth-store',
    'auth-worker',
    'client-root-ca',
    'cluster-root-ca',
    'controller',
    'kv',
  ]
  const more = ['kubelet', 'kube-proxy', 'metrics', 'proxy', 'swarm-manager', 'reconcile', 'dsinfo', 'agent']
  const names = ['client-root-ca', 'cluster-root-ca'].flatMap(name => [
    `ucp-${name}/cert.pem`,
    `ucp-${name}/key.pem`,
  ])
  const own = ['ca', 'cert', 'client_ca', 'key'].map(name => `ucp-controller-server-certs/${name}.pem`)
  return pretendTar({
    ...Object.fromEntries([...containers, ...more].map(name => [`./ucp-${name}.json`, '{}'])),
    './ucp-backup/1/etcd.backup.db': ascii(ucp ?? {}),
    './ucp-backup/1/auth-store.tar.gz': 'auth\n',
    ...Object.fromEntries([...names, ...own].map(name => [`./${name}`, 'pem\n'])),
    // What manuals of 3.1 and before look for.
    ...(/^3\.[01]\./.test(ucp?.version ?? '') && {
      './ucp-node-certs/key.pem': 'pem\n',
      ...Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`./ucp-kv/${String(i)}`, ''])),
    }),
  })
}

export function archiveOfDtr(
  estate: Estate,
  image: string,
  id: string,
  env: { readonly [name: string]: string },
): string | Exit {
  const dtr = twinDtr(estate)
  const ucp = twinUcp(estate)
  if (!dtr) return refuse(`Replica ${id} was not found`)
  const unfit = unfitEntry(estate, dtr, id, image)
  if (unfit !== undefined) return refuse(unfit)
  if (
    env['UCP_USERNAME'] !== ucp?.adminUsername ||
    sha256(env['UCP_PASSWORD'] ?? '') !== ucp?.adminPasswordSha256
  )
    return refuse('Failed to authenticate with UCP: unauthorized')
  const { version, externalHost, repositories, tags, storage, ca, webCertificate } = dtr
  const state: DtrState = {
    version,
    externalHost,
    repositories,
    tags,
    storage,
    ca,
    ...(webCertificate !== undefined && { webCertificate }),
  }
  const root = `dtr-backup-v${version}-online/rethink`
  return pretendTar({
    [`${root}/properties/0`]: ascii(state),
    ...Object.fromEntries(repositories.map((name, i) => [`${root}/repositories/${String(i)}`, name])),
  })
}

/** The twin's archives are texts of one byte a letter, and hold no times: two runs that are equal make the same. */
function ascii(value: unknown): string {
  return JSON.stringify(value, (key, member: unknown) => (/Ms$/.test(key) ? undefined : member)).replaceAll(
    /[^ -~]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
