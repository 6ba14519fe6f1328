import { type Facts, factKey } from '../../plan/fact.ts'
import type { Check, HostName } from '../../plan/step.ts'
import type { UcpSpec } from '../../playbook/topology.ts'
import { member } from '../os/text.ts'
import { askConfig } from './facts.ts'

const SECTION = 'trust_configuration'
const KEY = 'require_content_trust'

/** What UCP says of enforced content trust; undefined when it says nothing of it, which is its default: off. */
export function trustOf(ucp: UcpSpec, manager: HostName, facts: Facts): boolean | undefined {
  const seen = facts.get(factKey(askConfig(ucp, manager, SECTION)))
  const value = member(member(seen, 'settings'), KEY)
  return typeof value === 'boolean' ? value : undefined
}

/** Enforced content trust refuses the new images of an upgrade [D: DTR upgrade page; §8.15]. */
export function trustIsOff(ucp: UcpSpec, manager: HostName, facts: Facts): Check {
  const said = trustOf(ucp, manager, facts) !== undefined
  return {
    ...askConfig(ucp, manager, SECTION),
    is: said ? { login: 'ok', settings: { [KEY]: false } } : { login: 'ok' },
  }
}

/** The part of the playbook's own configuration keys that switches it off, to be done before any upgrade; undefined when it does not. */
export function trustSwitchedOff({ config }: UcpSpec): NonNullable<UcpSpec['config']> | undefined {
  return config?.[SECTION]?.[KEY] === false ? { [SECTION]: { [KEY]: false } } : undefined
}
