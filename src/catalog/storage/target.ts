import type { Command, HostName, Json, Value } from '../../plan/step.ts'
import type { StorageSpec, Topology } from '../../playbook/topology.ts'
import { markerText } from './markers.ts'
import { nfsScript, pathScript, s3Script } from './scripts.ts'

/** Storage whose markers can be written and read straight from a replica host, before any registry exists. */
export type Target =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'nfs'; readonly server: string; readonly export: string; readonly options: string }
  | {
      readonly kind: 's3'
      /** Scheme, host, bucket and root directory, without a slash at the end. */
      readonly url: string
      readonly region: string
      readonly insecure: boolean
      readonly accessKey: { readonly secret: string }
      readonly secretKey: { readonly secret: string }
    }

/**
 * The direct way to a storage, or undefined where there is none: local storage is not shared; Azure, GCS and Swift speak
 * protocols curl cannot sign; S3 without keys uses the instance's role; S3 with version 2 signatures is too old for curl.
 * Those are proved through the registry, by pushing through one replica and pulling through the others.
 */
export function directTarget(storage: StorageSpec): Target | undefined {
  if (storage.kind === 'path') return { kind: 'path', path: storage.path.replace(/\/+$/, '') }
  if (storage.kind === 'nfs') {
    const parts = nfsParts(storage.url)
    return parts && { kind: 'nfs', ...parts, options: storage.options ?? '' }
  }
  if (storage.kind === 's3' && storage.accessKey && storage.secretKey && storage.v4auth) {
    const { region, bucket, accessKey, secretKey } = storage
    const root = storage.rootDirectory.replace(/^\/+|\/+$/g, '')
    const url = `${endpoint(storage)}/${bucket}${root === '' ? '' : `/${root}`}`
    return { kind: 's3', url, region, insecure: storage.skipVerify, accessKey, secretKey }
  }
  return undefined
}

/** `nfs://server/export/path` in its parts. Undefined when it is no such URL. */
export function nfsParts(url: string): { readonly server: string; readonly export: string } | undefined {
  const found = /^nfs:\/\/(\[[^\]]+\]|[^/]+)(\/.*)$/.exec(url)
  return found?.[1] !== undefined && found[2] !== undefined
    ? { server: found[1], export: found[2] }
    : undefined
}

function endpoint(storage: Extract<StorageSpec, { kind: 's3' }>): string {
  const given = (storage.endpoint ?? `s3.${storage.region}.amazonaws.com`).replace(/\/+$/, '')
  return given.includes('://') ? given : `${storage.secure ? 'https' : 'http'}://${given}`
}

/** Args of `storage.marks`: everything the probe needs; keys only as references. */
export function marksArgs(topology: Topology, target: Target): Json {
  return { cluster: topology.name, hosts: replicaHosts(topology), target: { ...target } }
}

/** The hosts that must see the same storage, in playbook order. */
export function replicaHosts(topology: Topology): readonly HostName[] {
  return topology.dtr?.replicas.map(replica => replica.host) ?? []
}

/** Lists the markers this host sees. Changes nothing. */
export function readCommand(target: Target, cluster: string, hosts: readonly HostName[]): Command {
  if (target.kind === 'path')
    return { argv: ['sh', '-c', pathScript, 'runbook-storage-path', 'read', target.path, cluster] }
  if (target.kind === 'nfs') {
    const { server, options } = target
    return {
      argv: ['sh', '-c', nfsScript, 'runbook-storage-nfs', 'read', server, target.export, options, cluster],
    }
  }
  return { argv: [...s3Words('read', target, cluster), ...hosts], stdin: keys(target) }
}

/** Writes the marker of `host`, from that host. Safe to repeat. */
export function writeCommand(target: Target, cluster: string, host: HostName): Command {
  const text = markerText(cluster, host)
  if (target.kind === 'path') {
    return {
      argv: ['sh', '-c', pathScript, 'runbook-storage-path', 'write', target.path, cluster, host, text],
    }
  }
  if (target.kind === 'nfs') {
    const words = ['write', target.server, target.export, target.options, cluster, host, text]
    return { argv: ['sh', '-c', nfsScript, 'runbook-storage-nfs', ...words] }
  }
  return { argv: [...s3Words('write', target, cluster), host, text], stdin: keys(target) }
}

function s3Words(mode: string, target: Extract<Target, { kind: 's3' }>, cluster: string): readonly string[] {
  const { url, region, insecure } = target
  return ['sh', '-c', s3Script, 'runbook-storage-s3', mode, url, region, insecure ? 'yes' : 'no', cluster]
}

function keys(target: Extract<Target, { kind: 's3' }>): Value {
  return { join: [target.accessKey, '\n', target.secretKey, '\n'] }
}
