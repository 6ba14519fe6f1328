import { count } from './layout.ts'
import type { Fidelity } from '../run/fidelity.ts'

/** `Plan fidelity 41/41`, and what differs where something does. */
export function fidelityLine({ planned, asPlanned, unplanned, ifNeeded, repeated }: Fidelity): string {
  const parts = [
    ...(planned > asPlanned ? [`${planned - asPlanned} not run`] : []),
    ...(unplanned.length > 0 ? [`${unplanned.length} not in the plan`] : []),
    ...(ifNeeded.spared > 0
      ? [`${count(ifNeeded.spared, 'step')} planned for if still needed, and not needed`]
      : []),
    ...(repeated > 0 ? [`${repeated} begun again`] : []),
  ]
  return `Plan fidelity ${asPlanned}/${planned}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`
}
