import type { KindPage } from '../../plan/kind.ts'

/** Pages of the kinds of steps that try the registry as its users do. */
export const kinds: readonly KindPage[] = [
  {
    kind: 'acceptance.trust',
    title: "Have a client trust the registry's certificate",
    when: "The client's engine has no certificate of the registry in /etc/docker/certs.d.",
    does: "Writes ca.crt there, from the playbook or from the registry's /ca.",
    care: 'Interrupts nobody.',
  },
  {
    kind: 'acceptance.push',
    title: 'Push a small image, pull it through every replica',
    when: 'There is a licence, and some replica does not give the proof image whole.',
    does: 'Makes the repository, pushes one image under the name clients use, so through the balancer, then pulls manifest and blobs by digest through every single replica.',
    care: 'Interrupts nobody. A private repository ADMIN/runbook-check stays.',
  },
  {
    kind: 'acceptance.pull',
    title: 'Pull the small image through a replica that came',
    when: 'Another replica gives the proof image whole, and this one is new or was down.',
    does: 'Asks until manifest and blobs come whole by digest through this replica: the storage is shared, so nothing is pushed.',
    care: 'Only looks. Where it fails, the replica does not see the storage of the others.',
  },
]
