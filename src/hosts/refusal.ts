import { Unreachable } from './session.ts'
import type { Distrust } from './trust.ts'

/** The server hung up before it said a word: sshd's MaxStartups does that at random. Safe to try again. */
export class TurnedAway extends Unreachable {}

/** How far a connection came: its TCP connection, the SSH greeting and key exchange, the login, all. */
export type Phase = 'connect' | 'banner' | 'auth' | 'ready'

/** What an error has to say besides the cause: who was asked, and what was tried. */
export interface Asked {
  readonly host: string
  /** 'm1 (root@192.0.2.1:22)' */
  readonly where: string
  readonly phase: Phase
  readonly connectTimeoutSeconds: number
  readonly distrust?: Distrust | undefined
  readonly tried: readonly string[]
  readonly offered: readonly string[]
  /** Keys that could not be used, each with its reason. */
  readonly unusable: readonly string[]
}

/** No answer within the time of a phase. */
export function tookTooLong({ host, where, phase, connectTimeoutSeconds }: Asked): Unreachable {
  const after = `within ${String(connectTimeoutSeconds)} s`
  const [what, help] =
    phase === 'connect'
      ? [`no TCP connection ${after}`, HELP.connect]
      : phase === 'banner'
        ? [`connected, but the SSH server did not finish its greeting ${after}`, HELP.banner]
        : [`the login did not end ${after}`, HELP.slowLogin]
  return new Unreachable(host, 'timeout', `${where}: ${what}`, help)
}

/** What an error of the connection means, by how far it came. */
export function explain(
  error: Error & { readonly level?: string; readonly code?: string | number },
  asked: Asked,
): Unreachable {
  const { host, where, phase, distrust } = asked
  if (distrust !== undefined)
    return new Unreachable(host, 'hostkey', `${where}: ${distrust.message}`, distrust.help)
  if (
    error.level === 'client-authentication' ||
    (phase === 'auth' && /authentication/i.test(error.message))
  ) {
    return loginRefused(asked, error.level === 'client-authentication' ? '' : error.message)
  }
  if (phase === 'connect') {
    const why = CONNECT_ERRORS[String(error.code)] ?? error.message
    return new Unreachable(host, 'connect', `${where}: no connection: ${why}`, HELP.connect)
  }
  if (phase === 'auth') {
    const what = `the connection broke during the login: ${error.message}`
    return new Unreachable(host, 'connect', `${where}: ${what}`, HELP.brokenLogin)
  }
  if (/before handshake/.test(error.message) || error.code === 'ECONNRESET') return hungUp(host, where)
  return new Unreachable(host, 'connect', `${where}: no SSH connection: ${error.message}`, HELP.banner)
}

/** The server said no to every way to log in. */
export function loginRefused(
  { host, where, tried, offered, unusable }: Pick<Asked, 'host' | 'where' | 'tried' | 'offered' | 'unusable'>,
  said: string,
): Unreachable {
  const ways = tried.length === 0 ? 'there was nothing to log in with' : `tried ${tried.join(', ')}`
  const takes = offered.length === 0 ? '' : `; the server takes ${offered.join(', ')}`
  const notes = unusable.length === 0 ? '' : `; not usable: ${unusable.join('; ')}`
  const why = said === '' ? '' : ` (${said})`
  return new Unreachable(
    host,
    'auth',
    `${where}: the login was refused${why}: ${ways}${takes}${notes}`,
    HELP.auth,
  )
}

/** The server hung up before its greeting. */
export function hungUp(host: string, where: string): TurnedAway {
  return new TurnedAway(host, 'connect', `${where}: the server hung up before its greeting`, HELP.turnedAway)
}

const CONNECT_ERRORS: { readonly [code: string]: string } = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to its network',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name could not be looked up',
  ETIMEDOUT: 'no answer',
}

/** What to do next, by what went wrong. */
export const HELP = {
  connect:
    'Check the address and port in the playbook, that the host is up, and that no firewall is in between.',
  banner:
    'Check that an SSH server listens on this port (it may be hung or out of memory), and that it takes modern algorithms.',
  slowLogin: "Check the host's name service and PAM; a login that waits for DNS is the usual cause.",
  brokenLogin:
    "Try again. If it stays so, the server's log says why it hung up (an account that is locked, a login that crashes).",
  turnedAway:
    'The SSH server limits how many may log in at once (MaxStartups), or its log says why it hung up. Try again.',
  auth: 'Check user and identityFile in the playbook, and ~/.ssh/authorized_keys on the host.',
}
