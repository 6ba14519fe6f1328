import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { compile, findings, questions, steady } from '../catalog/compile.ts'
import { products } from '../catalog/index.ts'
import { canonical, digest } from '../plan/canonical.ts'
import { perHost } from '../plan/saved.ts'
import type { Digest, HostName, Json } from '../plan/step.ts'
import type { Topology } from '../playbook/topology.ts'
import { Quit } from './exit.ts'
import type { Io } from './io.ts'
import type { Survey } from './survey.ts'

/** What was seen on the hosts of a playbook, to plan from without asking them again. No secret is in it. */
export interface Snapshot {
  readonly format: 'runbook.facts/1'
  /** Of `facts`: two looks at the same state give the same digest at any time. */
  readonly digest: Digest
  readonly name: string
  readonly facts: { readonly [key: string]: Json }
  readonly perHost: { readonly [host: HostName]: Digest }
  /** Hosts that could not be asked: nothing is known of them, which is not the same as bare. */
  readonly unreachable: readonly HostName[]
  /** When, RFC 3339 in UTC. */
  readonly seen: { readonly at: string }
}

/** The bytes of a snapshot of what was seen. */
export function snapshotBytes(seen: Survey, at: string): string {
  const facts = steady(products, seen.facts)
  const plain = Object.fromEntries(facts)
  const snapshot: Snapshot = {
    format: 'runbook.facts/1',
    digest: digest(plain),
    name: seen.plan.name,
    facts: plain,
    perHost: perHost(facts),
    unreachable: [...seen.unreachable.keys()].sort(),
    seen: { at },
  }
  return `${canonical(snapshot)}\n`
}

/** @throws Quit when it cannot be read, or was changed since */
export function readSnapshot(file: string, io: Io): Snapshot {
  const no = (what: string): Quit =>
    new Quit('usage', `${file} ${what}`, 'runbook inspect FILE --out SNAPSHOT writes one')
  let given: Partial<Snapshot>
  try {
    given = JSON.parse(readFileSync(resolve(io.cwd, file), 'utf8')) as Partial<Snapshot>
  } catch (error) {
    throw no(`cannot be read: ${(error as Error).message}`)
  }
  if (given.format !== 'runbook.facts/1' || typeof given.facts !== 'object' || given.seen === undefined)
    throw no('is not a snapshot (format runbook.facts/1)')
  if (digest(given.facts) !== given.digest)
    throw new Quit('refused', `${file} was changed after it was made: the digest does not fit`)
  return given as Snapshot
}

/** The plan for what a snapshot says. What it does not say stays unknown. */
export function surveyOf(topology: Topology, playbook: Digest, snapshot: Snapshot): Survey {
  const facts = new Map(Object.entries(snapshot.facts))
  const plan = compile(topology, playbook, products, facts)
  return {
    plan,
    facts,
    refs: questions(topology, products, plan),
    unreachable: new Map(),
    findings: findings(topology, products, facts),
  }
}

/** '4 min', '3 h', '2 days': how old a look is. */
export function age(at: string, nowMs: number): string {
  const minutes = Math.max(0, Math.round((nowMs - Date.parse(at)) / 60_000))
  if (minutes < 120) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`
}
