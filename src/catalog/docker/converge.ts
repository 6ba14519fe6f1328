import { factKey } from '../../plan/fact.ts'
import type { Check, HostName, Op, Step, StepId } from '../../plan/step.ts'
import type { DockerSpec } from '../../playbook/topology.ts'
import { installPackages, plain, service, serviceRuns } from '../os/steps.ts'
import type { Play } from '../product.ts'

const SECTION = 'Docker Engine'
const UNIT = 'docker'

/** The engine of a host is there, runs, and is of the playbook's version. */
export function engineRuns(docker: DockerSpec, host: HostName): Check {
  return {
    fact: 'docker.engine',
    host,
    args: { wanted: docker.version },
    is: { running: true, asWanted: true },
  }
}

/**
 * An engine of the playbook's version on every host, one step each. Facts steer the means: it is installed where it is missing, and
 * only started where it is there. One that is there in another version is left alone: the plan stops before it.
 */
export const converge: Play = ({ topology, facts, after }) =>
  topology.docker.hosts.map(host => {
    const { docker } = topology
    const seen = facts.get(factKey({ fact: 'docker.engine', host, args: { wanted: docker.version } }))
    // Nothing seen, as in a plan made without the hosts, is taken for a bare host.
    const isMissing = seen === null || facts.size === 0
    return docker.install && isMissing
      ? installStep(host, docker, docker.install, after)
      : startStep(host, docker, after)
  })

function startStep(host: HostName, docker: DockerSpec, needs: readonly StepId[]): Step {
  const isInstalled: Check = {
    fact: 'docker.engine',
    host,
    args: { wanted: docker.version },
    is: { asWanted: true },
  }
  const title = `Start Docker Engine on ${host}, also at boot`
  const step = service(
    { host, section: SECTION, needs },
    { name: UNIT, title, requires: [isInstalled], also: [engineRuns(docker, host)] },
  )
  return { ...step, id: `docker.engine@${host}`, kind: 'docker.start' }
}

function installStep(
  host: HostName,
  docker: DockerSpec,
  install: NonNullable<DockerSpec['install']>,
  needs: readonly StepId[],
): Step {
  return {
    ...plain,
    id: `docker.engine@${host}`,
    kind: 'docker.install',
    title: `Install Docker Engine ${docker.version} on ${host}`,
    section: SECTION,
    host,
    needs,
    // An engine of another version is somebody's running engine: it is upgraded on purpose or not at all.
    requires: [{ fact: 'docker.otherengine', host, args: { wanted: docker.version }, is: null }],
    goal: [engineRuns(docker, host), serviceRuns(host, UNIT)],
    run: [
      ...sourceOps(install),
      ...installPackages(install.manager, install.packages),
      // Debian's packages start what they bring, the others do not.
      { exec: { argv: ['systemctl', 'enable', '--now', UNIT] }, timeoutSeconds: 120 },
    ],
    withinSeconds: 60,
    takes: { p50Seconds: 40, p90Seconds: 300 },
  }
}

function sourceOps({ manager, source, key }: NonNullable<DockerSpec['install']>): readonly Op[] {
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
