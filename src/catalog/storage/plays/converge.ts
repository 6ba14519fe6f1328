import { matches } from '../../../plan/check.ts'
import { factKey } from '../../../plan/fact.ts'
import type { HostName, Step } from '../../../plan/step.ts'
import type { Context, Play } from '../../product.ts'
import { markerText } from '../markers.ts'
import { marksRef, seesMarks, toolsRef } from '../facts.ts'
import { installScript } from '../packages.ts'
import { type Target, directTarget, replicaHosts, writeCommand } from '../target.ts'

const section = 'Shared storage'

/**
 * Proves before the first replica exists that all replica hosts look at one and the same storage: each writes a marker of
 * its own, then each must see everybody's. Nothing is emitted where there is no direct way (see `directTarget`); then
 * the registry itself proves it at the end.
 */
export const converge: Play = context => {
  const { topology } = context
  const target = directTarget(topology.storage)
  const hosts = replicaHosts(topology)
  if (!target || hosts.length === 0 || !provable(context, target)) return []
  const clients = target.kind === 'nfs' ? hosts.map(host => client(context, host)) : []
  const needs = clients.length > 0 ? clients.map(step => step.id) : context.after
  const marks = hosts.map(host => mark(context, target, host, needs))
  return [
    ...clients,
    ...marks,
    ...hosts.map(host =>
      prove(
        context,
        target,
        host,
        marks.map(step => step.id),
      ),
    ),
  ]
}

/** S3 is proved with curl's own signing, which old systems lack. Unknown is taken as able: the step then says what is missing. */
export function provable({ topology, facts }: Pick<Context, 'topology' | 'facts'>, target: Target): boolean {
  if (target.kind !== 's3') return true
  return !replicaHosts(topology).some(host =>
    matches({ curl: true, sigv4: false }, facts.get(factKey(toolsRef(host)))),
  )
}

function client(context: Context, host: HostName): Step {
  return {
    ...plain,
    id: `storage.client@${host}`,
    kind: 'storage.client',
    title: `Have an NFS client on ${host}`,
    section,
    host,
    needs: context.after,
    run: [
      {
        exec: { argv: ['sh', '-c', installScript, 'runbook-install', 'nfs-common', 'nfs-utils'] },
        timeoutSeconds: 600,
      },
    ],
    goal: [{ ...toolsRef(host), is: { nfs: true } }],
    withinSeconds: 10,
    takes: { p50Seconds: 15, p90Seconds: 90 },
  }
}

function mark(context: Context, target: Target, host: HostName, needs: readonly string[]): Step {
  const { name } = context.topology
  return {
    ...plain,
    id: `storage.mark@${host}`,
    kind: 'storage.mark',
    title: `Write the marker of ${host} into the shared storage`,
    section,
    host,
    needs,
    run: [{ exec: writeCommand(target, name, host), timeoutSeconds: 60 }],
    goal: [
      { ...marksRef(context.topology, target, host), is: { marks: { [host]: markerText(name, host) } } },
    ],
    withinSeconds: 30,
    takes: { p50Seconds: 2, p90Seconds: 10 },
  }
}

function prove(context: Context, target: Target, host: HostName, needs: readonly string[]): Step {
  const goal = [seesMarks(context.topology, target, host, replicaHosts(context.topology))]
  return {
    ...plain,
    id: `storage.prove@${host}`,
    kind: 'storage.prove',
    title: `See every replica's marker from ${host}`,
    section,
    host,
    needs,
    // Client caches of shared directories hold a listing for up to a minute.
    run: [{ await: goal, withinSeconds: 90 }],
    goal,
    withinSeconds: 10,
    takes: { p50Seconds: 2, p90Seconds: 60 },
  }
}

const plain = { requires: [], during: [], risk: 'none', inDoubt: 'repeat' } as const
