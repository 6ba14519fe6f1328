import { finder } from '../../plan/finder.ts'
import type { Finding, RulePage } from '../../plan/finding.ts'
import { atLeast } from '../../plan/version.ts'
import type { Topology } from '../../playbook/topology.ts'
import { settle } from '../accept.ts'

export const pages: readonly RulePage[] = [
  {
    code: 'RB0501',
    severity: 'error',
    title: 'Several replicas, local storage',
    why: 'DTR replicates metadata and never images: with a volume on each host a pull finds its image on one replica and not on the next. [D: ee/dtr/admin/configure/set-up-high-availability.md], [O]',
    fix: 'Use nfs, s3, azure, gcs, swift, or a path on a shared file system.',
  },
  {
    code: 'RB0502',
    severity: 'error',
    title: 'DTR 2.6.0 to 2.6.3 erases tags on NFS',
    why: 'In these versions `reconfigure` and `restore` with `--nfs-storage-url` erase all tags, whatever else is given. [D: reference/dtr/2.6/cli/reconfigure.md, ee/dtr/release-notes.md]',
    fix: 'Use 2.6.4 or later, or mount the share yourself and use a path.',
  },
  {
    code: 'RB0503',
    severity: 'error',
    title: 'Not an NFS URL',
    why: 'The installer takes `nfs://host/export/path` and nothing else. [D: ee/dtr/admin/configure/external-storage/nfs.md]',
    fix: 'Write it in that form.',
  },
  {
    code: 'RB0504',
    severity: 'error',
    title: 'NFS options before 2.6',
    why: '`--nfs-options` exists from DTR 2.6 on. [D: reference/dtr/2.6/cli/install.md]',
    fix: 'Delete the options, use 2.6.4 or later, or mount the share yourself and use a path.',
  },
  {
    code: 'RB0506',
    severity: 'note',
    title: 'A path must be shared',
    why: 'Every replica must see the same files under the path: a clustered or network file system that is mounted on each of its hosts. Before the first join a marker is written through one host and read through the others. [D: ee/dtr/admin/configure/external-storage/index.md]',
    fix: 'Mount the file system on every replica host, by /etc/fstab so that it is there after a restart.',
  },
  {
    code: 'RB0507',
    severity: 'error',
    title: 'Endpoint and `secure` disagree',
    why: 'A store that speaks plain HTTP cannot be spoken to by HTTPS, nor the other way round.',
    fix: 'Set `secure` as the endpoint’s scheme says.',
  },
  {
    code: 'RB0508',
    severity: 'error',
    title: 'No Swift in MSR 2.10',
    why: 'Swift is missing from the list of back ends of 2.10. [M: msr/2.10/compat-matrix]',
    fix: 'Use another back end; many Swift stores speak S3.',
    acceptable: true,
  },
  {
    code: 'RB0509',
    severity: 'warning',
    title: 'Any certificate of the store is trusted',
    why: 'With `skipVerify` whoever stands between registry and store can read the keys and change images.',
    fix: 'Give the store a certificate the hosts trust, or accept the finding with a reason.',
    acceptable: true,
  },
  {
    code: 'RB0510',
    severity: 'warning',
    title: 'The NFS server is a host of the cluster',
    why: 'Storage is part of every replica’s health check: with this host all replicas fail together. [D: ee/dtr/admin/configure/use-a-load-balancer.md]',
    fix: 'Use a server outside the cluster, with a fixed address.',
    acceptable: true,
  },
]

const find = finder(pages)

/** What can be said about storage from the playbook alone. */
export function rules(topology: Topology): readonly Finding[] {
  const { storage, dtr } = topology
  if (dtr === undefined) return []
  const several = dtr.replicas.length > 1
  switch (storage.kind) {
    case 'local':
      return settle(
        topology,
        pages,
        several
          ? [
              find(
                'RB0501',
                ['storage', 'kind'],
                `${dtr.replicas.length} replicas with local storage: pulls would fail at random`,
                'use nfs, s3, azure, gcs, swift or a shared path',
              ),
            ]
          : [],
      )
    case 'path':
      return several
        ? [
            find(
              'RB0506',
              ['storage', 'path'],
              `${storage.path} must be one file system, mounted on all ${dtr.replicas.length} replica hosts`,
              'runbook proves it before the first join',
            ),
          ]
        : []
    case 'nfs':
      return settle(topology, pages, nfs(topology, storage.url, storage.options, dtr.version))
    case 's3': {
      const scheme = storage.endpoint?.split(':')[0]
      const disagrees = scheme !== undefined && (scheme === 'https') !== storage.secure
      return settle(topology, pages, [
        ...(disagrees
          ? [
              find(
                'RB0507',
                ['storage', 'endpoint'],
                `the endpoint is ${scheme}, and 'secure' is ${storage.secure}`,
                storage.secure ? "write https, or 'secure: false'" : "write http, or delete 'secure: false'",
              ),
            ]
          : []),
        ...(storage.skipVerify
          ? [
              find(
                'RB0509',
                ['storage', 'skipVerify'],
                "'skipVerify' trusts any certificate",
                'give the store a certificate the hosts trust',
              ),
            ]
          : []),
      ])
    }
    case 'swift':
      return settle(
        topology,
        pages,
        atLeast(dtr.version, '2.10.0')
          ? [
              find(
                'RB0508',
                ['storage', 'kind'],
                `MSR ${dtr.version} no longer lists Swift`,
                'use another back end',
              ),
            ]
          : [],
      )
    case 'azure':
    case 'gcs':
      return []
  }
}

function nfs(
  { hosts }: Topology,
  url: string,
  options: string | undefined,
  version: string,
): readonly Finding[] {
  const findings: Finding[] = []
  const form = /^nfs:\/\/([A-Za-z0-9][A-Za-z0-9.-]*)(\/[A-Za-z0-9._/-]+)$/.exec(url)
  if (form === null)
    findings.push(find('RB0503', ['storage', 'url'], `'${url}' is not nfs://host/export/path`, nfsHelp(url)))
  const server = form?.[1]
  const member = Object.values(hosts).find(host => host.name === server || host.address === server)
  if (member !== undefined)
    findings.push(
      find(
        'RB0510',
        ['storage', 'url'],
        `the NFS server is '${member.name}' of this playbook: when it fails, all replicas do`,
        'use a server outside the cluster',
      ),
    )
  if (atLeast(version, '2.6.0') && !atLeast(version, '2.6.4'))
    findings.push(
      find(
        'RB0502',
        ['dtr', 'version'],
        `DTR ${version} erases all tags when NFS storage is set again`,
        'use 2.6.4 or later',
      ),
    )
  if (options !== undefined && !atLeast(version, '2.6.0'))
    findings.push(
      find(
        'RB0504',
        ['storage', 'options'],
        `DTR ${version} has no NFS options`,
        "delete 'options', or use 2.6.4 or later",
      ),
    )
  return findings
}

function nfsHelp(url: string): string {
  const mount = /^([A-Za-z0-9.-]+):(\/\S+)$/.exec(url)
  return mount === null
    ? 'as in nfs://198.51.100.40/export/dtr'
    : `write nfs://${mount[1] ?? ''}${mount[2] ?? ''}`
}
