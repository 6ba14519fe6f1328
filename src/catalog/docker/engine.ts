import type { Check, HostName, Op } from '../../plan/step.ts'
import type { DockerSpec } from '../../playbook/topology.ts'

/** The engine of a host is there, runs, and is of the playbook's version. */
export function engineRuns(docker: DockerSpec, host: HostName): Check {
  return {
    fact: 'docker.engine',
    host,
    args: { wanted: docker.version },
    is: { running: true, asWanted: true },
  }
}

/** Where the packages come from: key first, then source. Nothing where the system has its sources already. */
export function sourceOps({ manager, source, key }: NonNullable<DockerSpec['install']>): readonly Op[] {
  const ops: Op[] = []
  if (manager === 'apt') {
    // apt reads armoured keys only from files that end in .asc, binary ones only from .gpg.
    const ending = key?.file.endsWith('.gpg') ? 'gpg' : 'asc'
    if (key)
      ops.push({ write: `/etc/apt/trusted.gpg.d/runbook-docker.${ending}`, content: key, mode: '0644' })
    if (source !== undefined)
      ops.push({
        write: '/etc/apt/sources.list.d/runbook-docker.list',
        content: `${source.trimEnd()}\n`,
        mode: '0644',
      })
    return ops
  }
  const path = '/etc/pki/rpm-gpg/RPM-GPG-KEY-runbook-docker'
  if (key)
    ops.push(
      { write: path, content: key, mode: '0644' },
      { exec: { argv: ['rpm', '--import', path] }, timeoutSeconds: 60 },
    )
  if (source !== undefined)
    ops.push({
      write: '/etc/yum.repos.d/runbook-docker.repo',
      content: `${source.trimEnd()}\n`,
      mode: '0644',
    })
  return ops
}
