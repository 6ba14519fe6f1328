import { canonical, digest } from './canonical.ts'
import type { Facts } from './fact.ts'
import type { Finding } from './finding.ts'
import type { Paces } from './pace.ts'
import { splitKey } from './moved.ts'
import type { Rehearsed } from './rehearsed.ts'
import type { Digest, HostName, Json, Plan } from './step.ts'

/** 'live': the hosts were asked. 'snapshot': what `inspect` saw earlier. 'offline': nothing, taken as bare hosts. */
export type Level = 'live' | 'snapshot' | 'offline'

/**
 * A plan as a file that can be reviewed, approved and applied. `digest` is of `plan` alone; `plan.from.facts` is of `facts`, so
 * one digest pins both. What a clock has to do with (`seen`) stands outside. Nothing in it is secret.
 */
export interface SavedPlan {
  readonly format: 'runbook.saved-plan/1'
  readonly tool: string
  readonly digest: Digest
  readonly plan: Plan
  /** The playbook as it was named. */
  readonly playbook: string
  readonly level: Level
  /** What left the playbook is taken out. */
  readonly prune?: true
  /** The steady answers the plan was made from, by `factKey`. */
  readonly facts: { readonly [key: string]: Json }
  /** Digest of each host's answers: which host moved can be told by these alone. */
  readonly perHost: { readonly [host: HostName]: Digest }
  readonly findings: readonly { readonly finding: Finding; readonly place?: string }[]
  /** Where each host stands in the playbook, as `file:line:column`. */
  readonly places: { readonly [host: HostName]: string }
  /** What managed files hold now, by `host:path`; null: there is none. Only of files that everybody may read. */
  readonly present: { readonly [file: string]: string | null }
  /** The SSH key that each host showed, 'ssh-ed25519 SHA256:…': whoever shows another one later is not the host that was looked at. */
  readonly hostKeys?: { readonly [host: HostName]: string }
  /** How long steps took where it was made: for the estimate alone. */
  readonly paces?: Paces
  /** When it was looked at, RFC 3339 in UTC. */
  readonly seen?: { readonly at: string }
  /** Offline: the playbook that the hosts are taken to be as left by. Without it they are taken as bare. */
  readonly after?: string
  /** What became of it on pretended hosts, where somebody asked for that. */
  readonly rehearsed?: Rehearsed
}

/** A file that is not, or is no longer, what `savedPlan` made. */
export class NotSaved extends Error {
  override readonly name = 'NotSaved'
}

/** Puts a plan and what it was made from together. `facts` are the steady ones: `plan.from.facts` is their digest. */
export function savedPlan(
  made: Omit<SavedPlan, 'format' | 'digest' | 'facts' | 'perHost'> & { readonly facts: Facts },
): SavedPlan {
  const facts = Object.fromEntries(made.facts)
  return {
    ...made,
    format: 'runbook.saved-plan/1',
    digest: digest(made.plan),
    facts,
    perHost: perHost(made.facts),
  }
}

/** One line of canonical bytes. */
export function savedBytes(saved: SavedPlan): string {
  return `${canonical(saved)}\n`
}

/**
 * Reads a saved plan and checks that it is whole: every digest is computed again.
 * @throws NotSaved with what is wrong, for a tampered file also
 */
export function readSavedPlan(text: string): SavedPlan {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (error) {
    throw new NotSaved(`it is not JSON: ${(error as Error).message}`)
  }
  if (!isSavedPlan(given)) throw new NotSaved('it is not a saved plan (format runbook.saved-plan/1)')
  const isWhole =
    typeof given.plan === 'object' &&
    (given.plan.format as string) === 'runbook.plan/1' &&
    Array.isArray(given.plan.steps) &&
    typeof given.facts === 'object'
  if (!isWhole) throw new NotSaved('parts of it are missing')
  if (digest(given.plan) !== given.digest)
    throw new NotSaved('its plan was changed after it was made: the digest does not fit')
  if (digest(given.facts) !== given.plan.from.facts)
    throw new NotSaved('what the plan was made from was changed afterwards: the digest does not fit')
  if (canonical(perHost(new Map(Object.entries(given.facts)))) !== canonical(given.perHost))
    throw new NotSaved('the digests of its hosts were changed afterwards')
  return given
}

/** Whether a parsed document says that it is a saved plan. It is not checked further. */
export function isSavedPlan(document: unknown): document is SavedPlan {
  return (
    typeof document === 'object' &&
    document !== null &&
    (document as { readonly format?: unknown }).format === 'runbook.saved-plan/1'
  )
}

/** Digest of each host's answers. */
export function perHost(facts: Facts): { readonly [host: HostName]: Digest } {
  const hosts = new Map<HostName, Map<string, Json>>()
  for (const [key, value] of facts) {
    const { host } = splitKey(key)
    const own = hosts.get(host) ?? new Map<string, Json>()
    hosts.set(host, own.set(key, value))
  }
  return Object.fromEntries(
    [...hosts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([host, own]) => [host, digest(Object.fromEntries(own))]),
  )
}
