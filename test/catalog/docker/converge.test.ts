import { describe, expect, it } from 'vitest'
import { compile } from '../../../src/catalog/compile.ts'
import { docker } from '../../../src/catalog/docker/index.ts'
import { bareEstate } from '../../../src/catalog/os/bareHost.ts'
import { os } from '../../../src/catalog/os/index.ts'
import { showOp } from '../../../src/plan/show.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import { rehearse } from '../../../src/twin/rehearse.ts'
import { stageOf } from '../ucp/onTwin.ts'
import { platform } from '../ucp/topology.ts'

const key = { file: 'files/docker.asc', sha256: 'c'.repeat(64) }

function withInstall(install: Topology['docker']['install']): Topology {
  const { docker: engine, ...rest } = platform()
  return { ...rest, docker: { ...engine, ...(install ? { install } : {}) } }
}

const planned = (topology: Topology) => compile(topology, 'f'.repeat(64), [os, docker], new Map())

describe('Docker Engine', () => {
  it('is installed by apt from the given source, with its key first', () => {
    const topology = withInstall({
      manager: 'apt',
      packages: ['docker-ee=5:19.03.15~3-0~ubuntu-bionic', 'containerd.io'],
      source: 'deb https://example.com bionic stable',
      key,
    })
    expect(planned(topology).steps[0]?.run.map(showOp)).toEqual([
      'write /etc/apt/trusted.gpg.d/runbook-docker.asc (mode 0644)',
      'write /etc/apt/sources.list.d/runbook-docker.list (mode 0644)',
      'DEBIAN_FRONTEND=noninteractive apt-get --quiet -o DPkg::Lock::Timeout=120 update',
      "DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold --no-install-recommends install 'docker-ee=5:19.03.15~3-0~ubuntu-bionic' containerd.io",
      'systemctl enable --now docker',
    ])
  })

  it('is installed by yum with its key imported', () => {
    const topology = withInstall({
      manager: 'yum',
      packages: ['docker-ee-19.03.15'],
      source: '[docker-ee]\nbaseurl=https://example.com',
      key,
    })
    expect(planned(topology).steps[0]?.run.map(showOp)).toEqual([
      'write /etc/pki/rpm-gpg/RPM-GPG-KEY-runbook-docker (mode 0644)',
      'rpm --import /etc/pki/rpm-gpg/RPM-GPG-KEY-runbook-docker',
      'write /etc/yum.repos.d/runbook-docker.repo (mode 0644)',
      'yum --assumeyes --quiet install docker-ee-19.03.15',
      'systemctl enable --now docker',
    ])
  })

  it.each(['apt', 'yum'] as const)(
    'comes up by %s after every single fault',
    { timeout: 30_000 },
    async manager => {
      const source = 'deb https://example.com bionic stable'
      const names = manager === 'apt' ? ['docker-ee=5:19.03.15~3-0~ubuntu-bionic'] : ['docker-ee']
      const whole = withInstall({ manager, packages: names, source, key })
      const { m1 } = whole.hosts
      const ucp = whole.ucp && { ...whole.ucp, managers: ['m1'], workers: [] }
      if (!m1 || !ucp) throw new Error('no m1')
      const topology = { ...whole, ucp, hosts: { m1 }, docker: { ...whole.docker, hosts: ['m1'] } }
      const report = await rehearse(planned(topology), stageOf(topology, bareEstate(topology)))
      expect(report).toMatchObject({ stuck: [], diverged: [], unfaithful: [], unplanned: [], inDoubt: 0 })
      expect(report.cases).toBeGreaterThan(10)
    },
  )
})
