/**
 * What the bootstrapper prints, by captures of 2.6 and 2.7 [O] and the sheet §3.10: see test/fixtures/dtr. Levels and messages; the
 * twin prints them in key-value form, as without a terminal.
 */
export type Message = readonly ['info' | 'warning' | 'fatal', string]

/** Components of a replica, in the order they are started [D: architecture.md]. */
export const COMPONENTS = [
  'rethinkdb',
  'registry',
  'garant',
  'api',
  'notary-server',
  'nginx',
  'jobrunner',
  'notary-signer',
  'scanningstore',
] as const
/** Volumes of a replica with local storage [D: architecture.md]. */
export const VOLUMES = ['ca', 'notary', 'postgres', 'registry', 'rethink'] as const

const phaseOne = (nodes: readonly string[]): readonly Message[] => [
  ['info', 'Validating UCP cert'],
  ['info', 'Connecting to UCP'],
  ['info', 'health checking ucp'],
  ['info', `The UCP cluster contains the following nodes without port conflicts: ${nodes.join(', ')}`],
  ['info', 'Searching containers in UCP for DTR replicas'],
]

export function installMessages(
  id: string,
  node: string,
  nodes: readonly string[],
  licensed: boolean,
): readonly Message[] {
  return [
    ['info', 'Beginning Docker Trusted Registry installation'],
    ...phaseOne(nodes),
    ['info', `verifying [80 443] ports on ${node}`],
    ['info', 'Waiting for running dtr-phase2 container to finish'],
    ['info', 'starting phase 2'],
    ['info', 'Verifying your system is compatible with DTR'],
    ['info', 'Using default overlay subnet: 10.1.0.0/24'],
    ['info', 'Creating network: dtr-ol'],
    ['info', 'Setting up replica volumes...'],
    ['info', 'Creating initial CA certificates'],
    ['info', 'Bootstrapping rethink...'],
    ['info', 'Generated TLS certificate.'],
    licensed
      ? ['info', 'License config copied from UCP.']
      : ['warning', 'License config not copied from UCP because UCP has no valid license.'],
    ['info', 'Migrated database from version 0 to 10'],
    ['info', 'Starting all containers...'],
    ...COMPONENTS.map((name): Message => ['info', `Creating dtr-${name}-${id}...`]),
    ['info', 'Verifying auth settings...'],
    ['info', 'Successfully registered dtr with UCP'],
    ['info', 'Installation is complete'],
    ['info', `Replica ID is set to: ${id}`],
    [
      'info',
      `You can use flag '--existing-replica-id ${id}' when joining other replicas to your Docker Trusted Registry Cluster`,
    ],
  ]
}

export function joinMessages(
  id: string,
  node: string,
  nodes: readonly string[],
  members: readonly string[],
): readonly Message[] {
  const count = members.length + 1
  return [
    ['info', 'Beginning Docker Trusted Registry replica join'],
    ...phaseOne(nodes),
    ['info', `This cluster contains the replicas: ${members.join(' ')}`],
    ['info', `verifying [80 443] ports on ${node}`],
    ['info', 'Waiting for running dtr-phase2 container to finish'],
    ['info', 'starting phase 2'],
    ['info', 'Overlay networking test passed.'],
    ['info', 'UCP connectivity test passed'],
    ['info', 'Setting up replica volumes...'],
    ...COMPONENTS.map((name): Message => ['info', `Recreating dtr-${name}-${id}...`]),
    ['info', `Transferring data to new replica: ${id}`],
    ['info', 'Database successfully copied'],
    ['info', 'Waiting for DTR to start...'],
    ['info', 'Authentication test passed.'],
    ['info', 'Successfully registered dtr with UCP'],
    ['info', `(Re)configuring Database - replicaCount=${count}`],
    ['info', 'Join is complete'],
    ['info', `Replica ID is set to: ${id}`],
    ['info', `There are currently ${count} replicas in your Docker Trusted Registry cluster`],
    ...(count % 2 === 0
      ? ([
          ['info', 'You currently have an even number of replicas which can impact cluster availability'],
          ['info', 'It is recommended that you have 3, 5 or 7 replicas in your cluster'],
        ] as const)
      : []),
  ]
}

/** [KB: Unhealthy DTR replica] */
export function unhealthyText(ids: readonly string[]): string {
  return (
    'This DTR has replicas that are not working correctly. Make sure existing DTR replicas are healthy before joining new ones. ' +
    `To ignore this warning, use --unsafe-join. Error: Unhealthy replicas: ${ids.join(', ')}; reasons: Rethink replica is currently in state: disconnected`
  )
}

/** [KB: Unhealthy DTR replica] */
export function phaseTwoText(image: string): string {
  return `Failed to execute phase2: Problem running container 'dtr-phase2' from image '${image}': non-zero return code returned from ${image} : 1`
}

/** [D: DTR system-requirements.md, late 2.7] */
export const NO_NODES =
  'Error response from daemon: {"message":"could not find any nodes on which the container could be created"}'

/** What the engine says of a name in use [G]; that two runs meet here follows from the fixed name [O]. */
export function clashText(image: string): string {
  return `Problem running container 'dtr-phase2' from image '${image}': Error response from daemon: Conflict. The container name "/dtr-phase2" is already in use`
}
