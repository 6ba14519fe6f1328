import type { Host, HostName, Store } from '../plan/step.ts'
import type { Plain, StepSpec } from './steps.ts'

/** The playbook as meant: defaults filled in, references checked, roles resolved. Nothing downstream sees a missing field. */
export interface Topology {
  readonly name: string
  readonly hosts: { readonly [name: HostName]: Host }
  /** Every role with its hosts in playbook order: manager, worker, dtr, loadBalancer, and the playbook's own. */
  readonly roles: { readonly [role: string]: readonly HostName[] }
  readonly ssh: SshSpec
  readonly docker: DockerSpec
  readonly ucp?: UcpSpec
  readonly dtr?: DtrSpec
  readonly storage: StorageSpec
  readonly loadBalancer?: LoadBalancerSpec
  readonly backup?: BackupSpec
  /** What the playbook says shall no longer be there. */
  readonly absent?: AbsentSpec
  /** Set by `--prune`, never by a playbook: members that left the playbook are taken out. Without it they are only named. */
  readonly prune?: true
  /** Findings the playbook knows of and wants, each with its reason. In playbook order. */
  readonly accepts?: readonly Acceptance[]
  /** The person's own steps, in playbook order. */
  readonly steps?: readonly StepSpec[]
  /** Values of the playbook's own, for conditions, `${{ … }}` and templates. */
  readonly vars?: { readonly [name: string]: Plain }
}

/** Where backups go and what belongs in them. */
export interface BackupSpec {
  readonly store: Store
  readonly maxAgeSeconds: number
  /** How many complete sets stay. Absent: all. */
  readonly keep?: number
  /** Absent: a manager that is not the leader. */
  readonly swarmHost?: HostName
  /** Absent: the first replica of the playbook. */
  readonly replicaHost?: HostName
  /** UCP encrypts its own archive with it. */
  readonly passphrase?: { readonly secret: string }
  /** Folder of the hosts where archives lie until they are kept. */
  readonly spool: string
  /** Absent: nobody said, so a set of a registry is not complete. */
  readonly images?:
    | { readonly kind: 'copy' }
    | {
        readonly kind: 'snapshot'
        readonly host: HostName
        readonly command: readonly string[]
        readonly restore: readonly string[]
      }
    | { readonly kind: 'elsewhere'; readonly where: string }
}

export interface AbsentSpec {
  /** Ids of registry replicas. */
  readonly replicas: readonly string[]
  /** Names of swarm nodes. */
  readonly nodes: readonly string[]
}

export interface Acceptance {
  readonly code: string
  readonly reason: string
}

/** What is common to all connections; what differs by host stands in `Host`. Absent: as OpenSSH's configuration on this machine has it. */
export interface SshSpec {
  /** What makes the connections: runbook itself, or this machine's `ssh`. */
  readonly transport?: 'ssh2' | 'openssh'
  /** Files in OpenSSH's known_hosts form, tried in order. */
  readonly knownHostsFiles?: readonly string[]
  readonly hostKeys?: 'strict' | 'accept-new'
  readonly connectTimeoutSeconds: number
  /** Of private keys that are encrypted. */
  readonly passphrase?: { readonly secret: string }
  /** Keys that hosts showed when the plan was made, 'ssh-ed25519 SHA256:…': they must show them still. Never from a playbook. */
  readonly pins?: { readonly [host: HostName]: string }
  /** What the playbook does not say of a host, so that its value there is only our default. */
  readonly open?: { readonly [host: HostName]: readonly ('user' | 'port')[] }
}

/** A file beside the playbook, read and pinned when the playbook is read. */
export interface LocalFile {
  /** As written in the playbook, relative to it. */
  readonly file: string
  readonly sha256: string
}

export interface DockerSpec {
  /** Engine version as `docker version` prints it, compared by prefix of whole components. '' where none is wanted: no hosts. */
  readonly version: string
  /** Every host that must have the engine, in playbook order. */
  readonly hosts: readonly HostName[]
  /** Where the engine is installed from when it is missing. Absent: it must be there already. */
  readonly install?: {
    readonly manager: 'apt' | 'yum'
    /** Packages with their versions, as the package manager writes them: 'docker-ee=5:19.03.15'. */
    readonly packages: readonly string[]
    /** A line for /etc/apt/sources.list.d/runbook-docker.list, or the text of a yum repo file. */
    readonly source?: string
    readonly key?: LocalFile
  }
}

/** PEM files; the key is a secret reference and never leaves the controller but by environment or stdin. */
export interface CertificateSpec {
  readonly ca: LocalFile
  readonly cert: LocalFile
  readonly key: { readonly secret: string }
}

export interface UcpSpec {
  readonly version: string
  /** 'docker' or 'mirantis' or a private prefix: the part before '/ucp:VERSION'. */
  readonly repository: string
  /** Full bootstrapper image, 'docker/ucp:3.2.6'. */
  readonly image: string
  /** The first one is where UCP is installed. */
  readonly managers: readonly HostName[]
  /** Application workers and replica hosts alike: all that join as workers. */
  readonly workers: readonly HostName[]
  readonly adminUsername: string
  readonly adminPassword: { readonly secret: string }
  /** Names for the server certificate: the balancer's and every manager's, without doubles. */
  readonly sans: readonly string[]
  readonly controllerPort: number
  readonly upgrade?: {
    /** Size of the waves that workers come in after the managers. Absent: the bootstrapper takes them all. */
    readonly workersAtOnce?: number
    /** UCP is told to believe in a backup that it did not make. */
    readonly forceRecentBackup?: boolean
  }
  readonly podCidr: string
  /** Keys of UCP's own configuration by section, with the values they shall have. */
  readonly config?: { readonly [section: string]: { readonly [key: string]: boolean | number | string } }
  readonly license?: LocalFile
  readonly certificates?: CertificateSpec
  readonly extraFlags: readonly string[]
}

export interface ReplicaSpec {
  readonly host: HostName
  /** 12 hex digits: the playbook's, or derived from playbook and host name, so it is known before anything runs. */
  readonly id: string
  readonly httpPort: number
  readonly httpsPort: number
}

export interface DtrSpec {
  readonly version: string
  readonly repository: string
  readonly image: string
  /** The first one is installed, the others join. */
  readonly replicas: readonly ReplicaSpec[]
  /** https://host[:port] that clients use. */
  readonly externalUrl: string
  readonly certificates?: CertificateSpec
  readonly extraFlags: readonly string[]
}

export type StorageSpec =
  | { readonly kind: 'local' }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'nfs'; readonly url: string; readonly options?: string }
  | {
      readonly kind: 's3'
      readonly bucket: string
      readonly region: string
      readonly endpoint?: string
      readonly rootDirectory: string
      /** Both or neither: without them the instance's role is used. */
      readonly accessKey?: { readonly secret: string }
      readonly secretKey?: { readonly secret: string }
      readonly secure: boolean
      readonly skipVerify: boolean
      readonly v4auth: boolean
    }
  | {
      readonly kind: 'azure'
      readonly accountName: string
      readonly accountKey: { readonly secret: string }
      readonly container: string
      readonly realm: string
    }
  | {
      readonly kind: 'gcs'
      readonly bucket: string
      readonly keyFile: { readonly secret: string }
      readonly rootDirectory: string
    }
  | {
      readonly kind: 'swift'
      readonly authUrl: string
      readonly username: string
      readonly password: { readonly secret: string }
      readonly container: string
    }

/** Where one product is reached through the balancer. */
export interface Frontend {
  /** Address the balancer binds: '*' or one of its own. */
  readonly bind: string
  /** Name or address clients use. */
  readonly name: string
  readonly port: number
}

export type LoadBalancerSpec =
  | {
      readonly kind: 'haproxy' | 'nginx'
      /** The hosts that carry the same configuration. */
      readonly hosts: readonly HostName[]
      readonly ucp?: Frontend
      readonly dtr?: Frontend
    }
  | {
      readonly kind: 'external'
      /** Where the commands run. */
      readonly host: HostName
      /** argv; the words {product}, {host}, {address}, {port} are replaced. */
      readonly add: readonly string[]
      readonly remove: readonly string[]
      /** Answers the members of a product, one `host` a line. */
      readonly list: readonly string[]
      readonly ucp?: Frontend
      readonly dtr?: Frontend
    }
