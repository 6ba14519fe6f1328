import type { SshOptions } from '../hosts/options.ts'
import { sshConfigReader } from '../hosts/ssh_config.ts'
import type { Plan } from '../plan/step.ts'
import type { SshSpec } from '../playbook/topology.ts'
import type { Io } from './io.ts'
import { readSecretPrompt } from './secretCommand.ts'

/**
 * How hosts are reached from here: as the playbook says, then as OpenSSH's configuration of this machine says. Pretend hosts are
 * reached as they themselves say, and have new keys each time.
 */
export function sshOptions(
  hosts: Plan['hosts'],
  ssh: SshSpec,
  secret: (reference: string) => string,
  io: Pick<Io, 'detour' | 'interactive' | 'env'>,
): SshOptions {
  const { passphrase: reference, transport = 'ssh2', pins, ...spec } = ssh
  const common = { ...spec, host: (name: string) => hosts[name], secret }
  if (io.detour !== undefined) return { ...common, knownHostsFiles: [], ...io.detour.options }
  return {
    ...common,
    ...(pins !== undefined && { pins }),
    transport,
    config: sshConfigReader(),
    passphrase: file => Promise.resolve(passphraseOf(file, reference?.secret, secret, io)),
  }
}

/** By the playbook's reference, else by asking. Undefined where nobody can be asked: the login says then which key it was. */
function passphraseOf(
  file: string,
  reference: string | undefined,
  secret: (reference: string) => string,
  { interactive, env }: Pick<Io, 'interactive' | 'env'>,
): string | undefined {
  if (reference !== undefined) return secret(reference)
  if (!interactive) return undefined
  const read = readSecretPrompt(`Passphrase of ${file}`, env)
  return 'value' in read ? read.value : undefined
}
