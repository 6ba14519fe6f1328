import type { HostName } from '../plan/step.ts'
import { Unreachable } from './session.ts'

/** The keys that hosts showed earlier: 'ssh-ed25519 SHA256:…'. */
export type Pins = { readonly [host: HostName]: string }

/** Another key than the pinned one, though it may be on file: somebody else answers, or the host was rebuilt since. */
export function checkPin(
  host: HostName,
  where: string,
  shown: string | undefined,
  pins: Pins | undefined,
): Unreachable | undefined {
  const pinned = pins?.[host]
  if (pinned === undefined || pinned === shown) return undefined
  return new Unreachable(
    host,
    'hostkey',
    `${where}: this is not the host that the plan was made with: it shows ${shown ?? 'a key that could not be read'}, the plan saw ${pinned}`,
    'If the host was rebuilt, or has a new key, make a new plan. If not, somebody may be in between.',
  )
}
