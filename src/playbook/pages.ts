import type { RulePage } from '../plan/finding.ts'
import { textPages } from './textPages.ts'

/** The pages of RB01xx (text and shape), RB02xx (references) and of what resolving finds. */
export const pages: readonly RulePage[] = [
  ...textPages,
  {
    code: 'RB0201',
    severity: 'error',
    title: 'No such host',
    why: 'A section names a host that `hosts` does not have.',
    fix: 'Use the nearest name that is shown, or add the host.',
  },
  {
    code: 'RB0202',
    severity: 'error',
    title: 'No such host to jump through',
    why: '`jump` names another host of the playbook through which this one is reached.',
    fix: 'Use a name under `hosts`.',
  },
  {
    code: 'RB0203',
    severity: 'error',
    title: 'Jumps in a circle',
    why: 'Each host of the circle could only be reached through the others.',
    fix: 'Let one of them be reached directly.',
  },
  {
    code: 'RB0204',
    severity: 'error',
    title: 'A file beside the playbook cannot be read',
    why: 'Licence, certificates and keys are read and pinned when the playbook is read, so that a plan says exactly what will be installed.',
    fix: 'Paths are relative to the playbook. The file may have 1 MiB.',
  },
  {
    code: 'RB0205',
    severity: 'error',
    title: 'A file is not what it should be',
    why: 'A certificate must be PEM, and a private key must not stand in a file that is sent openly.',
    fix: 'See the message for what was seen.',
  },
  {
    code: 'RB0206',
    severity: 'error',
    title: 'A host stands in one list twice',
    why: 'The second naming means nothing, and may have been meant for another host.',
    fix: 'Delete one of the two.',
  },
  {
    code: 'RB0207',
    severity: 'error',
    title: 'Two replicas with one id',
    why: 'The database knows replicas by their ids only. [D: reference/dtr/2.7/cli/join.md]',
    fix: 'Give each its own, or none: ids are then derived from playbook and host name.',
  },
  {
    code: 'RB0208',
    severity: 'error',
    title: 'sudo asks, and there is no answer',
    why: '`sudo: password` needs to know which secret holds the password.',
    fix: 'Add `sudoPassword: env:NAME`.',
  },
  {
    code: 'RB0211',
    severity: 'note',
    title: 'A host that nothing uses',
    why: 'It is in no section, is no jump host and has no role: it would only be connected to.',
    fix: 'Name it where it belongs, or delete it.',
  },
  {
    code: 'RB0213',
    severity: 'error',
    title: 'A role that is not yours to give',
    why: 'manager, worker, dtr and loadBalancer follow from the sections `ucp`, `dtr` and `loadBalancer`.',
    fix: 'Name the host in that section.',
  },
  {
    code: 'RB0212',
    severity: 'error',
    title: 'A host that is manager and worker',
    why: 'A node of a swarm is one or the other. [G]',
    fix: 'Name it in one of the two lists.',
  },
  {
    code: 'RB0317',
    severity: 'warning',
    title: 'Replicas and applications on one host',
    why: 'A highly available registry wants hosts of its own, so that no application starves it. [D: ee/dtr/admin/configure/set-up-high-availability.md]',
    fix: 'Take the host out of `ucp.workers`: hosts of replicas join as workers by themselves.',
  },
  {
    code: 'RB0404',
    severity: 'warning',
    title: "The vendor's repository does not hold this version",
    why: 'Images moved from docker/ to mirantis/ with UCP 3.1.15, 3.2.8, 3.3.2 and 3.4, DTR 2.6.15, 2.7.8, 2.8.2 and 2.9; MSR 2.10 is at registry.mirantis.com/msr. [L: mke_config.go, msr_config.go], [M: msr/2.10/cli-ref]',
    fix: 'Delete `repository`: the right one follows from the version. A private mirror may hold any version and is never questioned.',
  },
  {
    code: 'RB0505',
    severity: 'error',
    title: 'Half a pair of keys',
    why: "An object store wants access key and secret key; with neither the instance's role is used. [S]",
    fix: 'Add the other, or delete both.',
  },
  {
    code: 'RB0607',
    severity: 'error',
    title: 'Several replicas without a name for clients',
    why: 'The external URL goes into the certificate and into redirects; without it the certificate is good for 172.17.0.1 only and logins fail. [I: docker/docs#4646]',
    fix: 'Add `dtr.externalUrl`, or a balancer with a `dtr` name.',
  },
  {
    code: 'RB0608',
    severity: 'warning',
    title: 'No external URL',
    why: "Without one the first replica's address is used: it goes into the certificate, and clients must use it. [I: docker/docs#4646]",
    fix: 'Add `dtr.externalUrl` with a name that can move to another host later.',
  },
]

/** @throws when a code has no page: a mistake in the code, not in a playbook. */
export function severityOf(code: string): RulePage['severity'] {
  const page = pages.find(one => one.code === code)
  if (page === undefined) throw new Error(`problem ${code} has no page`)
  return page.severity
}
