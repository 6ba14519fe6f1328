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
  docker?: DockerSection
  ucp?: UcpSection
  dtr?: DtrSection
  storage?: StorageSection
  loadBalancer?: LoadBalancerSection
  backup?: BackupSection
  vars?: Vars
  /**
   * Steps of your own, for what is not in the catalog. Steps at one point run in this order.
   */
  steps?: OwnStep[]
  absent?: Absent
  /**
   * Findings that are known and wanted here, each with a reason.
   */
  accept?: Acceptance[]
}
/**
 * What is common to all SSH connections. A host may say otherwise for itself. What neither says is as OpenSSH's configuration on this machine has it for the host's address (`ssh -G ADDRESS`), and else as the default here.
 */
export interface SshDefaults {
  /**
   * User to log in as. Default: what OpenSSH's configuration says, else `root`.
   */
  user?: string
  /**
   * Port of the SSH servers. Default: what OpenSSH's configuration says, else 22.
   */
  port?: number
  /**
   * Private key to log in with, as a path on this machine; `~/` is your home. Only this key is tried then. Absent: the SSH agent, and the keys that OpenSSH's configuration names.
   */
  identityFile?: string
  /**
   * Files with the keys of the hosts, in OpenSSH's known_hosts form, tried in order. Default: those that OpenSSH's configuration names (UserKnownHostsFile, GlobalKnownHostsFile), else `~/.ssh/known_hosts`.
   *
   * @minItems 1
   *
   * Items: A path on this machine; `~/` is your home.
   */
  knownHosts?: string[]
  /**
   * `strict`: a host whose key is not in `knownHosts` is refused. `accept-new`: its key is taken on first contact and written to the first file; a changed key is still refused. Default: what OpenSSH's configuration says (StrictHostKeyChecking; `no` means `accept-new` here), else `strict`.
   */
  hostKeys?: 'strict' | 'accept-new'
  /**
   * What makes the connections. `ssh2`: runbook itself. `openssh`: the `ssh` of this machine, one master connection a host, for what only that can do: FIDO keys, user and host certificates, GSSAPI, PKCS#11.
   */
  transport?: 'ssh2' | 'openssh'
  /**
   * Passphrase of private keys that are encrypted. Default: asked for at the terminal, once for each key. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
   */
  passphrase?: string
  /**
   * How long one connection may take to come up.
   */
  connectTimeoutSeconds?: number
  /**
   * How commands become root's. `none`: the user may do it all (root, or in the docker group where that is enough). `nopasswd`: by sudo, which never asks. `password`: by sudo, which asks for `sudoPassword`.
   */
  sudo?: 'none' | 'nopasswd' | 'password'
  /**
   * What sudo asks for, where it is the same on all hosts. Default: `password`. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
   */
  sudoPassword?: string
  /**
   * SSH password, when there is no key and it is the same on all hosts. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
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
   * What sudo asks for on this host. Default: this host's `password`, then `ssh.sudoPassword`. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
   */
  sudoPassword?: string
  /**
   * SSH password of this host, when there is no key. Default: `ssh.password`. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
   */
  password?: string
}
/**
 * Docker Engine: present and of one version on every host of the cluster. A playbook of `steps` alone may do without.
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
   * Password of the administrator, 8 characters at least. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
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
  upgrade?: UcpUpgrade
  /**
   * Keys of UCP's own configuration that shall have these values: section, then key. All other keys stay as they are.
   */
  config?: {
    /**
     * One section, as it stands between brackets in the configuration file.
     */
    [k: string]: {
      /**
       * The value. Texts have no quotes, backslashes and line ends.
       */
      [k: string]: boolean | number | string
    }
  }
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
 * How UCP is upgraded when `version` is newer than what runs.
 */
export interface UcpUpgrade {
  /**
   * Workers are held back while the managers are upgraded (`--manual-worker-upgrade`) and then come in waves of so many, in the order of the playbook, hosts of replicas last; the next wave begins when the one before is well. Absent: the bootstrapper takes all workers by itself.
   */
  workersAtOnce?: number
  /**
   * Pass `--force-recent-backup`. From 3.3 on the upgrade is refused unless UCP itself made a backup shortly before; with this it believes that there is another one.
   */
  forceRecentBackup?: boolean
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
   * PEM of the private key. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
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
   * Access key. Absent, together with `secretKey`: the instance's role. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
   */
  accessKey?: string
  /**
   * Secret key. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
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
   * Key of the account. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
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
   * JSON key of the service account. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
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
   * Password of the user. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
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
 * Where `runbook backup create` keeps its sets, what belongs in them, and for how long one counts.
 */
export interface BackupSection {
  to: BackupTarget
  encrypt?: BackupEncryption
  /**
   * For how many hours a verified set counts as recent.
   */
  maxAgeHours?: number
  /**
   * How many complete sets are kept: `backup create` removes older ones when it has made a new one. Absent: all.
   */
  keep?: number
  /**
   * The manager whose swarm state is archived, with its engine stopped meanwhile. A restore wants the same address. Default: the last one under `ucp.managers` that is not the leader.
   */
  swarmHost?: string
  /**
   * Host of the replica whose metadata is archived, always the same one. Default: the first under `dtr.replicas`.
   */
  replica?: string
  /**
   * UCP encrypts its own archive with this (OpenPGP), 12 characters at least; from UCP 3.2 on, where it goes over the API. Default: not encrypted by UCP. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
   */
  passphrase?: string
  /**
   * Folder of the hosts where archives lie until they are kept. Room for the biggest one is needed there.
   */
  spool?: string
  images?: BackupImages
}
/**
 * Where backups are kept: exactly one of the three.
 */
export interface BackupTarget {
  /**
   * A folder of the machine that runs runbook, relative to the playbook.
   */
  directory?: string
  host?: BackupHost
  s3?: BackupBucket
}
/**
 * A folder of a host of this playbook, on a disk that outlives the others.
 */
export interface BackupHost {
  /**
   * Name of a host under `hosts`.
   */
  name: string
  /**
   * Absolute path there.
   */
  path: string
}
/**
 * A bucket of Amazon S3 or of something that speaks its protocol.
 */
export interface BackupBucket {
  /**
   * URL of the store, without the bucket.
   */
  endpoint: string
  /**
   * Region of the bucket; compatible stores often take any word.
   */
  region: string
  /**
   * Name of the bucket. It must exist.
   */
  bucket: string
  /**
   * Folder inside the bucket. Empty: its top.
   */
  prefix?: string
  /**
   * Access key. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
   */
  accessKey: string
  /**
   * Secret key. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
   */
  secretKey: string
}
/**
 * Encrypt each archive (age) before it leaves this machine. Archives hold private keys and the unlock key.
 */
export interface BackupEncryption {
  /**
   * Public keys: whoever has the private key of one of them can open the archives.
   *
   * @minItems 1
   *
   * Items: One public key.
   */
  recipients: string[]
  /**
   * A private key (`AGE-SECRET-KEY-1…`) of one of the recipients, to read back what was kept. A reference, never the secret itself: `env:NAME` (a variable of the environment runbook is started in), `file:PATH` (relative to the playbook; its text without the last line end), `age:PATH` (a file encrypted with age to one of your identities), `cmd:COMMAND` (what a password manager prints; no shell) or `prompt:QUESTION` (asked at a terminal).
   */
  identity: string
}
/**
 * What becomes of the images of DTR, which are in none of its own backups: exactly one of the three.
 */
export interface BackupImages {
  /**
   * Take them along as an archive, through the disk of the replica's host. For local and NFS storage, and as many images as fit there.
   */
  copy?: true
  snapshot?: BackupSnapshot
  /**
   * They outlive the cluster by other means (a bucket with versions, a mirrored array). Say which: the set quotes it.
   */
  elsewhere?: string
}
/**
 * A command that takes a snapshot of the store, and one that brings it back.
 */
export interface BackupSnapshot {
  /**
   * Host the commands are run on.
   */
  host: string
  /**
   * Takes the snapshot. A list of words, run without a shell. The word {set} is replaced by the name of the set.
   *
   * @minItems 1
   *
   * Items: One word.
   */
  command: string[]
  /**
   * Brings it back. A list of words, run without a shell. The word {set} is replaced by the name of the set.
   *
   * @minItems 1
   *
   * Items: One word.
   */
  restore: string[]
}
/**
 * Values of your own, for conditions, `${{ vars.NAME }}` and templates. Not for secrets: those are named where they are used, as `${{ secret("env:NAME") }}`.
 */
export interface Vars {
  /**
   * A text, number, truth value, or a list of those.
   */
  [k: string]: string | number | boolean | (string | number | boolean)[]
}
/**
 * One step of your own: a name, where and when it runs, and exactly one action.
 */
export interface OwnStep {
  /**
   * What it is for. Told in plans, and with the host it is the step's id, so it must be unlike that of other steps.
   */
  name: string
  /**
   * What waits for this step. A product (docker, ucp, storage, dtr, loadBalancer) or a kind of step as a plan shows it.
   */
  before?: string
  /**
   * What this step waits for. Neither `before` nor `after`: it comes after everything. A product (docker, ucp, storage, dtr, loadBalancer) or a kind of step as a plan shows it.
   */
  after?: string
  /**
   * Hosts or roles it runs on: manager, worker, dtr, loadBalancer, or your own. Absent: all hosts.
   *
   * @minItems 1
   *
   * Items: Name of a host or role.
   */
  hosts?: string[]
  /**
   * Condition in CEL over host, machine, vars, hosts and roles: only hosts for which it is true.
   */
  when?: string
  /**
   * What it may cost. `interrupts`: a service is away for a while. `irreversible`: it cannot be undone.
   */
  risk?: 'none' | 'interrupts' | 'irreversible'
  command?: CommandAction
  file?: FileAction
  template?: TemplateAction
  package?: PackageAction
  service?: ServiceAction
  user?: UserAction
  mount?: MountAction
  sysctl?: SysctlAction
  waitFor?: WaitForAction
  pause?: PauseAction
}
/**
 * A command of your own. Give it `goal`, `creates` or `unless`, or nothing can tell whether it is needed: it is then opaque and runs every time.
 */
export interface CommandAction {
  /**
   * The command as words, one an item; no shell sees them. `${{ … }}` is filled in. An item that is one expression giving a list is taken as its items.
   *
   * @minItems 1
   *
   * Items: One word. `${{ … }}` is filled in.
   */
  argv?: string[]
  /**
   * The command as a text for `sh`. `${{ … }}` is filled in.
   */
  shell?: string
  /**
   * Variables of its environment, which `goal` and `unless` get too. Secrets may stand here.
   */
  env?: {
    /**
     * A value. `${{ … }}` is filled in.
     */
    [k: string]: string
  }
  /**
   * What it reads on standard input. Secrets may stand here. `${{ … }}` is filled in.
   */
  stdin?: string
  goal?: Look
  /**
   * Absolute path that is there once the command has done its work. `${{ … }}` is filled in.
   */
  creates?: string
  unless?: CommandLineSpec
  undo?: CommandLineSpec
  /**
   * How long it may take. Then it is stopped, and the step has failed.
   */
  timeoutSeconds?: number
}
/**
 * A command that only looks, so that it can be asked at any time. It ends with code 0 when all is well.
 */
export interface Look {
  /**
   * The command as words, one an item; no shell sees them. `${{ … }}` is filled in. An item that is one expression giving a list is taken as its items.
   *
   * @minItems 1
   *
   * Items: One word. `${{ … }}` is filled in.
   */
  argv?: string[]
  /**
   * The command as a text for `sh`. `${{ … }}` is filled in.
   */
  shell?: string
  /**
   * What it prints then, without white space at the ends. Absent: anything. `${{ … }}` is filled in.
   */
  output?: string
}
/**
 * A command: either as words or as a text for `sh`.
 */
export interface CommandLineSpec {
  /**
   * The command as words, one an item; no shell sees them. `${{ … }}` is filled in. An item that is one expression giving a list is taken as its items.
   *
   * @minItems 1
   *
   * Items: One word. `${{ … }}` is filled in.
   */
  argv?: string[]
  /**
   * The command as a text for `sh`. `${{ … }}` is filled in.
   */
  shell?: string
}
/**
 * A file, a folder, or nothing at a path.
 */
export interface FileAction {
  /**
   * Absolute path on the host. `${{ … }}` is filled in.
   */
  path: string
  /**
   * What shall lie there. `absent`: nothing; a folder goes with all that is in it.
   */
  state?: 'file' | 'directory' | 'absent'
  /**
   * The file's text. Secrets may stand here; the file is then for root alone unless a mode is given. `${{ … }}` is filled in.
   */
  content?: string
  /**
   * File beside the playbook whose text it gets, as it is.
   */
  source?: string
  /**
   * Permissions in octal, in quotes. Default: 0644, 0755 for a folder, 0600 when a secret is in it.
   */
  mode?: string
  /**
   * User it belongs to. Absent: not looked at. `${{ … }}` is filled in.
   */
  owner?: string
  /**
   * Group it belongs to. Absent: not looked at. `${{ … }}` is filled in.
   */
  group?: string
}
/**
 * A file made from a template beside the playbook, in Liquid. It sees host, machine, vars, hosts, roles and its own variables; a name that does not exist is an error.
 */
export interface TemplateAction {
  /**
   * The template beside the playbook.
   */
  source: string
  /**
   * Absolute path on the host. `${{ … }}` is filled in.
   */
  path: string
  /**
   * Permissions in octal, in quotes. Default: 0644, or 0600 when a secret is in it.
   */
  mode?: string
  /**
   * User it belongs to. Absent: not looked at. `${{ … }}` is filled in.
   */
  owner?: string
  /**
   * Group it belongs to. Absent: not looked at. `${{ … }}` is filled in.
   */
  group?: string
  /**
   * What the template gets besides. A value that is one `${{ … }}` keeps its type. Secrets may stand here.
   */
  variables?: {
    /**
     * A text, number, truth value, or a list of those.
     */
    [k: string]: string | number | boolean | (string | number | boolean)[]
  }
}
/**
 * Packages of the hosts' own distribution (apt, dnf or yum).
 */
export interface PackageAction {
  /**
   * Packages, `name` or `name=version`. `${{ … }}` is filled in.
   *
   * @minItems 1
   *
   * Items: One package. `${{ … }}` is filled in.
   */
  names: string[]
  /**
   * Whether they shall be there.
   */
  state?: 'present' | 'absent'
}
/**
 * A systemd unit.
 */
export interface ServiceAction {
  /**
   * Name of the unit. `${{ … }}` is filled in.
   */
  name: string
  /**
   * Whether it runs.
   */
  state?: 'running' | 'stopped'
  /**
   * Whether it starts with the machine. Default: as `state`.
   */
  enabled?: boolean
}
/**
 * A user of the hosts.
 */
export interface UserAction {
  /**
   * Login name. `${{ … }}` is filled in.
   */
  name: string
  /**
   * Whether there is one. `absent` keeps the home folder.
   */
  state?: 'present' | 'absent'
  /**
   * Number of the user. Absent: the system chooses.
   */
  uid?: number | string
  /**
   * Groups it is in besides its own. Others it is in stay. `${{ … }}` is filled in.
   *
   * Items: Name of a group, which must exist. `${{ … }}` is filled in.
   */
  groups?: string[]
  /**
   * Login shell. `${{ … }}` is filled in.
   */
  shell?: string
  /**
   * Home folder. `${{ … }}` is filled in.
   */
  home?: string
  /**
   * Whether it is made as a system user, without a home folder.
   */
  system?: boolean
}
/**
 * A file system, mounted now and at every start.
 */
export interface MountAction {
  /**
   * Folder to mount on. It is made. `${{ … }}` is filled in.
   */
  path: string
  /**
   * `absent`: not mounted, and not in the table of the system either.
   */
  state?: 'mounted' | 'absent'
  /**
   * What is mounted. `${{ … }}` is filled in.
   */
  source?: string
  /**
   * Type of the file system. `${{ … }}` is filled in.
   */
  type?: string
  /**
   * Options for the table of the system. `${{ … }}` is filled in.
   */
  options?: string
}
/**
 * A parameter of the kernel, now and at every start.
 */
export interface SysctlAction {
  /**
   * Name of the parameter. `${{ … }}` is filled in.
   */
  name: string
  /**
   * Its value. `${{ … }}` is filled in.
   */
  value: number | string
}
/**
 * Waits until one thing is so: a port takes connections, a URL answers, or a command that looks ends well.
 */
export interface WaitForAction {
  /**
   * TCP port. Without `address`: the host itself listens on it.
   */
  port?: number | string
  /**
   * Where the port is, seen from the host. `${{ … }}` is filled in.
   */
  address?: string
  http?: HttpLook
  command?: Look
  /**
   * How long to wait. Then the step has failed.
   */
  withinSeconds?: number
}
/**
 * A URL, asked from the host.
 */
export interface HttpLook {
  /**
   * What is asked. `${{ … }}` is filled in.
   */
  url: string
  /**
   * The answer that is waited for.
   */
  status?: number
  /**
   * Whether any certificate is trusted.
   */
  insecure?: boolean
}
/**
 * Asks a person before anything goes on. The answer is remembered on the first host until the message is another.
 */
export interface PauseAction {
  /**
   * What is asked. `yes` goes on. `${{ … }}` is filled in.
   */
  message: string
  /**
   * Whether to ask in every run.
   */
  always?: boolean
}
/**
 * What shall no longer be there. Nothing is removed only because it stands nowhere in the playbook: it is named here, or `apply --prune` takes out all that left.
 */
export interface Absent {
  /**
   * Ids of registry replicas to take out: members that are no longer wanted, dead ones, ghosts, and remains of replicas the registry does not know.
   *
   * Items: Id of a registry replica: 12 hex digits.
   */
  replicas?: string[]
  /**
   * Hosts that shall leave the swarm, by the name `docker node ls` prints.
   *
   * Items: Name of a node.
   */
  nodes?: string[]
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
