import { planFormats } from './planFormats.ts'

const outputs = ['auto', 'tty', 'plain', 'json'] as const
export type OutputKind = (typeof outputs)[number]

/** Every flag and the words that stand for files, once; which command takes which stands in `verbTable.ts`. */
export const flags = {
  file: { describe: 'The playbook', type: 'string', demandOption: true },
  json: { describe: 'The result as one JSON document', type: 'boolean', default: false },
  format: { describe: 'How the plan is shown', choices: planFormats, default: 'text' },
  offline: {
    describe: 'Ask no host: the plan for bare hosts, or for what --from says',
    type: 'boolean',
    default: false,
  },
  from: {
    describe: 'Plan from a snapshot that inspect wrote; with --offline',
    type: 'string',
    requiresArg: true,
  },
  after: {
    describe: 'Take the hosts to be as this playbook leaves them; with --offline or --rehearse',
    type: 'string',
    requiresArg: true,
  },
  rehearse: {
    describe: 'Also run the plan on pretended hosts, once for each call and way to fail',
    type: 'boolean',
    default: false,
  },
  faults: { describe: 'Rehearse at most so many failures; 0: all', type: 'number', default: 400 },
  seed: { describe: 'Draws the failures where not all are rehearsed', type: 'number', default: 1 },
  'approvals-from': {
    describe: 'Check approvals by the rules of this branch',
    type: 'string',
    requiresArg: true,
  },
  key: { describe: 'The SSH key to sign with', type: 'string', requiresArg: true },
  as: { describe: 'Your name in the rules', type: 'string', requiresArg: true },
  previous: { describe: 'The saved plan of the previous push', type: 'string', requiresArg: true },
  base: {
    describe: "The base branch's saved plan, to tell drift from the change",
    type: 'string',
    requiresArg: true,
  },
  'fail-on': {
    describe: 'What makes a check fail, beside errors',
    choices: ['error', 'irreversible', 'interrupts', 'changes'],
    default: 'error',
  },
  link: { describe: 'Where all of the plan can be read', type: 'string', requiresArg: true },
  replan: {
    describe: 'Where a saved plan is stale, show the difference and ask again',
    type: 'boolean',
    default: false,
  },
  out: { describe: 'Also save the plan as a file', type: 'string', alias: 'o', requiresArg: true },
  'detailed-exitcode': { describe: 'Exit 2 when something would change', type: 'boolean', default: false },
  prune: { describe: 'Also take out what left the playbook', type: 'boolean', default: false },
  without: {
    describe: 'Go on without these hosts or sites (d3,w1): what needs them is left undone',
    type: 'string',
    requiresArg: true,
  },
  'dry-run': { describe: 'Show the plan and stop', type: 'boolean', default: false },
  yes: { describe: 'Do not ask', type: 'boolean', alias: 'y', default: false },
  plan: { describe: 'Apply only if the plan is still this saved one', type: 'string', requiresArg: true },
  output: {
    describe: 'How progress is shown, on stderr (json: on stdout)',
    choices: outputs,
    default: 'auto',
  },
  parallel: {
    describe: 'At most so many steps at once; quorums may allow fewer',
    type: 'number',
    default: 10,
  },
  'one-by-one': {
    describe: 'Await each step before the next is sent to its host, also the short ones',
    type: 'boolean',
    default: false,
  },
  'runs-dir': {
    describe: 'Where runs are kept',
    type: 'string',
    default: '.runbook/runs',
    requiresArg: true,
  },
  'lock-timeout': {
    describe: 'Wait so long for hosts that somebody else holds (90s, 10m)',
    type: 'string',
    default: '0s',
    requiresArg: true,
  },
  'from-host': {
    describe: "Fetch the run from this host's copy; FILE is the playbook here",
    type: 'string',
    requiresArg: true,
  },
  assume: {
    describe: 'Say how the step in doubt ended, after looking: STEP=done or STEP=not-done',
    type: 'string',
    requiresArg: true,
  },
  'on-failure': {
    describe: 'When a step fails: stop and hold, or undo what the run changed (exit 16)',
    choices: ['stop', 'rollback'],
    default: 'stop',
  },
  reason: { describe: 'Why; others are shown it', type: 'string', requiresArg: true },
  ttl: { describe: 'Freeze for so long (4h)', type: 'string', requiresArg: true },
  name: { describe: 'The name of the cluster', type: 'string', requiresArg: true },
  force: { describe: 'Write over a file that is there', type: 'boolean', default: false },
  balancer: {
    describe: 'Hosts that are balancers, and no nodes: NAME=ADDRESS,NAME=ADDRESS',
    type: 'string',
    requiresArg: true,
  },
  'identity-file': { describe: 'The SSH key to log in with', type: 'string', requiresArg: true },
  'known-hosts': {
    describe: 'File with the host keys in the form of OpenSSH; without it what OpenSSH would look into',
    type: 'string',
    requiresArg: true,
  },
  sudo: { describe: 'How commands become those of root', choices: ['none', 'nopasswd'] },
  'admin-username': {
    describe: 'The administrator of UCP',
    type: 'string',
    default: 'admin',
    requiresArg: true,
  },
  'admin-password': {
    describe: 'Where its password is found (env:NAME, file:PATH), never the password',
    type: 'string',
    default: 'env:UCP_ADMIN_PASSWORD',
    requiresArg: true,
  },
  playbook: {
    describe: 'The playbook whose hosts they are',
    type: 'string',
    alias: 'f',
    default: 'runbook.yml',
    requiresArg: true,
  },
  write: {
    describe: 'It changes something: hold the hosts, as an apply does',
    type: 'boolean',
    default: false,
  },
  timeout: {
    describe: 'Stop the command after so long: 30s, or 10m with --write',
    type: 'string',
    requiresArg: true,
  },
  set: {
    describe: 'Name of a set of backups; the newest complete one without',
    type: 'string',
    requiresArg: true,
  },
  'yes-name': {
    describe: 'The name of the cluster that goes, instead of typing it',
    type: 'string',
    requiresArg: true,
  },
  watch: { describe: 'Look again and again until Ctrl-C', type: 'boolean', default: false },
  every: {
    describe: 'With --watch: how long between two looks',
    type: 'string',
    default: '10s',
    requiresArg: true,
  },
  mode: {
    describe: 'How real the drill is, in place of what its file says',
    choices: ['tabletop', 'readiness', 'rehearse', 'isolated', 'live'],
  },
  answers: {
    describe: 'What people answer, written down beforehand (a YAML file)',
    type: 'string',
    requiresArg: true,
  },
  'drills-dir': {
    describe: 'Where drills are kept',
    type: 'string',
    default: '.runbook/drills',
    requiresArg: true,
  },
  sign: { describe: 'Seal it with your SSH key (--key)', type: 'boolean', default: false },
  verify: {
    describe: 'Look at the seal; a file of allowed signers, as ssh-keygen has it',
    type: 'string',
    requiresArg: true,
  },
  count: {
    describe: 'Modes that count as having been done',
    type: 'string',
    default: 'isolated,live',
    requiresArg: true,
  },
  keep: {
    describe: 'Make the pretend cluster in this folder and leave it there',
    type: 'string',
    requiresArg: true,
  },
} as const

export type FlagName = keyof typeof flags
