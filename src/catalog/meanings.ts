/** What a line of output usually means, for the end of a run that failed. */
export interface Meaning {
  readonly said: RegExp
  readonly means: string
}

/**
 * Known lines, the narrower ones first. Sources in docker-enterprise.md: [KB] vendor knowledge base, [D] manual, [I] issue
 * of a public tracker, [O] seen output, [G] Docker's own documentation.
 */
export const meanings: readonly Meaning[] = [
  {
    // [KB: Unhealthy DTR replica]
    said: /replicas that are not working correctly|Unhealthy replicas:/,
    means:
      'another member is ill or was destroyed and not removed. A join waits for all to be well: heal or remove that one first, and never use --unsafe-join',
  },
  {
    // [KB: container wait error]
    said: /failed to poll wait container|504 Gateway Time-?out/i,
    means:
      'the bootstrapper went to UCP through a load balancer that cut it off. It must talk to a manager itself',
  },
  {
    // [KB: NFSv4 during installation]
    said: /Failed to verify NFS|dtr-nfs-test/,
    means:
      'the host cannot mount the NFS export: try showmount and mount there by hand, look at the firewall and the export list',
  },
  {
    // [D: system-requirements.md]
    said: /could not find any nodes on which the container could be created/,
    means:
      'UCP may not schedule there: administrators are not allowed to run containers on managers and DTR nodes, or the node is not ready',
  },
  {
    // [I: moby/moby#23414]
    said: /port 80 and port 443 are open|port is already allocated|address already in use/,
    means: 'something else listens on that port of the host: `ss -lntp` shows what',
  },
  {
    // [D: reference/ucp/3.2/cli/backup.md]
    said: /permission denied while trying to connect to the Docker daemon socket/,
    means: 'the user is not in the docker group, or SELinux keeps the container from the socket',
  },
  {
    // [G]
    said: /Conflict\. The container name .* is already in use/,
    means:
      'a container of an earlier run is left over: see whether it still runs, and remove it when it does not',
  },
  {
    // [D: swarm admin guide]
    said: /swarm does not have a leader|code = 4 desc = context deadline exceeded/,
    means:
      'the swarm has lost the majority of its managers. Services go on; nothing can be changed until a majority is back',
  },
  {
    said: /This node is already part of a swarm/,
    means: 'the host belongs to a swarm already, and it may be another one: `docker info` there tells',
  },
  {
    said: /invalid join token/,
    means: 'the token was rotated, or belongs to another swarm. A resume asks for the present one',
  },
  {
    said: /402 Payment Required|doesn't have a license/,
    means: 'there is no valid licence: give one under ucp.license, then resume',
  },
  {
    said: /no space left on device/i,
    means: 'the disk of that host is full: `df -h` and `docker system df` there',
  },
  {
    said: /x509: certificate (has expired|is not yet valid)/,
    means: 'a certificate is out of date, or the clock of one host is wrong',
  },
  {
    said: /x509: certificate signed by unknown authority/,
    means: 'that host does not trust the certificate: its CA is missing there, or another one answers',
  },
  {
    said: /Cannot connect to the Docker daemon|Is the docker daemon running/,
    means: 'the engine is not running there: `systemctl status docker`, `journalctl -u docker`',
  },
  {
    said: /manifest (unknown|for .* not found)|pull access denied|repository does not exist/,
    means: 'the image is not in that repository, or pulling it needs a login',
  },
  {
    said: /Temporary failure (in name resolution|resolving)|no such host/,
    means: 'the host cannot resolve a name: /etc/resolv.conf there',
  },
  {
    said: /Could not get lock|dpkg was interrupted/,
    means: 'another package manager runs or was interrupted there: wait, or `dpkg --configure -a`',
  },
  {
    said: /i\/o timeout|connection timed out|No route to host/i,
    means: 'a firewall or a route is in the way between two hosts',
  },
]

/** The meaning of the newest line that is known; undefined when none is. */
export function meaningOf(lines: readonly string[]): string | undefined {
  for (const line of [...lines].reverse()) {
    const known = meanings.find(meaning => meaning.said.test(line))
    if (known !== undefined) return known.means
  }
  return undefined
}
