import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { HELP, hungUp, loginRefused } from './refusal.ts'
import { Unreachable } from './session.ts'

/** What is known when this machine's `ssh` did not connect. */
export interface MasterEnd {
  readonly host: string
  readonly where: string
  /** Its exit code, or why it could not be started. */
  readonly code: number | string
  /** We stopped it. */
  readonly late: boolean
  /** Its log, with -v. */
  readonly said: string
  readonly seconds: number
}

/** Finds the reason in ssh's own words, which are the same in every language. */
export function masterFailure({ host, where, code, late, said, seconds }: MasterEnd): Unreachable {
  if (typeof code === 'string' && said === '' && !late)
    return new Unreachable(host, 'connect', `${where}: ssh could not be started: ${code}`, HELP_SSH)
  const lines = said
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !/^(debug\d:|OpenSSH_|@@)/.test(line))
  const words = lines.join(' ')
  const last = lines.slice(-3).join('; ')
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|host key is known/i.test(words))
    return new Unreachable(host, 'hostkey', `${where}: ${hostKeyTrouble(words, said)}`, hostKeyHelp(words))
  if (/marked as revoked|REVOKED HOST KEY/i.test(words))
    return new Unreachable(host, 'hostkey', `${where}: ${last}`, 'Do not connect. Give the host a new key.')
  const denied = /Permission denied \(([^)]*)\)|Too many authentication failures/.exec(words)
  if (denied !== null) {
    const offered = denied[1]?.split(',') ?? []
    return loginRefused({ host, where, tried: triedKeys(said), offered, unusable: triedNotes(lines) }, last)
  }
  if (late || /timed out/i.test(words)) {
    const how = words === '' ? '' : `: ${last}`
    const what = `ssh did not connect within ${String(late ? 3 * seconds : seconds)} s${how}`
    return new Unreachable(host, 'timeout', `${where}: ${what}`, HELP.connect)
  }
  if (
    /kex_exchange_identification|Connection (closed|reset) by/.test(words) &&
    !/debug1: Authenticating to/.test(said)
  )
    return hungUp(host, where)
  const why = last === '' ? `ssh ended with ${String(code)}` : last
  return new Unreachable(host, 'connect', `${where}: no connection: ${why}`, HELP.connect)
}

const HELP_SSH = 'Install an OpenSSH client, or take "transport: openssh" out of the playbook.'

function hostKeyTrouble(words: string, said: string): string {
  const [, type = '', print = ''] = /Server host key: (\S+) (\S+)/.exec(said) ?? []
  const shows = print === '' ? '' : `: it shows ${type} ${print}`
  if (!/HAS CHANGED/i.test(words)) return `the host key is not on file, or is not the one on file${shows}`
  const [, file = '', line = ''] = /Offending \S+ (?:key|certificate) in (.+?):(\d+)/.exec(words) ?? []
  const filed = filedPrint(file, Number(line))
  return `the host key has changed${shows}, on file is ${filed === '' ? 'another' : filed}${file === '' ? '' : ` (${file}:${line})`}`
}

function filedPrint(file: string, line: number): string {
  try {
    const words = readFileSync(file, 'utf8').split('\n')[line - 1]?.trim().split(/\s+/) ?? []
    const at = words.findIndex(word => /^(ssh-|ecdsa-|sk-)/.test(word))
    const key = Buffer.from(words[at + 1] ?? '', 'base64')
    if (at === -1 || key.length === 0) return ''
    return `${words[at] ?? ''} SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
  } catch {
    return ''
  }
}

function hostKeyHelp(words: string): string {
  return /HAS CHANGED/i.test(words)
    ? 'Somebody may be in between. If the host was rebuilt, compare the fingerprint on its console (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then take the old key out with ssh-keygen -R.'
    : "Compare the fingerprint on the host's console, then put the key on file with ssh-keyscan. Or set ssh.hostKeys: accept-new."
}

function triedKeys(said: string): string[] {
  return [...said.matchAll(/^debug1: Offering public key: (\S+) \S+ (SHA256:\S+)/gm)].map(
    ([, file = '', print = '']) => `${file} (${print})`,
  )
}

/** Lines that say why a key was not used: bad permissions, a passphrase that did not fit. */
function triedNotes(lines: readonly string[]): string[] {
  return lines.filter(line => /^(Load key|Load certificate|Permissions|sign_and_send_pubkey)/.test(line))
}
