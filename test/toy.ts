import type { Fact } from '../src/plan/fact.ts'
import type { Host, Json, Plan, Step } from '../src/plan/step.ts'
import type { Stage } from '../src/twin/rehearse.ts'
import type { Estate, Model } from '../src/twin/estate.ts'

/**
 * A small product for tests of the engine: members join a group with a token, one upgrade restarts a member. A join is
 * refused twice ("already a member") and shows only five seconds after its command has ended.
 */
export const member: Fact = {
  name: 'web.member',
  about: 'null | {joined, version, up}',
  scope: 'host',
  probe: () => ({ argv: ['web', 'show'] }),
  parse: exit =>
    exit.code !== 0 ? undefined : exit.stdout === '' ? null : (JSON.parse(exit.stdout) as Json),
}

export const token: Fact = {
  name: 'web.token',
  about: 'a late, secret value',
  scope: 'cluster',
  secret: true,
  probe: () => ({ argv: ['web', 'token'] }),
  parse: exit => (exit.code === 0 ? { token: exit.stdout } : undefined),
}

export const toyFacts = new Map([member, token].map(fact => [fact.name, fact]))

export const toyModel: Model = (line, host, estate) => {
  const [program, verb, argument] = line.argv
  if (program !== 'web') return undefined
  const state = estate.hosts[host]?.state as Record<string, Json>
  if (verb === 'token') return { code: 0, stdout: 'tok-12345-secret', stderr: '' }
  if (verb === 'show') {
    const joinedAtMs = state['joinedAtMs']
    const shown = typeof joinedAtMs === 'number' && joinedAtMs <= estate.clockMs
    return {
      code: 0,
      stderr: '',
      stdout: shown ? JSON.stringify({ joined: true, version: state['version'], up: state['up'] }) : '',
    }
  }
  if (verb === 'join') {
    if (line.stdin !== 'tok-12345-secret') return { code: 1, stdout: '', stderr: 'wrong token' }
    if (state['joinedAtMs'] !== undefined) return { code: 1, stdout: '', stderr: 'already a member' }
    Object.assign(state, { joinedAtMs: estate.clockMs + 5_000, version: '1', up: true })
    return { code: 0, stdout: 'joined\n', stderr: '' }
  }
  if (verb === 'upgrade') {
    state['up'] = false
    return {
      tookMs: 20_000,
      finish: () => {
        Object.assign(state, { up: true, version: argument ?? '' })
        return { code: 0, stdout: 'upgraded\n', stderr: '' }
      },
    }
  }
  return { code: 2, stdout: '', stderr: `web: unknown verb ${verb}` }
}

export function toyHost(name: string): Host {
  return { name, address: '127.0.0.1', port: 22, user: 'root', roles: [], sudo: 'no' }
}

export function toyEstate(names: readonly string[]): Estate {
  return {
    clockMs: Date.UTC(2026, 0, 1),
    hosts: Object.fromEntries(names.map(name => [name, { up: true, files: {}, jobs: {}, state: {} }])),
    shared: {},
  }
}

const base = {
  section: 'web',
  risk: 'none',
  inDoubt: 'repeat',
  takes: { p50Seconds: 5, p90Seconds: 9 },
  during: [],
  withinSeconds: 60,
} as const

export function join(host: string, needs: readonly string[]): Step {
  return {
    ...base,
    id: `web.join@${host}`,
    kind: 'web.join',
    title: `${host} joins`,
    host,
    needs,
    requires: [{ fact: 'web.member', host, is: null }],
    goal: [{ fact: 'web.member', host, is: { joined: true, up: true } }],
    run: [
      {
        exec: { argv: ['web', 'join'], stdin: { fact: { fact: 'web.token', host }, pick: 'token' } },
        timeoutSeconds: 30,
      },
    ],
  }
}

export function upgrade(host: string, needs: readonly string[]): Step {
  return {
    ...base,
    id: `web.upgrade@${host}`,
    kind: 'web.upgrade',
    title: `${host} is upgraded`,
    host,
    needs,
    requires: [{ fact: 'web.member', host, is: { joined: true } }],
    during: [{ fact: 'web.member', host, is: { up: false } }],
    goal: [{ fact: 'web.member', host, is: { version: '2', up: true } }],
    run: [
      { write: '/etc/web.conf', content: 'version = 2\n', mode: '0644' },
      { exec: { argv: ['web', 'upgrade', '2'] }, timeoutSeconds: 60 },
    ],
  }
}

/** Joins one after another, then upgrades that nothing orders but the quorum. */
export function toyPlan(names: readonly string[]): Plan {
  const joins = names.map((name, i) => join(name, i === 0 ? [] : [`web.join@${names[i - 1] ?? ''}`]))
  const last = joins.map(step => step.id)
  return {
    format: 'runbook.plan/1',
    name: 'toy',
    from: { playbook: '0', facts: '0' },
    hosts: Object.fromEntries(names.map(name => [name, toyHost(name)])),
    quorums: [
      {
        name: 'web',
        voters: names.map(host => ({
          name: host,
          member: { fact: 'web.member', host, is: { joined: true } },
          up: { fact: 'web.member', host, is: { up: true } },
        })),
      },
    ],
    steps: [...joins, ...names.map(name => upgrade(name, last))],
  }
}

export function toyStage(names: readonly string[]): Stage {
  return {
    estate: toyEstate(names),
    models: [toyModel],
    facts: toyFacts,
    secret: reference => `the-secret-${reference}`,
    file: file => `text of ${file}`,
    width: 50,
  }
}
