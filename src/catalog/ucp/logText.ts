/** What the bootstrapper's log is made of. Texts are those of captures of UCP 2.1 to 2.2 and the sheet §4.3; see test/fixtures/ucp. */
export interface InstallTold {
  readonly version: string
  readonly address: string
  readonly port: number
  readonly username: string
  readonly nodes: readonly { readonly id: string; readonly hostname: string }[]
  readonly newSwarm: boolean
  readonly licensed: boolean
  readonly instance: string
}

/** The lines of an install that ends well, as level and message. */
export function installLines(told: InstallTold): readonly (readonly ['info', string])[] {
  const { address, instance, licensed, newSwarm, nodes, port, username, version } = told
  return [
    ['info', `Verifying your system is compatible with UCP ${version}`],
    ['info', 'All required images are present'],
    ...(newSwarm ? ([['info', `Initializing a new swarm at ${address}`]] as const) : []),
    ['info', 'Establishing mutual Cluster Root CA with Swarm'],
    [
      'info',
      `Installing UCP with host address ${address} - If this is incorrect, please specify an alternative address with the '--host-address' flag`,
    ],
    ['info', 'Generating UCP Client Root CA'],
    ['info', 'Deploying UCP Service'],
    ...(licensed ? ([['info', 'Injecting user supplied license file']] as const) : []),
    ...nodes.map(
      ({ hostname, id }) => ['info', `Installation completed on ${hostname} (node ${id})`] as const,
    ),
    ['info', `UCP Instance ID: ${instance}`],
    [
      'info',
      `UCP Server SSL: SHA-256 Fingerprint=78:67:39:77:5A:AE:30:D1:EA:BA:79:93:2D:0C:1C:B4:0E:3C:36:25:82:0D:5A:D6:8E:62:26:E1:B6:31:66:57`,
    ],
    ['info', `Login to UCP at https://${address}:${port}`],
    ['info', `Username: ${username}`],
    ['info', 'Password: (your admin password)'],
  ]
}

/** The log of an install without a terminal. */
export function installLog(told: InstallTold): string {
  return installLines(told)
    .map(([level, message]) => `${logLine(level, message)}\n`)
    .join('')
}

/** One line in logrus' key-value form, which is printed without a terminal. */
export function logLine(level: 'info' | 'warning' | 'error' | 'fatal', message: string): string {
  return `time="2024-01-01T00:00:00Z" level=${level} msg=${JSON.stringify(message)}`
}

/** The same line as a terminal gets it: `INFO[0004] text`. */
export function terminalLine(
  level: 'info' | 'warning' | 'error' | 'fatal',
  seconds: number,
  message: string,
): string {
  const short = { info: 'INFO', warning: 'WARN', error: 'ERRO', fatal: 'FATA' }[level]
  return `${short}[${String(seconds).padStart(4, '0')}] ${message}`
}

/** What the engine says when a container of that name is there already. */
export function conflictText(): string {
  return `docker: Error response from daemon: Conflict. The container name "/ucp" is already in use by container "${'0'.repeat(64)}". You have to remove (or rename) that container to be able to reuse that name.\nSee 'docker run --help'.\n`
}
