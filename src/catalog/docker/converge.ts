import { factKey } from '../../plan/fact.ts'
import type { Check, HostName, Step, StepId } from '../../plan/step.ts'
import type { DockerSpec } from '../../playbook/topology.ts'
import { installPackages, plain, service, serviceRuns } from '../os/steps.ts'
import type { Play } from '../product.ts'
import { engineRuns, sourceOps } from './engine.ts'
import { outdated, upgradeStep } from './upgrade.ts'

const SECTION = 'Docker Engine'
const UNIT = 'docker'

/**
 * An engine of the playbook's version on every host, one step each. Facts steer the means: it is installed where it is missing, and
 * started where it is there, and upgraded where it is older, one host at a time. A newer one is left alone: the plan stops before it.
 */
export const converge: Play = ({ topology, facts, after }) => {
  const { docker } = topology
  const upgrades = new Map<HostName, Step>()
  let last = after
  for (const host of outdated(topology, facts)) {
    const step = upgradeStep(topology, facts, host, last)
    if (!step) continue
    upgrades.set(host, step)
    last = [step.id]
  }
  return docker.hosts.map(host => {
    const upgrade = upgrades.get(host)
    if (upgrade) return upgrade
    const seen = facts.get(factKey({ fact: 'docker.engine', host, args: { wanted: docker.version } }))
    // Nothing seen, as in a plan made without the hosts, is taken for a bare host.
    const isMissing = seen === null || facts.size === 0
    return docker.install && isMissing
      ? installStep(host, docker, docker.install, after)
      : startStep(host, docker, after)
  })
}

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
