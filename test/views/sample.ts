import type { Facts } from '../../src/plan/fact.ts'
import { digest } from '../../src/plan/canonical.ts'
import { preview } from '../../src/plan/preview.ts'
import type { Check, Host, Plan, Step } from '../../src/plan/step.ts'
import type { Event, Failure } from '../../src/run/event.ts'
import { fold, fresh, type Run } from '../../src/run/fold.ts'
import type { PlanReport } from '../../src/views/text.ts'

/** A small plan of no product: three nodes that vote, one after another, and a gate before them. */

const names = ['node-1', 'node-2', 'node-3', 'gate']

function host(name: string, i: number): Host {
  return { name, address: `10.0.0.${i + 1}`, port: 22, user: 'root', roles: [], sudo: 'no' }
}

function up(name: string): Check {
  return { fact: 'group.node', host: name, is: { member: true, up: true } }
}

function step(name: string, i: number): Step {
  return {
    id: `group.join@${name}`,
    kind: 'group.join',
    title: i === 0 ? `Start the group on ${name}` : `Join ${name} to the group`,
    section: 'Group',
    host: name,
    needs: i === 0 ? ['package.present@node-1'] : [`group.join@${names[i - 1] ?? ''}`],
    requires: [],
    during: [{ fact: 'group.node', host: name, is: { up: false } }],
    goal: [up(name)],
    run: [
      {
        exec: {
          argv: [
            'groupctl',
            i === 0 ? 'init' : 'join',
            '--advertise',
            `10.0.0.${i + 1}:2377`,
            '--label',
            'zone=first floor',
            '--listen',
            '0.0.0.0:2377',
          ],
          stdin: { secret: 'env:GROUP_TOKEN' },
        },
        timeoutSeconds: 60,
      },
      { await: [up(name)], withinSeconds: 120 },
    ],
    withinSeconds: 60,
    risk: i === 0 ? 'irreversible' : 'interrupts',
    inDoubt: 'repeat',
    takes: { p50Seconds: 60, p90Seconds: 150 },
    ...(i === 0 ? {} : { undo: { goal: [], run: [], withinSeconds: 1 } }),
  }
}

const install: Step = {
  id: 'package.present@node-1',
  kind: 'package.present',
  title: 'Install group 3.2 on node-1',
  section: 'Packages',
  host: 'node-1',
  needs: [],
  requires: [],
  during: [],
  goal: [{ fact: 'package', host: 'node-1', args: { name: 'group' }, is: '3.2' }],
  run: [{ exec: { argv: ['apt-get', 'install', '-y', 'group=3.2'] }, timeoutSeconds: 300 }],
  withinSeconds: 10,
  risk: 'none',
  inDoubt: 'repeat',
  takes: { p50Seconds: 20, p90Seconds: 60 },
}

const gate: Step = {
  id: 'gate.config@gate',
  kind: 'gate.config',
  title: 'Put the three nodes behind the gate',
  section: 'Gate',
  host: 'gate',
  needs: ['group.join@node-3'],
  requires: [],
  during: [],
  goal: [{ fact: 'gate.members', host: 'gate', is: ['node-1', 'node-2', 'node-3'] }],
  run: [{ write: '/etc/gate.conf', content: 'members', mode: '0644' }],
  withinSeconds: 10,
  risk: 'none',
  inDoubt: 'repeat',
  takes: { p50Seconds: 5, p90Seconds: 10 },
}

export const plan: Plan = {
  format: 'runbook.plan/1',
  name: 'site',
  from: { playbook: 'a'.repeat(64), facts: 'b'.repeat(64) },
  hosts: Object.fromEntries(names.map((name, i) => [name, host(name, i)])),
  quorums: [
    {
      name: 'group',
      voters: names.slice(0, 3).map(name => ({
        name,
        member: { fact: 'group.node', host: name, is: { member: true } },
        up: { fact: 'group.node', host: name, is: { up: true } },
      })),
    },
  ],
  steps: [install, step('node-1', 0), step('node-2', 1), step('node-3', 2), gate],
}

/** Bare hosts: everything was asked, nothing is there. The gate could not be asked. */
export const bare: Facts = new Map([
  ['package@node-1 {"name":"group"}', null],
  ...names.slice(0, 3).map((name): [string, null] => [`group.node@${name}`, null]),
])

/** The first two steps hold, the second node is down. */
export const half: Facts = new Map<string, Check['is']>([
  ['package@node-1 {"name":"group"}', '3.2'],
  ['group.node@node-1', { member: true, up: true }],
  ['group.node@node-2', { member: true, up: false }],
  ['group.node@node-3', { member: true, up: true }],
  ['gate.members@gate', ['node-1']],
])

export const built: Facts = new Map<string, Check['is']>([
  ['package@node-1 {"name":"group"}', '3.2'],
  ...names
    .slice(0, 3)
    .map((name): [string, Check['is']] => [`group.node@${name}`, { member: true, up: true }]),
  ['gate.members@gate', ['node-1', 'node-2', 'node-3']],
])

export function report(facts: Facts, more: Partial<PlanReport> = {}): PlanReport {
  return {
    plan,
    digest: digest(plan),
    facts,
    level: 'live',
    outlooks: preview(plan, facts),
    findings: [],
    ...more,
  }
}

const at = (seconds: number): string =>
  new Date(Date.UTC(2026, 0, 2, 15, 4, 0) + seconds * 1000).toISOString()
export const startMs = Date.parse(at(0))

const failure: Failure = {
  why: 'exit',
  host: 'node-2',
  op: 0,
  shown: 'groupctl join --advertise 10.0.0.2:2377',
  code: 1,
  lastLines: Array.from({ length: 20 }, (_, i) => `line ${i + 1}`),
}

/** A run in which the second node refuses to join. */
export const events: readonly Event[] = [
  {
    at: at(0),
    kind: 'run-started',
    run: '01RUN',
    plan: digest(plan),
    name: 'site',
    steps: 5,
    resumed: false,
  },
  { at: at(0), kind: 'step-done', step: 'package.present@node-1', how: 'already' },
  { at: at(1), kind: 'step-started', step: 'group.join@node-1', attempt: 1 },
  {
    at: at(1),
    kind: 'op-started',
    step: 'group.join@node-1',
    op: 0,
    host: 'node-1',
    shown: 'groupctl init --advertise 10.0.0.1:2377',
  },
  {
    at: at(2),
    kind: 'output',
    step: 'group.join@node-1',
    host: 'node-1',
    stream: 'out',
    line: 'INFO[0001] pulling',
  },
  {
    at: at(40),
    kind: 'output',
    step: 'group.join@node-1',
    host: 'node-1',
    stream: 'err',
    line: 'INFO[0039] ready',
  },
  { at: at(41), kind: 'op-ended', step: 'group.join@node-1', op: 0, code: 0 },
  {
    at: at(42),
    kind: 'waiting',
    step: 'group.join@node-1',
    for: up('node-1'),
    seen: null,
    elapsedSeconds: 1,
  },
  { at: at(75), kind: 'step-done', step: 'group.join@node-1', how: 'changed' },
  { at: at(76), kind: 'step-started', step: 'group.join@node-2', attempt: 1 },
  {
    at: at(76),
    kind: 'op-started',
    step: 'group.join@node-2',
    op: 0,
    host: 'node-2',
    shown: 'groupctl join --advertise 10.0.0.2:2377',
  },
  {
    at: at(80),
    kind: 'output',
    step: 'group.join@node-2',
    host: 'node-2',
    stream: 'err',
    line: 'FATA[0004] a member is unhealthy',
  },
  { at: at(81), kind: 'op-ended', step: 'group.join@node-2', op: 0, code: 1 },
  { at: at(81), kind: 'step-failed', step: 'group.join@node-2', failure },
  { at: at(81), kind: 'run-ended', outcome: 'failed' },
]

export function runOf(some: readonly Event[]): Run {
  return some.reduce(fold, fresh('01RUN', plan, digest(plan)))
}
