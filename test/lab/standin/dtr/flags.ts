import type { FlagSpec, FlagSpecs } from '../common/flags.ts'

const text = (env: string): FlagSpec => ({ kind: 'text', env })
const flip = (env: string): FlagSpec => ({ kind: 'switch', env })

const common: FlagSpecs = {
  debug: flip('DEBUG'),
  'help-extended': flip('DTR_EXTENDED_HELP'),
  'ucp-url': text('UCP_URL'),
  'ucp-username': text('UCP_USERNAME'),
  'ucp-password': text('UCP_PASSWORD'),
  'ucp-ca': text('UCP_CA'),
  'ucp-insecure-tls': flip('UCP_INSECURE_TLS'),
}
const existing: FlagSpecs = { 'existing-replica-id': text('DTR_REPLICA_ID') }
const placed: FlagSpecs = { 'ucp-node': text('UCP_NODE'), 'replica-id': text('DTR_INSTALL_REPLICA_ID') }
const ports: FlagSpecs = {
  'replica-http-port': text('REPLICA_HTTP_PORT'),
  'replica-https-port': text('REPLICA_HTTPS_PORT'),
  'replica-rethinkdb-cache-mb': text('RETHINKDB_CACHE_MB'),
}
const overlay: FlagSpecs = { 'overlay-subnet': text('DTR_OVERLAY_SUBNET') }
const settings: FlagSpecs = {
  'dtr-external-url': text('DTR_EXTERNAL_URL'),
  'dtr-ca': text('DTR_CA'),
  'dtr-cert': text('DTR_CERT'),
  'dtr-key': text('DTR_KEY'),
  'enable-pprof': flip('DTR_PPROF'),
  'http-proxy': text('DTR_HTTP_PROXY'),
  'https-proxy': text('DTR_HTTPS_PROXY'),
  'no-proxy': text('DTR_NO_PROXY'),
  'log-host': text('LOG_HOST'),
  'log-protocol': text('LOG_PROTOCOL'),
  'log-level': text('LOG_LEVEL'),
  'dtr-storage-volume': text('DTR_STORAGE_VOLUME'),
  'nfs-storage-url': text('NFS_STORAGE_URL'),
}
const clientCertificates: FlagSpecs = {
  'client-cert-auth-ca': text('CLIENT_CA'),
  'enable-client-cert-auth': flip('ENABLE_CLIENT_CERT_AUTH'),
  'nfs-options': text('NFS_OPTIONS'),
  'async-nfs': flip('ASYNC_NFS'),
}

/** Flags by command: the table of docker-enterprise.md 3.5, DTR 2.7. */
export const flagsOf: Readonly<Record<string, FlagSpecs>> = {
  install: { ...common, ...placed, ...ports, ...overlay, ...settings, ...clientCertificates },
  restore: {
    ...common,
    ...placed,
    ...ports,
    ...settings,
    ...clientCertificates,
    'dtr-use-default-storage': flip('DTR_DEFAULT_STORAGE'),
  },
  join: {
    ...common,
    ...placed,
    ...ports,
    ...existing,
    'skip-network-test': flip('DTR_SKIP_NETWORK_TEST'),
    'unsafe-join': flip('DTR_UNSAFE_JOIN'),
  },
  reconfigure: {
    ...common,
    ...existing,
    ...ports,
    ...settings,
    ...clientCertificates,
    'storage-migrated': flip('STORAGE_MIGRATED'),
  },
  remove: {
    ...common,
    ...existing,
    'replica-ids': text('DTR_REMOVE_REPLICA_IDS'),
    'replica-id': text('DTR_REMOVE_REPLICA_ID'),
  },
  destroy: { ...common, 'replica-id': text('DTR_DESTROY_REPLICA_ID') },
  'emergency-repair': { ...common, ...existing, ...overlay, prune: flip('DTR_PRUNE'), yes: flip('DTR_YES') },
  upgrade: { ...common, ...existing },
  backup: { ...common, ...existing, 'offline-backup': flip('DTR_OFFLINE_BACKUP') },
  images: {},
}
