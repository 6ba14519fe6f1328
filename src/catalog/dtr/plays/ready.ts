import type { Check, Op } from '../../../plan/step.ts'
import type { ReplicaSpec } from '../../../playbook/topology.ts'
import { isHealthy, nodeIs, schedulingIsOn } from '../../ucp/cluster.ts'
import { imageScript } from '../scripts.ts'
import { askHelper } from '../questions.ts'
import type { Making } from './converge.ts'

/** Heading of the registry's steps. */
export const section = 'Registry'
/** One bootstrapper at a time in the whole cluster: its helper container has a fixed name [O], [S: AWS scripts]. */
export const lane = 'dtr-bootstrapper'

/**
 * What must hold before a bootstrapper runs: administrators may schedule on registry nodes (else "could not find any nodes")
 * [D: system-requirements.md], the manager is well, and no helper of another run is at work anywhere.
 * The node being a ready worker, and its ports, are tested by the bootstrapper itself; UCP's steps have made the node ready.
 */
export function readyForBootstrapper({ ucp, dtr, run }: Making): readonly Check[] {
  return [
    isHealthy(ucp, run.manager),
    schedulingIsOn(ucp, run.manager),
    ...dtr.replicas.map(one => ({ ...askHelper(one), is: { running: false } })),
  ]
}

/** The bootstrapper's image on the target host, which is also where it runs: phase two starts from it there [O]. */
export function haveImage({ dtr }: Making): Op {
  return { exec: { argv: ['sh', '-c', imageScript, 'runbook-dtr-image', dtr.image] }, timeoutSeconds: 1200 }
}

/** A worker that its managers call ready. The bootstrapper wants the name as in `docker node ls`, so does this question. */
export function isReadyWorker({ run }: Making, { host }: ReplicaSpec): Check {
  return nodeIs(run.manager, host, { role: 'worker', state: 'ready' })
}
