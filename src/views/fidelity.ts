import type { Fidelity } from '../run/fidelity.ts'

/** `Plan fidelity 41/41`, and what differs where something does. */
export function fidelityLine({ planned, asPlanned, unplanned, repeated }: Fidelity): string {
  const parts = [
    ...(planned > asPlanned ? [`${planned - asPlanned} not run`] : []),
    ...(unplanned.length > 0 ? [`${unplanned.length} not in the plan`] : []),
    ...(repeated > 0 ? [`${repeated} begun again`] : []),
  ]
  return `Plan fidelity ${asPlanned}/${planned}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`
}
