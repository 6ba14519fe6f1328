import type { Fact } from '../../plan/fact.ts'
import type { Check, FactRef, HostName } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { expectedMarks, readMarks } from './markers.ts'
import { type Target, marksArgs, readCommand, replicaHosts } from './target.ts'

interface MarksArgs {
  readonly cluster: string
  readonly hosts: readonly string[]
  readonly target: Target
}

/**
 * `{marks: {host: content}}`: the markers this host sees in the shared storage.
 * `null`: the directory is not there. `{unreadable}`: the storage was asked and refused, with its own words.
 */
export const marks: Fact = {
  name: 'storage.marks',
  about:
    'The markers a replica host sees in the shared storage: {marks: {host: text}}. null: the directory does not exist; ' +
    '{unreadable: text}: the mount or the object store refused. NFS is mounted read-only in a mount namespace of its own.',
  scope: 'cluster',
  probe: args => {
    const { target, cluster, hosts } = args as unknown as MarksArgs
    return readCommand(target, cluster, hosts)
  },
  parse: exit => {
    if (exit.code === 3) return null
    if (exit.code === 127) return undefined
    if (exit.code !== 0) {
      const said = exit.stderr.trim().split('\n').at(-1) ?? ''
      return said === '' ? undefined : { unreadable: said.slice(0, 300) }
    }
    const seen = readMarks(exit.stdout)
    return seen && { marks: seen }
  },
}

/** `{nfs, showmount, unshare, sigv4}`: what this host can prove storage with, each true or false. */
export const tools: Fact = {
  name: 'storage.tools',
  about:
    'What a host has for proving storage: {nfs: mount.nfs is there, sigv4: curl signs S3 requests (7.75 or newer), curl}.',
  scope: 'host',
  probe: () => ({ argv: ['sh', '-c', toolsScript, 'runbook-storage-tools'] }),
  parse: exit => {
    if (exit.code !== 0) return undefined
    const found = /^nfs=(yes|no) curl=(\S*)$/m.exec(exit.stdout)
    if (found?.[1] === undefined || found[2] === undefined) return undefined
    const [major = 0, minor = 0] = found[2].split('.').map(Number)
    return {
      nfs: found[1] === 'yes',
      curl: found[2] !== '',
      sigv4: major > 7 || (major === 7 && minor >= 75),
    }
  },
}

const toolsScript = `nfs=no
for d in /sbin /usr/sbin; do [ -x "$d/mount.nfs" ] && nfs=yes; done
echo "nfs=$nfs curl=$(curl --version 2>/dev/null | sed -n '1s/^curl \\([0-9.]*\\).*/\\1/p')"`

export const facts: readonly Fact[] = [marks, tools]

export function marksRef(topology: Topology, target: Target, host: HostName): FactRef {
  return { fact: marks.name, host, args: marksArgs(topology, target) }
}

/** `host` sees the markers of all of `of`. */
export function seesMarks(
  topology: Topology,
  target: Target,
  host: HostName,
  of: readonly HostName[],
): Check {
  return { ...marksRef(topology, target, host), is: { marks: expectedMarks(topology.name, of) } }
}

export function toolsRef(host: HostName): FactRef {
  return { fact: tools.name, host }
}

/** Every replica host sees every marker: the storage is one. */
export function sharedChecks(topology: Topology, target: Target): readonly Check[] {
  const hosts = replicaHosts(topology)
  return hosts.map(host => seesMarks(topology, target, host, hosts))
}
