import type { Lab } from './harness.ts'

/**
 * Everything on a host that a dry run must leave alone: files outside what the system itself keeps writing, containers
 * with their state, volumes, networks, images, and on managers what the swarm holds.
 */
// A manager that answers late is seen as unreachable for a moment: that is its health, and nobody's change.
const survey = `set -eu -o pipefail
find /etc /root /usr/local /srv /home -xdev -printf '%p %y %m %u %l\\n' | sort
find /etc /root /usr/local /srv /home -xdev -type f -exec sha256sum {} + | sort
echo containers; docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.Image}} {{.State}}' | sort
echo volumes; docker volume ls -q | sort
echo networks; docker network ls --format '{{.Name}} {{.Driver}}' | sort
echo images; docker images -a --no-trunc --format '{{.ID}} {{.Repository}} {{.Tag}}' | sort
echo units; systemctl --root=/ list-unit-files --no-legend --no-pager | grep -v transient | sort
if docker node ls >/dev/null 2>&1; then
  docker node ls --format '{{.ID}} {{.Hostname}} {{.Availability}} {{.ManagerStatus}}' | sed -E 's/(Leader|Reachable|Unreachable)$/manager/' | sort
  for kind in service config secret; do docker "$kind" ls --format '{{.ID}} {{.Name}}' | sort; done
fi`

/**
 * What counts as the state of each host, line by line. Two equal answers: nothing was changed in between; different ones
 * show what was.
 */
export async function estateOf(lab: Lab): Promise<Readonly<Record<string, readonly string[]>>> {
  const seen = await Promise.all(
    lab.hosts.map(async host => {
      const found = await host.exec(`bash -c '${survey.replaceAll("'", `'\\''`)}'`)
      if (found.code !== 0) throw new Error(`could not look at ${host.name}: ${found.err}`)
      return [host.name, found.out.split('\n')] as const
    }),
  )
  return Object.fromEntries(seen)
}
