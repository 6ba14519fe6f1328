import { readFileSync } from 'node:fs'
import { compile } from '../catalog/compile.ts'
import { products } from '../catalog/index.ts'
import type { Product } from '../catalog/product.ts'
import { digest } from '../plan/canonical.ts'
import type { Facts } from '../plan/fact.ts'
import { asked } from '../plan/refs.ts'
import type { HostName, Plan, Step } from '../plan/step.ts'
import { goWithout } from '../plan/without.ts'
import { createKeeper, keepersAmong } from '../run/keeper.ts'
import { fenced } from '../run/lease.ts'
import { observe } from '../run/observe.ts'
import { counts, type PlanReport } from '../views/text.ts'
import { conduct, type Conduct } from './conduct.ts'
import { exits, Quit } from './exit.ts'
import { giveBack, type Held, holdHosts } from './hold.ts'
import type { Good } from './load.ts'
import { insistOnAll } from './prospect.ts'
import { discardRun, filesOf } from './runs.ts'
import { secondsOf } from './seconds.ts'
import type { OnFailure } from './unwind.ts'

export interface Undertaking extends Omit<Conduct, 'guard'> {
  /** Hosts to hold: all of the plan but those left out. */
  readonly scope: readonly HostName[]
  /** Runs that this one winds up. */
  readonly continues?: readonly string[]
  /** '10m': how long to wait for hosts that somebody else holds. */
  readonly lockTimeout: string | undefined
  /** 'rollback': when it fails the hosts stay closed to others, for the way back that follows. */
  readonly onFailure?: OnFailure
  /** Called with what is seen once the hosts are ours. @throws Quit when the plan is not for that any more */
  readonly insist?: (facts: Facts) => void
}

/** All hosts of a plan but those that it goes on without. */
export function scopeOf({ hosts, without }: Plan): readonly HostName[] {
  return Object.keys(hosts).filter(host => without?.hosts.includes(host) !== true)
}

/** How long the end of a run waits for the copies to be whole. */
const SETTLE_MS = 5_000

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms).unref())

/** Holds all hosts, looks again, runs the plan, gives the hosts back. @returns the exit code @throws Quit when somebody else has one */
export async function undertake(job: Undertaking): Promise<number> {
  const { plan, world, sessions, io, scope, at, past } = job
  const held = await hold(job)
  let code: number = exits.bug
  try {
    // Somebody may have been at work between our look and our lease.
    const refs = [...job.observed.refs, ...asked(plan)]
    const seen = await observe(refs, world, sessions)
    insistOnAll({ unreachable: new Map([...seen.unreachable].filter(([host]) => scope.includes(host))) })
    job.insist?.(seen.facts)
    const copying = keepersAmong(scope.flatMap(name => plan.hosts[name] ?? []))
    const keeper = createKeeper(at.id, copying, sessions, sleep, past === undefined)
    const files = filesOf(at)
    keeper.append('plan.json', files.plan)
    keeper.append('run.json', files.run)
    if (past) keeper.append('journal.jsonl', readFileSync(at.journal).subarray(0, past.bytes))
    code = await conduct({
      ...job,
      observed: { facts: seen.facts, refs },
      sessions: fenced(sessions, held.lease),
      guard: {
        beat: () => held.lease.beat(),
        keep: record => {
          keeper.append('journal.jsonl', record)
        },
      },
    })
    await keeper.settle(SETTLE_MS)
    const lost = await held.lease.beat()
    if (lost !== undefined) {
      io.err(
        `${lost} was taken over by somebody else while this run was on; runbook lock status shows by whom\n`,
      )
      code = exits.locked
    }
    return code
  } catch (error) {
    discardRun(at)
    if (error instanceof Quit) code = exits[error.exit]
    throw error
  } finally {
    await end(held, code, job)
  }
}

async function hold({ scope, plan, sessions, at, continues, lockTimeout, io }: Undertaking): Promise<Held> {
  try {
    const lockTimeoutSeconds = secondsOf(lockTimeout ?? '0s', '--lock-timeout')
    return await holdHosts(scope, plan, sessions, {
      run: at.id,
      lockTimeoutSeconds,
      io,
      ...(continues && { continues }),
    })
  } catch (error) {
    discardRun(at)
    throw error
  }
}

/** A run in doubt keeps others off: what it began may still be at work. So does one that is to be undone now. */
async function end(held: Held, code: number, { io, onFailure }: Undertaking): Promise<void> {
  const goesOn = code === exits.inDoubt || (code === exits.failed && onFailure === 'rollback')
  const result = Object.entries(exits).find(([, number]) => number === code)?.[0] ?? String(code)
  await giveBack(held, goesOn ? 'left' : 'released', result, io)
}

/** A step without what came true by itself while we looked: whether it is needed is asked again just before it anyway. */
function deeds(step: Step): Omit<Step, 'mayFollow'> {
  const { mayFollow: _, ...rest } = step
  return rest
}

/**
 * A new plan under the lease on all its hosts. Where nothing is to be changed nobody's leave is needed, and each host is asked
 * once.
 */
export async function underLease(
  { topology, digest: playbook, without }: Pick<Good, 'topology' | 'digest' | 'without'>,
  { plan, outlooks }: Pick<PlanReport, 'plan' | 'outlooks'>,
  {
    lockTimeout,
    continues,
    onFailure,
    of = products,
  }: {
    readonly lockTimeout?: string
    readonly continues?: readonly string[]
    readonly onFailure?: OnFailure
    /** What the plan was made of, where that is not all products. */
    readonly of?: readonly Product[]
  },
  job: Conduct,
): Promise<number> {
  const { run, depend } = counts(outlooks)
  // A run to be wound up may still hold hosts.
  if (run + depend === 0 && continues === undefined) return conduct(job)
  return undertake({
    ...job,
    scope: scopeOf(plan),
    ...(continues && { continues }),
    ...(onFailure && { onFailure }),
    lockTimeout,
    insist(facts) {
      const whole = compile(topology, playbook, of, facts)
      const now = goWithout(whole, without, facts).plan
      if (digest(now.steps.map(deeds)) === digest(plan.steps.map(deeds))) return
      throw new Quit(
        'stale',
        'the cluster was changed between the plan and the lock on its hosts',
        'nothing was changed by this run; run the same command again to see the new plan',
      )
    },
  })
}
