import type { Assembly, ImportedHost } from './assemble.ts'
import { carried, changed, left, type Outcome } from './outcome.ts'
import type { Leaf } from './leaves.ts'

/** What becomes of a value under `spec.hosts`; undefined: it stands elsewhere, or nobody knows it. */
export function hostLeaf({ path, pattern, value }: Leaf, assembly: Assembly): Outcome | undefined {
  const index = path[2]
  if (!pattern.startsWith('spec.hosts.*.') || typeof index !== 'number') return undefined
  const host: ImportedHost = assembly.hosts.get(index) ?? {}
  assembly.hosts.set(index, host)
  const text = String(value)
  switch (pattern.slice('spec.hosts.*.'.length)) {
    case 'address':
    case 'ssh.address':
      host.address = text
      return text.startsWith('$') ? left(`${text} is not set: write the address`) : carried('hosts.*.address')
    case 'ssh.user':
      host.user = text
      return carried('hosts.*.user')
    case 'ssh.port': {
      const port = Number(value)
      if (!(port > 0)) return left(`${text} is no port`)
      host.port = port
      return carried('hosts.*.port')
    }
    case 'ssh.keyPath':
      host.identityFile = text
      return carried('hosts.*.identityFile')
    case 'ssh.hostKey':
    case 'ssh.bastion.hostKey':
      return left('host keys are taken from known_hosts files (ssh.knownHosts), never from the playbook')
    case 'ssh.bastion.address':
    case 'ssh.bastion.user':
    case 'ssh.bastion.keyPath':
      host.bastion = { ...host.bastion, [pattern.split('.').at(-1) ?? '']: text }
      return changed('a host of its own, which the others name as jump')
    case 'ssh.bastion.port': {
      const port = Number(value)
      if (!(port > 0)) return left(`${text} is not set or no port: 22 is taken`)
      host.bastion = { ...host.bastion, port }
      return changed('a host of its own, which the others name as jump')
    }
    case 'role':
      host.role = text
      return ['manager', 'worker', 'msr', 'dtr'].includes(text)
        ? carried(text === 'manager' ? 'ucp.managers' : text === 'worker' ? 'ucp.workers' : 'dtr.replicas')
        : left(`${text} is no role`)
    case 'privateInterface':
      return left('nodes know each other by the address under hosts: write the one of this interface there')
    case 'winRM':
      host.isWindows = true
      return left('Windows nodes are not reached: this host is left out')
    case 'localhost':
      return left('runbook reaches every host over SSH, this machine too: write its address')
    case 'mcrConfig':
    case 'engineConfig':
      return left('/etc/docker/daemon.json: write it by a step of your own, `file:` before docker')
    case 'hooks':
      return left('write them as steps of your own: `command:` with before or after, and a goal')
    case 'environment':
      return left('variables of the installation (proxies): set them on the host, in the unit of the engine')
    case 'imageDir':
      return left('images are pulled; load them beforehand where nothing can be pulled')
    case 'sudodocker':
    case 'sudooverride':
      return left('see ssh.sudo: none, nopasswd or password')
    case 'mcrupgradeskip':
      return left('engines are upgraded one host at a time; leave a host out by not applying to it')
    default:
      return undefined
  }
}
