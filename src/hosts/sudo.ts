import type { Host } from '../plan/step.ts'
import { Unreachable } from './session.ts'
import { type ShellChannel, ShellLost } from './shell.ts'

const PROMPT = 'runbook-sudo-password:'
const READY = 'runbook-sudo-ready'

/**
 * The command of a channel: a plain `sh` that reads its script from the channel, as the user or as root. The words mean the same
 * to sh, bash, fish and csh. With a password sudo is asked for a prompt we can recognise, so that the password is sent only when
 * sudo wants it and a wrong one costs one attempt, not three.
 */
export function bootCommand(sudo: Host['sudo']): string {
  if (sudo === 'no') return 'exec sh'
  if (sudo === 'nopasswd') return 'exec sudo -H -n sh'
  return `exec sudo -H -S -p ${PROMPT} sh -c 'echo ${READY};exec sh'`
}

/** The prompt and the greeting, for the twin's server. */
export const SUDO_WORDS = { prompt: PROMPT, ready: READY }

/**
 * Answers sudo's question for the password, if it comes; done when the shell is there. Without a password there is nothing to wait for.
 * @throws Unreachable ('sudo'), ShellLost
 */
export function becomeRoot(host: Host, channel: ShellChannel, password: string | undefined): Promise<void> {
  if (password === undefined) return Promise.resolve()
  return new Promise((resolve, reject) => {
    let out = ''
    let err = ''
    let asked = 0
    const onOut = (chunk: Buffer): void => {
      out += chunk.toString('latin1')
      if (out.includes(`${READY}\n`)) settle(resolve)
    }
    const onErr = (chunk: Buffer): void => {
      err += chunk.toString('utf8')
      while (err.includes(PROMPT)) {
        err = err.replace(PROMPT, '')
        asked += 1
        if (asked === 1) channel.write(`${password}\n`)
        else
          settle(() => {
            reject(refused(host, 'sudo refused the password'))
          })
      }
    }
    const onClose = (): void => {
      settle(() => {
        reject(
          asked > 0 || /sudo/.test(err)
            ? refused(host, err.trim())
            : new ShellLost(false, (out + err).trim()),
        )
      })
    }
    const settle = (how: () => void): void => {
      channel.removeListener('data', onOut)
      channel.stderr.removeListener('data', onErr)
      channel.removeListener('close', onClose)
      how()
    }
    channel.on('data', onOut)
    channel.stderr.on('data', onErr)
    channel.on('close', onClose)
  })
}

/** What sudo said, as an error. */
export function refused(host: Host, said: string): Unreachable {
  return new Unreachable(
    host.name,
    'sudo',
    `${host.name}: ${host.user} cannot become root: ${said === '' ? 'sudo ended without a word' : said}`,
    `Check "sudo" of this host in the playbook ("no", "nopasswd" or a password by reference) and what "sudo -l -U ${host.user}" says there.`,
  )
}
