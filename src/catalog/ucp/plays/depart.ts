import type { Facts } from '../../../plan/fact.ts'
import type { Check, HostName, Step, StepId } from '../../../plan/step.ts'
import type { Topology, UcpSpec } from '../../../playbook/topology.ts'
import { plain } from '../../os/steps.ts'
import type { Play } from '../../product.ts'
import { founder } from '../cluster.ts'
import { type Leaver, leavers } from '../leavers.ts'
import { SWEEP } from '../scripts.ts'

const SECTION = 'Nodes that leave'
const LOST = 'Nodes that are lost'

interface Leaving {
  readonly topology: Topology
  readonly ucp: UcpSpec
  readonly through: HostName
  /** Managers that must all be reachable before a live one is demoted [§4.8]: the playbook's that were seen as managers. */
  readonly others: readonly HostName[]
}

/**
 * Nodes that cannot come back: demoted and struck off the list by a healthy manager, before anything joins [§8.7]. A dead manager would
 * otherwise count as a member for every newcomer.
 */
export function strikeOff(
  { topology, facts }: { readonly topology: Topology; readonly facts: Facts },
  after: readonly StepId[],
): readonly Step[] {
  const leaving = leavingOf(topology, facts)
  if (!leaving) return []
  return chain(
    leavers(topology, facts)
      .filter(({ alive }) => !alive)
      .map(leaver => needs => [
        ...(leaver.manager ? [demote(leaving, leaver, needs, LOST)] : []),
        strike(leaving, leaver, needs, LOST),
      ]),
    after,
  )
}

/**
 * Live nodes that are to go, after all that was to be taken off them: demoted, reconciled, drained, out by their own word, struck off
 * the list. One after another, managers first, each only while every other manager is reachable [§4.8].
 */
export const depart: Play = ({ topology, facts, after }) => {
  const leaving = leavingOf(topology, facts)
  if (!leaving) return []
  return chain(
    leavers(topology, facts)
      .filter(({ alive }) => alive)
      .map(leaver => needs => [
        ...(leaver.manager ? [demote(leaving, leaver, needs, SECTION)] : []),
        drain(leaving, leaver, needs),
        ...(leaver.host === undefined
          ? [strike(leaving, leaver, needs, SECTION)]
          : leave(leaving, leaver, leaver.host, needs)),
      ]),
    after,
  )
}

function leavingOf(topology: Topology, facts: Facts): Leaving | undefined {
  const { ucp } = topology
  if (!ucp) return undefined
  const through = founder(ucp, facts)
  return { topology, ucp, through, others: ucp.managers }
}

/** Every step needs the one before it; `needs` of the builders is filled in here. */
function chain(
  builders: readonly ((needs: readonly StepId[]) => readonly Step[])[],
  after: readonly StepId[],
): readonly Step[] {
  const steps: Step[] = []
  for (const step of builders.flatMap(build => build([]))) {
    const last = steps.at(-1)
    steps.push({ ...step, needs: last ? [last.id] : after })
  }
  return steps
}

function isNode(through: HostName, id: string, is: Check['is']): Check {
  return { fact: 'docker.node', host: through, args: { id }, is }
}

function hasDuty(through: HostName, id: string, is: Check['is']): Check {
  return { fact: 'docker.duty', host: through, args: { id }, is }
}

function quorate(through: HostName): Check {
  return { fact: 'docker.swarm', host: through, is: { state: 'active', manager: true, quorum: true } }
}

function demote(
  { through, others }: Leaving,
  { alive, host, id, name }: Leaver,
  needs: readonly StepId[],
  section: string,
): Step {
  const reconciled: readonly Check[] =
    host === undefined
      ? []
      : ['ucp-controller', 'ucp-kv', 'ucp-auth-store'].map(container => ({
          fact: 'docker.container',
          host,
          args: { name: container },
          is: null,
        }))
  return {
    ...plain,
    id: `ucp.demote@${through}:${id}`,
    kind: 'ucp.demote',
    title: alive
      ? `Demote ${name} and wait until UCP has taken its controller off it`
      : `Demote ${name}, which is down, so that it counts as a manager no more`,
    section,
    host: through,
    needs,
    requires: [
      quorate(through),
      // A live manager is given up only while all that stay are there.
      ...(alive
        ? others.map(other => ({
            fact: 'docker.node',
            host: through,
            args: { name: other },
            is: { role: 'manager', reachability: 'reachable' },
          }))
        : []),
    ],
    during: [hasDuty(through, id, { manager: false })],
    goal: [hasDuty(through, id, { manager: false }), ...reconciled],
    run: [{ exec: { argv: ['docker', 'node', 'demote', id] }, timeoutSeconds: 60 }],
    withinSeconds: 600,
    risk: alive ? 'interrupts' : 'none',
    takes: { p50Seconds: 60, p90Seconds: 300 },
    ...(alive
      ? {
          undo: {
            goal: [isNode(through, id, { role: 'manager', reachability: 'reachable' })],
            run: [{ exec: { argv: ['docker', 'node', 'promote', id] }, timeoutSeconds: 60 }],
            withinSeconds: 600,
          },
        }
      : {}),
  }
}

function drain({ through }: Leaving, { id, name }: Leaver, needs: readonly StepId[]): Step {
  const tasks: Check = { fact: 'docker.tasks', host: through, args: { id }, is: { running: 0 } }
  return {
    ...plain,
    id: `ucp.drain@${through}:${id}`,
    kind: 'ucp.drain',
    title: `Drain ${name} and wait until none of its tasks runs`,
    section: SECTION,
    host: through,
    needs,
    requires: [quorate(through), hasDuty(through, id, { manager: false })],
    goal: [hasDuty(through, id, { drained: true }), tasks],
    run: [
      { exec: { argv: ['docker', 'node', 'update', '--availability', 'drain', id] }, timeoutSeconds: 60 },
    ],
    withinSeconds: 900,
    risk: 'interrupts',
    takes: { p50Seconds: 30, p90Seconds: 300 },
    undo: {
      goal: [isNode(through, id, { availability: 'active' })],
      run: [
        { exec: { argv: ['docker', 'node', 'update', '--availability', 'active', id] }, timeoutSeconds: 60 },
      ],
      withinSeconds: 60,
    },
  }
}

/** Three steps, so that each can be taken up again by itself. */
function leave(
  { through }: Leaving,
  { id, name }: Leaver,
  host: HostName,
  needs: readonly StepId[],
): readonly Step[] {
  const isOut: Check = { fact: 'docker.swarm', host, is: { state: 'inactive' } }
  const common = { ...plain, section: SECTION, host, needs, risk: 'irreversible' } as const
  return [
    {
      ...common,
      id: `ucp.leave@${host}`,
      kind: 'ucp.leave',
      title: `Let ${name} leave the swarm`,
      requires: [
        quorate(through),
        hasDuty(through, id, { manager: false, drained: true }),
        { fact: 'docker.swarm', host, is: { state: 'active', worker: true } },
      ],
      goal: [isOut],
      run: [{ exec: { argv: ['docker', 'swarm', 'leave'] }, timeoutSeconds: 120 }],
      withinSeconds: 60,
      takes: { p50Seconds: 10, p90Seconds: 60 },
    },
    {
      ...common,
      id: `ucp.strike@${host}`,
      kind: 'ucp.strikeLeft',
      title: `Strike ${name} off the swarm's list once managers see that it left`,
      requires: [quorate(through), isOut],
      goal: [isNode(through, id, null)],
      run: [
        { await: [isNode(through, id, { state: 'down' })], withinSeconds: 180 },
        { exec: { argv: ['docker', 'node', 'rm', id] }, on: through, timeoutSeconds: 60 },
      ],
      withinSeconds: 60,
      takes: { p50Seconds: 20, p90Seconds: 120 },
    },
    {
      ...common,
      id: `ucp.sweep@${host}`,
      kind: 'ucp.sweep',
      title: `Clear UCP's containers and volumes off ${name}, so that it may join again`,
      requires: [isOut],
      goal: [{ fact: 'ucp.remains', host, is: { containers: 0, volumes: 0 } }],
      run: [{ exec: { argv: ['sh', '-c', SWEEP, 'runbook-ucp-sweep'] }, timeoutSeconds: 300 }],
      withinSeconds: 60,
      takes: { p50Seconds: 10, p90Seconds: 60 },
    },
  ]
}

/** Without its host's help. What is on the host stays there, so it must be wiped before it may join again. */
function strike(
  { through }: Leaving,
  { alive, id, manager, name, why }: Leaver,
  needs: readonly StepId[],
  section: string,
): Step {
  const wipe =
    why === 'rebuilt'
      ? 'the shadow of a host that was built anew'
      : 'whose host is not asked: wipe it before it may join again'
  return {
    ...plain,
    id: `ucp.strike@${through}:${id}`,
    kind: 'ucp.strike',
    title: `Strike ${name} off the swarm's list, ${wipe}`,
    section,
    host: through,
    needs,
    requires: [quorate(through), ...(manager || alive ? [hasDuty(through, id, { manager: false })] : [])],
    goal: [isNode(through, id, null)],
    run: [{ exec: { argv: ['docker', 'node', 'rm', '--force', id] }, timeoutSeconds: 60 }],
    withinSeconds: 60,
    risk: 'irreversible',
    takes: { p50Seconds: 2, p90Seconds: 15 },
  }
}
