import type { KindPage } from '../../plan/kind.ts'

const care =
  'It breaks what it says, on purpose. Before it strikes, a timer on the host itself is set to undo it (`undoAfter`), which needs neither runbook nor a network. `runbook drill stop` undoes it at once, and by hand it is `sh /var/lib/runbook/faults/ID/undo.sh`.'

const page = (kind: string, title: string, when: string, does: string): KindPage => ({
  kind,
  title,
  when,
  does,
  care,
})

/** Pages of the faults. */
export const kinds: readonly KindPage[] = [
  page(
    'drill.stopContainers',
    'Stop containers',
    'A fault says do: stop-containers, with how their names begin (match).',
    'Notes which containers run whose names begin so, and stops them. Undone by starting those that are still there.',
  ),
  page(
    'drill.stopEngine',
    'Stop an engine',
    'A fault says do: stop-engine.',
    'Stops docker.socket and docker by systemd. Undone by starting docker.',
  ),
  page(
    'drill.stopBalancer',
    'Stop a balancer',
    'A fault says do: stop-balancer.',
    'Stops those of haproxy, nginx and keepalived that run. Undone by starting the same ones.',
  ),
  page(
    'drill.partition',
    'Cut hosts off from others',
    'A fault says do: partition, with the other side (from).',
    'Drops all packets to and from the addresses of the other side, by a chain of its own in iptables. SSH stays open. Undone by taking the chain away.',
  ),
  page(
    'drill.fillDisk',
    'Fill a disk',
    'A fault says do: fill-disk, with a folder (path) and what stays free (leaveMb).',
    'Makes one file of that size. Undone by deleting it. It survives a restart of the host; the timer does not.',
  ),
  page(
    'drill.cutStorage',
    'Cut a host off from the images',
    'A fault says do: cut-storage.',
    'Drops all packets between the host and where the images lie: the server of the export, of the mounted path or of the object store. Undone by taking the chain away.',
  ),
  page(
    'drill.slowStorage',
    'Make the storage of the images slow',
    'A fault says do: slow-storage, with a delay (byMs).',
    'Delays packets to that server by tc and netem. Refused where the interface has a queue of its own already. Undone by taking the queue away.',
  ),
  page(
    'drill.breakHealthCheck',
    'Let the health checks of a balancer fail',
    'A fault says do: break-health-check, on hosts that are balancers.',
    'Refuses the connections from the balancer to the ports that it checks, so that it takes every server for dead. Undone by taking the chain away.',
  ),
  page(
    'drill.expireCertificate',
    'Put a certificate that has ended in front of a controller',
    'A fault says do: expire-certificate, on managers with certificates of their own.',
    "Puts a certificate that ended in 2020 in place of the controller's, and starts the controller anew. Undone by putting the old one back. Refused where there is no external certificate.",
  ),
  page(
    'drill.skewClock',
    'Put a clock forward',
    'A fault says do: skew-clock, with how far (by).',
    'Stops whatever keeps the time and sets the clock forward. Undone by the time since the host was started, so it comes back to the right second.',
  ),
  {
    kind: 'drill.undo',
    title: 'Undo a fault',
    when: 'A drill ends, is ended early, or `runbook drill stop` is called.',
    does: 'Runs what the fault left on the host to undo it, and takes its timer away. One that was undone is left as it is.',
    care: 'It does nothing else: what the fault has led to is for a recovery.',
  },
]
