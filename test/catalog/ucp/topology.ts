import type { Topology } from '../../../src/playbook/topology.ts'
import type { Host } from '../../../src/plan/step.ts'

/** A playbook as meant, without the playbook folder: three managers, two workers, engines from a package source, licence, a DTR to come. */
export function platform(changes: Partial<Topology> = {}): Topology {
  const names = ['m1', 'm2', 'm3', 'w1', 'w2']
  const hosts = Object.fromEntries(
    names.map((name, i): [string, Host] => [
      name,
      {
        name,
        address: `10.0.0.${11 + i}`,
        port: 22,
        user: 'root',
        roles: [name.startsWith('m') ? 'manager' : 'worker'],
        sudo: 'no',
      },
    ]),
  )
  return {
    name: 'platform',
    hosts,
    roles: { manager: ['m1', 'm2', 'm3'], worker: ['w1', 'w2'] },
    ssh: { knownHostsFiles: [], hostKeys: 'strict', connectTimeoutSeconds: 10 },
    docker: {
      version: '19.03',
      hosts: names,
      install: {
        manager: 'apt',
        packages: ['docker-ee=5:19.03.15~3-0~ubuntu-bionic'],
        source: 'deb https://packages.example.com bionic stable',
      },
    },
    ucp: {
      version: '3.2.6',
      repository: 'docker',
      image: 'docker/ucp:3.2.6',
      managers: ['m1', 'm2', 'm3'],
      workers: ['w1', 'w2'],
      adminUsername: 'admin',
      adminPassword: { secret: 'env:UCP_ADMIN_PASSWORD' },
      sans: ['ucp.example.com', 'm1', 'm2', 'm3'],
      controllerPort: 443,
      podCidr: '192.168.0.0/16',
      license: { file: 'files/docker_subscription.lic', sha256: 'a'.repeat(64) },
      extraFlags: [],
    },
    dtr: {
      version: '2.7.6',
      repository: 'docker',
      image: 'docker/dtr:2.7.6',
      replicas: [{ host: 'w1', id: '0123456789ab', httpPort: 80, httpsPort: 443 }],
      externalUrl: 'https://dtr.example.com',
      extraFlags: [],
    },
    storage: { kind: 'local' },
    ...changes,
  }
}

/** The same platform where the playbook does not install engines: they must be there. */
export function withEngines(): Topology {
  const topology = platform()
  return { ...topology, docker: { version: topology.docker.version, hosts: topology.docker.hosts } }
}
