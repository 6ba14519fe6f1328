import type { Check, HostName, Op, Step, StepId } from '../../../plan/step.ts'
import { plain } from '../../os/steps.ts'
import { LEDGER, isKept } from '../facts.ts'
import type { Making } from '../plan.ts'
import { type PartName, fileOf, proofOf, setProof } from '../set.ts'

/** Archives of many gigabytes go at the pace of a disk. */
export const LONG_SECONDS = 12 * 3600

/** Reads all of it back; what is not as it must be fails by name. Then every manager is told, so that each can say how old the newest set is. */
export function verify(making: Making, needs: readonly StepId[]): Step {
  const { manager, set, spec, ucp, folder, registry } = making
  const ledger = { set: set.set, complete: true, verified: true, parts: set.parts }
  const hosts: { readonly [part in PartName]: HostName } = {
    papers: manager,
    swarm: making.swarmHost,
    ucp: manager,
    dtr: registry?.replica.host ?? manager,
    images: registry?.replica.host ?? manager,
  }
  return {
    ...plain,
    id: `backup.verify@${manager}`,
    kind: 'backup.verify',
    title: `Read set ${set.set} back whole, and call it complete`,
    section: 'Backup',
    host: manager,
    needs,
    requires: set.parts.map(part => isKept(hosts[part], folder, fileOf(part))),
    run: [
      {
        prove: [
          { name: `${set.set}/set.json`, proof: setProof },
          ...set.parts.map(part => ({
            name: `${set.set}/${fileOf(part)}`,
            proof: proofOf(part, set, spec.passphrase),
          })),
        ],
        manifest: `${set.set}/SHA256SUMS`,
        store: spec.store,
        timeoutSeconds: LONG_SECONDS,
      },
      ...ucp.managers.map((on): Op => ({
        write: `${LEDGER}/${set.set}.json`,
        content: `${JSON.stringify(ledger)}\n`,
        mode: '0600',
        on,
      })),
    ],
    goal: ucp.managers.map((host): Check => ({
      fact: 'backup.set',
      host,
      args: { set: set.set },
      is: { complete: true, verified: true },
    })),
    withinSeconds: 10,
    takes: { p50Seconds: 60, p90Seconds: 3600 },
  }
}
