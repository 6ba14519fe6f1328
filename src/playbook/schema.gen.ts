// Made from schemas/playbook.schema.json by `npm run types`. Do not edit.

/**
 * Where DTR keeps images. Several replicas need storage that all of them share.
 */
export type StorageSection =
  LocalStorage | PathStorage | NfsStorage | S3Storage | AzureStorage | GcsStorage | SwiftStorage
/**
 * What clients reach UCP and DTR through.
 */
export type LoadBalancerSection = ManagedBalancer | ExternalBalancer

/**
 * A Docker Enterprise cluster as it shall be: its hosts, engine, UCP, DTR, storage and load balancer.
 */
export interface Playbook {
  /**
   * Version of this format.
   */
  runbook: 1
  /**
   * Name of the cluster. Plans, runs and replica ids are made from it, so do not change it once the cluster stands.
   */
  name: string
  ssh?: SshDefaults
  hosts: Hosts
  docker: DockerSection
  ucp?: UcpSection
  dtr?: DtrSection
  storage?: StorageSection
  loadBalancer?: LoadBalancerSection
  /**
   * Findings that are known and wanted here, each with a reason.
   */
  accept?: Acceptance[]
}
/**
 * What is common to all SSH connections. A host may say otherwise for itself.
 */
export interface SshDefaults {
  /**
   * User to log in as.
   */
  user?: string
  /**
   * Port of the SSH servers.
   */
  port?: number
  /**
   * Private key to log in with, as a path on this machine; `~/` is your home. Absent: the SSH agent.
   */
  identityFile?: string
  /**
   * Files with the keys of the hosts, in OpenSSH's known_hosts form, tried in order.
   *
   * @minItems 1
   *
   * Items: A path on this machine; `~/` is your home.
   */
  knownHosts?: string[]
  /**
   * `strict`: a host whose key is not in `knownHosts` is refused. `accept-new`: its key is taken on first contact and written to the first file; a changed key is still refused.
   */
  hostKeys?: 'strict' | 'accept-new'
  /**
   * How long one connection may take to come up.
   */
  connectTimeoutSeconds?: number
  /**
   * How commands become root's. `none`: the user may do it all (root, or in the docker group where that is enough). `nopasswd`: by sudo, which never asks. `password`: by sudo, which asks for `sudoPassword`.
   */
  sudo?: 'none' | 'nopasswd' | 'password'
  /**
   * What sudo asks for, where it is the same on all hosts. Default: `password`. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in) or `file:PATH` (relative to the playbook; its text without the last line end). Other kinds are not read yet.
   */
  sudoPassword?: string
  /**
   * SSH password, when there is no key and it is the same on all hosts. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in) or `file:PATH` (relative to the playbook; its text without the last line end). Other kinds are not read yet.
   */
  password?: string
}
/**
 * Every machine by name. The name is the machine's host name, as `docker node ls` will show it.
 */
export interface Hosts {
  [k: string]: HostSpec
}
/**
 * One machine that runbook reaches over SSH.
 */
export interface HostSpec {
  /**
   * IP address (better, since UCP and DTR want fixed ones) or DNS name to connect to and to advertise to the cluster.
   */
  address: string
  /**
   * SSH user. Default: `ssh.user`.
   */
  user?: string
  /**
   * SSH port. Default: `ssh.port`.
   */
  port?: number
  /**
   * Name of another host of this playbook to connect through.
   */
  jump?: string
  /**
   * The playbook's own groups this host belongs to. What a host does in the cluster is not said here but in `ucp`, `dtr` and `loadBalancer`.
   *
   * Items: Name of a group.
   */
  roles?: string[]
  /**
   * Where it stands: a site, zone or room that can fail as a whole. Rules warn when one site holds a majority.
   */
  site?: string
  /**
   * Private key to log in with, as a path on this machine; `~/` is your home. Default: `ssh.identityFile`.
   */
  identityFile?: string
  /**
   * How commands become root's on this host. Default: `ssh.sudo`. `none`: the user may do it all (root, or in the docker group where that is enough). `nopasswd`: by sudo, which never asks. `password`: by sudo, which asks for `sudoPassword`.
   */
  sudo?: 'none' | 'nopasswd' | 'password'
  /**
   * What sudo asks for on this host. Default: this host's `password`, then `ssh.sudoPassword`. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in) or `file:PATH` (relative to the playbook; its text without the last line end). Other kinds are not read yet.
   */
  sudoPassword?: string
  /**
   * SSH password of this host, when there is no key. Default: `ssh.password`. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in) or `file:PATH` (relative to the playbook; its text without the last line end). Other kinds are not read yet.
   */
  password?: string
}
/**
 * Docker Engine: present and of one version on every host of the cluster.
 */
export interface DockerSection {
  /**
   * Engine version as `docker version` prints it. Compared by whole components from the left: '19.03' takes any 19.03.x. Quote it, or YAML reads a number.
   */
  version: string
  install?: EngineInstall
}
/**
 * Where Docker Engine is installed from when it is missing.
 */
export interface EngineInstall {
  /**
   * Package manager of the hosts.
   */
  manager: 'apt' | 'yum'
  /**
   * Packages with their versions, as the package manager writes them.
   *
   * @minItems 1
   *
   * Items: One package with its version.
   */
  packages: string[]
  /**
   * A line for /etc/apt/sources.list.d/runbook-docker.list, or the text of a yum repo file. Absent: the hosts' own sources have the packages.
   */
  source?: string
  /**
   * File beside the playbook with the public key that signs the packages.
   */
  key?: string
}
/**
 * Universal Control Plane, later Mirantis Kubernetes Engine 3.x.
 */
export interface UcpSection {
  /**
   * Version of the product, which is the tag of its image.
   */
  version: string
  /**
   * What stands before `/ucp:VERSION` in the image name. Default by version: `docker` for the older, `mirantis` from 3.1.15, 3.2.8, 3.3.2 and 3.4 on.
   */
  repository?: string
  /**
   * Hosts that become managers: 1, 3, 5 or 7. The first one is where UCP is installed.
   *
   * @minItems 1
   *
   * Items: Name of a host under `hosts`.
   */
  managers: string[]
  /**
   * Hosts that join as workers for applications. Hosts of DTR replicas join as workers by themselves and need not be named.
   *
   * @minItems 0
   *
   * Items: Name of a host under `hosts`.
   */
  workers?: string[]
  /**
   * Name of the administrator that is made at installation.
   */
  adminUsername?: string
  /**
   * Password of the administrator, 8 characters at least. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in) or `file:PATH` (relative to the playbook; its text without the last line end). Other kinds are not read yet.
   */
  adminPassword: string
  /**
   * Further names and addresses for the server certificate. The balancer's name and every manager's name and address are in it anyhow.
   *
   * Items: A DNS name or IP address.
   */
  sans?: string[]
  /**
   * Port of web interface and API on every manager.
   */
  controllerPort?: number
  /**
   * Address range of Kubernetes pods. Must not overlap the hosts, the swarm's pool (10.0.0.0/8) or the services (10.96.0.0/16).
   */
  podCidr?: string
  /**
   * License file beside the playbook.
   */
  license?: string
  certificates?: Certificates
  /**
   * Further flags for the installer, one a word, as its manual writes them. Flags that runbook sets itself are refused.
   *
   * Items: One flag, with its value after '='.
   */
  extraFlags?: string[]
}
/**
 * Your own TLS certificate instead of the generated one.
 */
export interface Certificates {
  /**
   * PEM file beside the playbook: the authority that signed the certificate.
   */
  ca: string
  /**
   * PEM file beside the playbook: the server's certificate first, then intermediates.
   */
  cert: string
  /**
   * PEM of the private key. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in) or `file:PATH` (relative to the playbook; its text without the last line end). Other kinds are not read yet.
   */
  key: string
}
/**
 * Docker Trusted Registry, later Mirantis Secure Registry 2.x.
 */
export interface DtrSection {
  /**
   * Version of the product, which is the tag of its image.
   */
  version: string
  /**
   * What stands before `/dtr:VERSION` in the image name. Default by version: `docker` for the older, `mirantis` from 2.6.15, 2.7.8, 2.8.2 and 2.9 on, `registry.mirantis.com/msr` for 2.10.
   */
  repository?: string
  /**
   * The replicas: 1, 3, 5 or 7, each on a worker of its own. The first one is installed, the others join it one by one.
   *
   * @minItems 1
   */
  replicas: Replica[]
  /**
   * URL that clients use, `https://name[:port]`. Default: the balancer's name and port for DTR.
   */
  externalUrl?: string
  certificates?: Certificates
  /**
   * Further flags for the installer, one a word, as its manual writes them. Flags that runbook sets itself are refused.
   *
   * Items: One flag, with its value after '='.
   */
  extraFlags?: string[]
}
/**
 * One DTR replica.
 */
export interface Replica {
  /**
   * Host that carries it. It joins UCP as a worker.
   */
  host: string
  /**
   * Its id, 12 hex digits. Default: derived from the playbook's name and the host's, so that it is known before anything runs.
   */
  id?: string
  /**
   * Port of plain HTTP on the host.
   */
  httpPort?: number
  /**
   * Port of HTTPS on the host.
   */
  httpsPort?: number
}
/**
 * Images in a volume of the replica's own host: for one replica only.
 */
export interface LocalStorage {
  /**
   * A volume on the replica's host.
   */
  kind: 'local'
}
/**
 * Images in a directory that every replica host has mounted: a clustered or network file system.
 */
export interface PathStorage {
  /**
   * A directory of the hosts.
   */
  kind: 'path'
  /**
   * Absolute path, the same on every replica host.
   */
  path: string
}
/**
 * Images on an NFS server.
 */
export interface NfsStorage {
  /**
   * An NFS server.
   */
  kind: 'nfs'
  /**
   * `nfs://host/export/path`.
   */
  url: string
  /**
   * Mount options, passed on as they are. NFS 4 needs `nfsvers=4`.
   */
  options?: string
}
/**
 * Images in Amazon S3 or something that speaks its protocol.
 */
export interface S3Storage {
  /**
   * Amazon S3 or compatible.
   */
  kind: 's3'
  /**
   * Name of the bucket. It must exist.
   */
  bucket: string
  /**
   * Region of the bucket; compatible stores often take any word.
   */
  region: string
  /**
   * URL of a compatible store. Absent: Amazon's.
   */
  endpoint?: string
  /**
   * Directory inside the bucket. Empty: its top.
   */
  rootDirectory?: string
  /**
   * Access key. Absent, together with `secretKey`: the instance's role. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in) or `file:PATH` (relative to the playbook; its text without the last line end). Other kinds are not read yet.
   */
  accessKey?: string
  /**
   * Secret key. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in) or `file:PATH` (relative to the playbook; its text without the last line end). Other kinds are not read yet.
   */
  secretKey?: string
  /**
   * Whether to speak HTTPS.
   */
  secure?: boolean
  /**
   * Whether to trust any certificate of the store.
   */
  skipVerify?: boolean
  /**
   * Whether to sign by signature version 4.
   */
  v4auth?: boolean
}
/**
 * Images in Azure Blob Storage.
 */
export interface AzureStorage {
  /**
   * Azure Blob Storage.
   */
  kind: 'azure'
  /**
   * Storage account.
   */
  accountName: string
  /**
   * Key of the account. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in) or `file:PATH` (relative to the playbook; its text without the last line end). Other kinds are not read yet.
   */
  accountKey: string
  /**
   * Container. It must exist.
   */
  container: string
  /**
   * Domain of the service.
   */
  realm?: string
}
/**
 * Images in Google Cloud Storage.
 */
export interface GcsStorage {
  /**
   * Google Cloud Storage.
   */
  kind: 'gcs'
  /**
   * Name of the bucket. It must exist.
   */
  bucket: string
  /**
   * JSON key of the service account. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in) or `file:PATH` (relative to the playbook; its text without the last line end). Other kinds are not read yet.
   */
  keyFile: string
  /**
   * Directory inside the bucket. Empty: its top.
   */
  rootDirectory?: string
}
/**
 * Images in OpenStack Swift.
 */
export interface SwiftStorage {
  /**
   * OpenStack Swift.
   */
  kind: 'swift'
  /**
   * URL of the identity service.
   */
  authUrl: string
  /**
   * User of the store.
   */
  username: string
  /**
   * Password of the user. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in) or `file:PATH` (relative to the playbook; its text without the last line end). Other kinds are not read yet.
   */
  password: string
  /**
   * Container. It must exist.
   */
  container: string
}
/**
 * HAProxy or NGINX, configured by runbook on hosts of the playbook.
 */
export interface ManagedBalancer {
  /**
   * Which program. HAProxy asks each member's health; open-source NGINX only notices refused connections.
   */
  kind: 'haproxy' | 'nginx'
  /**
   * Hosts that carry the same configuration.
   *
   * @minItems 1
   *
   * Items: Name of a host under `hosts`.
   */
  hosts: string[]
  ucp?: FrontendSpec
  dtr?: FrontendSpec
}
/**
 * Where one product is reached through the balancer.
 */
export interface FrontendSpec {
  /**
   * Name that clients use. It stands in the product's certificate.
   */
  name: string
  /**
   * Port that clients use.
   */
  port?: number
  /**
   * Address the balancer binds: '*' or one of its own. UCP and DTR never share a port on one address.
   */
  bind?: string
}
/**
 * A balancer that is not ours, worked by commands.
 */
export interface ExternalBalancer {
  /**
   * Not ours: commands put members in and out.
   */
  kind: 'external'
  /**
   * Host the commands are run on.
   */
  host: string
  /**
   * Puts a member into the pool of a product. A list of words, run without a shell. The words {product}, {host}, {address} and {port} are replaced.
   *
   * @minItems 1
   *
   * Items: One word.
   */
  add: string[]
  /**
   * Takes a member out of the pool of a product. A list of words, run without a shell. The words {product}, {host}, {address} and {port} are replaced.
   *
   * @minItems 1
   *
   * Items: One word.
   */
  remove: string[]
  /**
   * Prints the members of a product, one host name a line. A list of words, run without a shell. The words {product}, {host}, {address} and {port} are replaced.
   *
   * @minItems 1
   *
   * Items: One word.
   */
  list: string[]
  ucp?: FrontendSpec
  dtr?: FrontendSpec
}
/**
 * One finding that is known and wanted here. It is still shown, as a note with this reason.
 */
export interface Acceptance {
  /**
   * Code of the finding. `runbook explain CODE` says whether it may be accepted.
   */
  code: string
  /**
   * Why, for the next reader.
   */
  reason: string
}
