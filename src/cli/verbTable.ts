import type { FlagName } from './flags.ts'
import type { Io } from './io.ts'

/** What runs a command. Its arguments are typed where it is defined; the parser hands them over as they were typed. */
type Verb = (args: never, io: Io) => Promise<number> | number

/** A word without a name, as the parser describes it. */
interface Word {
  readonly describe: string
  readonly choices?: readonly string[]
}

/** One command: what is typed, what it says of itself, which flags it takes, and where it is. */
export interface VerbEntry {
  /** 'plan <file>': `<…>` must be there, `[…]` may. */
  readonly typed: string
  readonly does: string
  /** The words of `typed`, by name. */
  readonly words?: { readonly [name: string]: Word }
  readonly flags: readonly FlagName[]
  /** Flags that mean something a little different here. */
  readonly instead?: {
    readonly [flag in FlagName]?: { readonly describe?: string; readonly choices?: readonly string[] }
  }
  /** What it cannot do without, for the message when it is not there. */
  readonly needs?: string
  /** Loaded only when it is called: a command line should not pay for the others. */
  readonly load: () => Promise<Verb>
  /** Commands of two words that begin with this one's. */
  readonly more?: readonly VerbEntry[]
}

/** What has a published schema. */
const schemaNames = [
  'playbook',
  'plan',
  'preview',
  'plan-diff',
  'approvals',
  'facts',
  'findings',
  'events',
  'status',
  'drill',
  'drill-report',
] as const

const playbook = { file: { describe: 'The playbook' } }
const drillFile = { file: { describe: 'The drill' } }
const savedPlan = { describe: 'A saved plan' }
const someRun = { run: { describe: 'Its id; the newest one without' } }
const running: readonly FlagName[] = ['output', 'parallel', 'runs-dir', 'lock-timeout']

/** Every command there is, in the order of `--help`. */
export const verbTable: readonly VerbEntry[] = [
  {
    typed: 'validate <file>',
    does: 'Check a playbook; no host is asked',
    words: playbook,
    flags: ['json'],
    needs: 'a playbook',
    load: async () => (await import('./verbs/validate.ts')).validate,
  },
  {
    typed: 'plan <file>',
    does: 'Show what would happen; hosts are only read',
    words: playbook,
    flags: [
      'out',
      'format',
      'offline',
      'from',
      'after',
      'rehearse',
      'faults',
      'seed',
      'prune',
      'without',
      'detailed-exitcode',
      'runs-dir',
    ],
    needs: 'a playbook',
    load: async () => (await import('./verbs/plan.ts')).plan,
    more: [
      {
        typed: 'diff <before> <after>',
        does: 'How two saved plans differ, by step id',
        words: { before: savedPlan, after: { describe: 'Another' } },
        flags: ['format', 'detailed-exitcode'],
        instead: { format: { choices: ['text', 'md', 'json'] } },
        load: async () => (await import('./verbs/planDiff.ts')).planDiff,
      },
    ],
  },
  {
    typed: 'show <plan>',
    does: 'Show a saved plan in any form',
    words: { plan: savedPlan },
    flags: ['format'],
    needs: 'a saved plan',
    load: async () => (await import('./verbs/show.ts')).show,
  },
  {
    typed: 'approve <plan>',
    does: 'Sign a saved plan with your SSH key',
    words: { plan: savedPlan },
    flags: ['key', 'as'],
    needs: 'a saved plan',
    load: async () => (await import('./verbs/approve.ts')).approve,
  },
  {
    typed: 'ci <what> <plan>',
    does: 'Write a saved plan where the reviewers of a pull request are',
    words: {
      what: { describe: 'comment: one that is kept up to date', choices: ['comment', 'summary', 'check'] },
      plan: savedPlan,
    },
    flags: ['previous', 'base', 'fail-on', 'link'],
    needs: 'comment, summary or check, and a saved plan',
    load: async () => (await import('./verbs/ci.ts')).ci,
  },
  {
    typed: 'init',
    does: 'Write the playbook of a cluster that runs; its hosts are only read',
    flags: [
      'from',
      'out',
      'name',
      'force',
      'balancer',
      'identity-file',
      'known-hosts',
      'sudo',
      'admin-username',
      'admin-password',
    ],
    instead: {
      from: { describe: 'A manager of the cluster: ssh://[user@]manager[:port]' },
      out: { describe: 'The playbook to write; runbook.yml without' },
    },
    load: async () => (await import('./verbs/init.ts')).init,
  },
  {
    typed: 'import <file>',
    does: 'Translate a launchpad.yaml (v1.1 to v1.6), and say of each line what became of it',
    words: { file: { describe: 'The file of Mirantis Launchpad' } },
    flags: ['out', 'force'],
    instead: { out: { describe: 'The playbook to write; runbook.yml without' } },
    needs: 'a launchpad.yaml',
    load: async () => (await import('./verbs/import.ts')).importFile,
  },
  {
    typed: 'inspect <file>',
    does: 'Write down what is there now, to plan from later',
    words: playbook,
    flags: ['out'],
    instead: { out: { describe: 'Where to; stdout without' } },
    needs: 'a playbook',
    load: async () => (await import('./verbs/inspect.ts')).inspect,
  },
  {
    typed: 'apply <file>',
    does: 'Make the playbook, or exactly a saved plan, true',
    words: { file: { describe: 'The playbook, or a saved plan' } },
    flags: [
      'dry-run',
      'prune',
      'without',
      'yes',
      'plan',
      'replan',
      'approvals-from',
      'on-failure',
      'one-by-one',
      ...running,
    ],
    needs: 'a playbook or a saved plan',
    load: async () => (await import('./verbs/apply.ts')).apply,
  },
  {
    typed: 'resume [run] [step]',
    does: 'Go on with a run that was stopped, failed or killed',
    words: { ...someRun, step: { describe: 'With --assume: which step' } },
    flags: [...running, 'from-host', 'assume', 'replan', 'yes', 'on-failure'],
    instead: { replan: { describe: 'Go on with a new plan from what is there now' } },
    load: async () => (await import('./verbs/resume.ts')).resume,
  },
  {
    typed: 'rollback [run]',
    does: 'Undo what a run changed, back to the point of no return',
    words: someRun,
    flags: ['yes', ...running],
    load: async () => (await import('./verbs/rollback.ts')).rollback,
  },
  {
    typed: 'abort [run] [step]',
    does: 'Kill what a run is at on its hosts, with its process group; its step is in doubt then, nothing is undone',
    words: {
      ...someRun,
      step: { describe: 'Only what this step is at; else all that is at work' },
    },
    flags: ['runs-dir', 'reason', 'yes'],
    load: async () => (await import('./verbs/abort.ts')).abort,
  },
  {
    typed: 'abandon [run]',
    does: 'Give a stopped run up: its hosts are free again, nothing is undone',
    words: someRun,
    flags: ['runs-dir', 'yes'],
    load: async () => (await import('./verbs/abandon.ts')).abandon,
  },
  {
    typed: 'recover <scenario> [file]',
    does: 'Bring back what is lost, by a recipe; with only a playbook: which recipes there are, and which one fits',
    words: {
      scenario: { describe: 'The recipe, as dtr-majority-loss; or the playbook, to see them' },
      file: { describe: 'The playbook' },
    },
    flags: ['dry-run', 'without', 'out', 'plan', 'approvals-from', 'yes', ...running],
    instead: {
      without: {
        describe: 'These hosts or sites are gone (d3,w1): neither asked nor changed, and let go of',
      },
      plan: { describe: 'Only if the plan is still this saved one' },
    },
    needs: 'a recipe and a playbook, or a playbook',
    load: async () => (await import('./verbs/recover.ts')).recover,
  },
  {
    typed: 'reset <file>',
    does: 'Take registry, UCP and swarm away; asks for the name of the cluster',
    words: playbook,
    flags: ['dry-run', 'yes-name', ...running],
    needs: 'a playbook',
    load: async () => (await import('./verbs/reset.ts')).reset,
  },
  {
    typed: 'backup <what> <file>',
    does: 'Sets of backups: create one, verify that one can be restored, list those there are',
    words: { what: { describe: 'What to do', choices: ['create', 'verify', 'list'] }, ...playbook },
    flags: ['set', 'dry-run', 'yes', 'json', ...running],
    instead: {
      set: { describe: 'Name of the set; a new one by the time, the newest complete one to verify' },
    },
    needs: 'create, verify or list, and a playbook',
    load: async () => (await import('./verbs/backup.ts')).backup,
  },
  {
    typed: 'restore <file>',
    does: 'Build the cluster from a set of backups; asks for the name of the cluster',
    words: playbook,
    flags: ['set', 'dry-run', 'yes-name', ...running],
    instead: { 'yes-name': { describe: 'The name of the cluster that is made anew, instead of typing it' } },
    needs: 'a playbook',
    load: async () => (await import('./verbs/restore.ts')).restore,
  },
  {
    typed: 'drill [drill]',
    does: 'Break something on purpose and measure how it comes back; without a second word: how far a drill is',
    words: { drill: { describe: 'Its id; the newest one without' } },
    flags: ['drills-dir'],
    load: async () => (await import('./verbs/drillLook.ts')).drillStatus,
    more: [
      {
        typed: 'plan <file>',
        does: 'What it would do, phase by phase, with the quorums; no host is asked',
        words: drillFile,
        flags: ['mode', 'json'],
        load: async () => (await import('./verbs/drillPlan.ts')).drillPlan,
      },
      {
        typed: 'run <file>',
        does: 'Carry it out and write the report. Exit 18: an objective was missed, or it was ended early',
        words: drillFile,
        flags: ['mode', 'answers', 'yes', 'drills-dir', 'lock-timeout'],
        load: async () => (await import('./verbs/drill.ts')).drillRun,
      },
      {
        typed: 'resume [drill]',
        does: 'Go on with a drill that was stopped or killed',
        words: { drill: { describe: 'Its id; the newest one without' } },
        flags: ['answers', 'drills-dir', 'lock-timeout'],
        load: async () => (await import('./verbs/drill.ts')).drillResume,
      },
      {
        typed: 'stop <file>',
        does: 'The safety lever: undo every fault on the hosts, and nothing else',
        words: { file: { describe: 'The drill, or the playbook' } },
        flags: [],
        load: async () => (await import('./verbs/drillStop.ts')).drillStop,
      },
      {
        typed: 'status [drill]',
        does: 'How far it is, and which faults are on. Exit 18 when one is',
        words: { drill: { describe: 'Its id; the newest one without' } },
        flags: ['drills-dir'],
        load: async () => (await import('./verbs/drillLook.ts')).drillStatus,
      },
      {
        typed: 'report [drill]',
        does: 'Its report in any form, from its journal; --sign seals it, --verify looks at the seal',
        words: { drill: { describe: 'Its id; the newest one without' } },
        flags: ['format', 'sign', 'key', 'verify', 'drills-dir'],
        instead: {
          format: { describe: 'How it is shown', choices: ['text', 'md', 'json', 'html', 'junit', 'csv'] },
        },
        load: async () => (await import('./verbs/drillLook.ts')).drillReportVerb,
      },
      {
        typed: 'history [name]',
        does: 'Drills that were carried out from here, with the trend',
        words: { name: { describe: 'Only drills of this name' } },
        flags: ['json', 'drills-dir'],
        load: async () => (await import('./verbs/drillLook.ts')).drillHistory,
      },
      {
        typed: 'check <file>',
        does: 'Exit 18 when a drill of this file, or of this folder of them, is overdue',
        words: { file: { describe: 'A drill, or a folder of drills' } },
        flags: ['count', 'drills-dir'],
        load: async () => (await import('./verbs/drillLook.ts')).drillCheck,
      },
    ],
  },
  {
    typed: 'exec <where>',
    does: 'Run a command on the hosts of a role: exec ROLE|HOST|all -- CMD. Taken for a look unless --write is said',
    words: { where: { describe: 'Roles and hosts, separated by commas; all' } },
    flags: ['playbook', 'write', 'yes', 'timeout', 'lock-timeout', 'json'],
    needs: 'a role or a host, and a command behind --',
    load: async () => (await import('./verbs/exec.ts')).exec,
  },
  {
    typed: 'lock <what> <file>',
    does: 'Who may change the hosts: status, freeze, release, break',
    words: {
      what: { describe: 'What to do', choices: ['status', 'freeze', 'release', 'break'] },
      ...playbook,
    },
    flags: ['reason', 'ttl', 'json'],
    load: async () => (await import('./verbs/lock.ts')).lock,
  },
  {
    typed: 'history [file]',
    does: 'Runs: those of this folder, or what the hosts of a playbook remember',
    words: { file: { describe: 'The playbook, to ask its hosts' } },
    flags: ['runs-dir', 'json'],
    load: async () => (await import('./verbs/history.ts')).history,
  },
  {
    typed: 'status <file>',
    does: 'How it is: verdicts, versions, quorums, drift. Exit 0 healthy, 18 degraded, 20 lost, 11 not all could be asked',
    words: playbook,
    flags: ['watch', 'every', 'json'],
    needs: 'a playbook',
    load: async () => (await import('./verbs/status.ts')).status,
  },
  {
    typed: 'explain <what>',
    does: 'The page of a code (RB0312), a kind of step or a fact',
    words: { what: { describe: 'Code, kind or fact' } },
    flags: [],
    needs: 'a code (RB0312), a kind of step or a fact',
    load: async () => (await import('./verbs/explain.ts')).explain,
  },
  {
    typed: 'schema <what>',
    does: 'Print a JSON Schema',
    words: {
      what: { describe: 'Which one', choices: schemaNames },
    },
    flags: [],
    needs: `one of ${schemaNames.join(', ')}`,
    load: async () => (await import('./verbs/schema.ts')).schema,
  },
  {
    typed: 'demo',
    does: 'The whole story on a pretend cluster; needs no root, no network',
    flags: ['output', 'keep'],
    load: async () => (await import('./verbs/demo.ts')).demo,
  },
]

/** 'plan' of 'plan <file>'. */
export function nameOf({ typed }: VerbEntry): string {
  return typed.split(' ')[0] ?? ''
}

/** The flags of each command, those of its second words too. */
export const spoken: { readonly [command: string]: readonly FlagName[] } = Object.fromEntries(
  verbTable.map(entry => [nameOf(entry), [...entry.flags, ...(entry.more ?? []).flatMap(one => one.flags)]]),
)
