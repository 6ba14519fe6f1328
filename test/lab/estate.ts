import { createHash } from 'node:crypto'
import type { Lab, LabHost } from './harness.ts'

/**
 * Everything on a host that a dry run must leave alone: files outside what the system itself keeps writing, containers
 * with their state, volumes, networks, images, and on managers what the swarm holds.
 */
const survey = `set -u
find /etc /root /usr/local /srv /home -xdev -type f ! -path '/etc/resolv.conf' -printf '%p %m %s ' -exec sha256sum {} ';' | sort
echo containers; docker ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.Image}} {{.State}}' | sort
echo volumes; docker volume ls -q | sort
echo networks; docker network ls --format '{{.Name}} {{.Driver}}' | sort
echo images; docker images -a --no-trunc --format '{{.ID}} {{.Repository}} {{.Tag}}' | sort
echo units; systemctl list-unit-files --no-legend --no-pager | sort
if docker node ls >/dev/null 2>&1; then
  docker node ls --format '{{.ID}} {{.Hostname}} {{.Availability}} {{.ManagerStatus}}' | sed 's/Leader/Reachable/' | sort
  for kind in service config secret; do docker "$kind" ls --format '{{.ID}} {{.Name}}' | sort; done
fi`

async function surveyOf(host: LabHost): Promise<string> {
  const seen = await host.exec(survey)
  if (seen.code !== 0) throw new Error(`could not look at ${host.name}: ${seen.err}`)
  return seen.out
}

/** SHA-256 by host of everything that counts as its state. Two equal answers: nothing was changed in between. */
export async function estateHashes(lab: Lab): Promise<Readonly<Record<string, string>>> {
  const seen = await Promise.all(
    lab.hosts.map(async host => {
      const hash = createHash('sha256')
        .update(await surveyOf(host))
        .digest('hex')
      return [host.name, hash] as const
    }),
  )
  return Object.fromEntries(seen)
}
