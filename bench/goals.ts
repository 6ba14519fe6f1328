/** How far ours may be from one script per host over OpenSSH, in the same round. */
export interface Goal {
  readonly workload: string
  readonly title: string
  /** By round trip in ms. */
  readonly ratio: { readonly [roundTripMs: number]: number }
  /** The tool that is held to it, where it is not `runbook`. */
  readonly tool?: string
}

/** From the project's own measurement of what the peers and bare libraries reach. */
export const goals: readonly Goal[] = [
  { workload: 'W1', title: 'no-op', ratio: { 0: 0.9, 50: 0.9 } },
  { workload: 'W2', title: 'converge', ratio: { 0: 1.1, 50: 1.0 } },
  {
    workload: 'W2',
    title: 'converge, each step awaited',
    ratio: { 0: 1.2, 50: 2.1 },
    tool: 'runbook-awaited',
  },
  { workload: 'W3', title: 'fleet of 50', ratio: { 0: 0.5, 50: 0.5 } },
  { workload: 'W4', title: 'one command', ratio: { 0: 1.0, 50: 0.9 } },
  { workload: 'W5', title: 'ordered commands', ratio: { 0: 1.3, 50: 1.1 } },
  { workload: 'W5', title: 'each command awaited', ratio: { 0: 1.5, 50: 11 }, tool: 'runbook-awaited' },
]

/** On the controller, at no round trip. */
export const costGoals = [
  { workload: 'W1', what: 'controller CPU', unit: 's', most: 0.35 },
  { workload: 'W1', what: 'peak memory', unit: 'MiB', most: 90 },
  { workload: 'W2', what: 'peak memory', unit: 'MiB', most: 90 },
  { workload: 'W3', what: 'peak memory', unit: 'MiB', most: 120 },
] as const

export const startRatio = 2.5
export const planningSeconds = 2
export const planningMiB = 300
export const outputRatio = 1.1
export const sweepCasesPerSecond = 500
