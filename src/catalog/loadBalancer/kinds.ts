import type { KindPage } from '../../plan/kind.ts'

/** Pages of the balancer's kinds of steps. */
export const kinds: readonly KindPage[] = [
  {
    kind: 'loadBalancer.install',
    title: 'Have the balancer on a host',
    when: 'The playbook has a balancer of its own, HAProxy or NGINX.',
    does: 'Installs the packages.',
    care: 'Interrupts nobody.',
  },
  {
    kind: 'loadBalancer.configure',
    title: 'Configure the balancer',
    when: 'Its configuration is not the one made from the playbook, it does not run, or a member is out of it.',
    does: 'Writes a candidate, has the balancer itself test it, swaps it in and reloads; members that somebody had taken out are put back; with HAProxy waits until all are up.',
    care: 'A reload cuts no connection. A candidate that fails its test changes nothing.',
  },
  {
    kind: 'loadBalancer.add',
    title: "Add a member to somebody else's balancer",
    when: 'The balancer is external and its list does not name the member.',
    does: "Runs the playbook's own add command, then asks its list command.",
    care: "Undone by the playbook's remove command.",
  },
]
