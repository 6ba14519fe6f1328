import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { command } from '../command.ts'
import type { Lab, LabHost } from '../harness.ts'
import { passwordVariable, writePlaybook } from '../playbook.ts'
import { clusterStatus } from '../vendor.ts'

/** What a run makes of some hosts of the lab, and how one sees whether it was made exactly once. */
export interface Story {
  readonly hosts: readonly LabHost[]
  /** Writes the playbook into an empty folder. */
  readonly write: (folder: string) => string
  /** Makes the hosts bare. `small`: with little room in the folder that `small` names. */
  readonly prepare: (withLittleRoom: boolean) => Promise<void>
  readonly small: string
  /** What a person answers who looks at the host of a step in doubt: had it been done? */
  readonly wasDone: (step: string) => Promise<boolean>
  /** What is wrong, after a run that is done; nothing when all is whole and was done once. */
  readonly wrong: (folder: string) => Promise<readonly string[]>
}

/** The secret comes to the controllers by this variable of their environment. */
export const secretVariable = passwordVariable

const EFFECTS = 5
const jobs = '/var/lib/runbook'
const log = '/srv/effects'
/** Tmpfs under everything that the run and its effects write. In pages; what a run needs is some 600 KB. */
const SMALL = 'size=4m'

async function must(host: LabHost, script: string): Promise<string> {
  const done = await host.enter(['sh', '-c', script])
  if (done.code !== 0) throw new Error(`${host.name}: ${script.slice(0, 80)}: ${done.err.trim().slice(-400)}`)
  return done.out
}

/**
 * Steps of a person's own on two hosts: each writes its line into a log, none may do so twice. Every second has no goal, so nobody but a
 * person can say whether it was done. All get the secret, by environment or standard input.
 */
export function stepsStory(lab: Lab, names: readonly [string, string]): Story {
  const hosts = names.map(name => lab.host(name))
  const small = '/mnt/small'
  const effects = async (host: LabHost): Promise<readonly string[]> =>
    (await must(host, `cat ${log}/done 2>/dev/null || :`)).split('\n').filter(Boolean)
  return {
    hosts,
    small,
    write(folder) {
      const path = join(folder, 'faults.yml')
      const step = (number: number): object => ({
        name: `Effect ${String(number)}`,
        command: {
          shell: `[ "$(cat)$TOKEN" != "" ] && sleep 0.3 && printf '%s\\n' effect-${String(number)} >>${log}/done && sleep 0.3`,
          ...(number % 2 === 0
            ? { stdin: `\${{ secret("env:${secretVariable}") }}` }
            : { env: { TOKEN: `\${{ secret("env:${secretVariable}") }}` } }),
          ...(number % 2 === 0
            ? {}
            : { goal: { argv: ['grep', '-qx', `effect-${String(number)}`, `${log}/done`] } }),
          timeoutSeconds: 120,
        },
      })
      writeFileSync(
        path,
        stringify({
          runbook: 1,
          name: 'faults',
          ssh: {
            user: 'root',
            identityFile: lab.keyPath,
            knownHosts: [lab.knownHostsPath],
            hostKeys: 'strict',
          },
          hosts: Object.fromEntries(hosts.map(({ name, address }) => [name, { address }])),
          steps: Array.from({ length: EFFECTS }, (_, i) => step(i + 1)),
        }),
      )
      return 'faults.yml'
    },
    async prepare(withLittleRoom) {
      const room = withLittleRoom
        ? `mount -t tmpfs -o ${SMALL} tmpfs ${small} && mkdir ${small}/jobs ${small}/log && mount --bind ${small}/jobs ${jobs} && mount --bind ${small}/log ${log}`
        : ':'
      for (const host of hosts)
        await must(
          host,
          `umount ${jobs} ${log} ${small} 2>/dev/null; rm -rf ${jobs} ${log}; mkdir -p -m 700 ${jobs} ${log} ${small} && ${room}`,
        )
    },
    async wasDone(step) {
      const [, host = '', effect = ''] = /@([^:]+):(effect-\d+)/.exec(step) ?? []
      return (await effects(lab.host(host))).includes(effect)
    },
    async wrong() {
      const found: string[] = []
      for (const host of hosts) {
        const seen = await effects(host)
        for (let i = 1; i <= EFFECTS; i++) {
          const times = seen.filter(line => line === `effect-${String(i)}`).length
          if (times !== 1) found.push(`effect ${String(i)} on ${host.name}: ${String(times)} times`)
        }
        if (seen.length !== EFFECTS) found.push(`${host.name} has ${String(seen.length)} lines`)
      }
      return found
    },
  }
}

/** UCP on one manager and DTR on one replica, from bare hosts, with the stand-ins: a real install. */
export function installStory(
  lab: Lab,
  password: string,
  runbook: (words: readonly string[], folder: string) => Promise<string>,
): Story {
  const hosts = ['m1', 'd1'].map(name => lab.host(name))
  const small = '/var/lib/docker/volumes/small'
  return {
    hosts,
    small,
    write(folder) {
      mkdirSync(folder, { recursive: true })
      writePlaybook(lab, folder, { managers: ['m1'], workers: [], replicas: ['d1'], balancer: undefined })
      return 'lab.yml'
    },
    async prepare(withLittleRoom) {
      if (!withLittleRoom) return
      for (const host of hosts)
        await must(
          host,
          `systemctl stop docker docker.socket && mount -t tmpfs -o size=12m tmpfs /var/lib/docker/volumes && mkdir -m 700 ${small} && mkdir -p ${small}/jobs ${jobs} && mount --bind ${small}/jobs ${jobs} && systemctl reset-failed docker && systemctl start docker`,
        )
    },
    // Every step of these products has a goal, so nobody is asked.
    wasDone: step => Promise.reject(new Error(`nobody should have to say whether ${step} was done`)),
    async wrong(folder) {
      const found: string[] = []
      for (const [host, step] of [
        ['m1', 'ucp.install'],
        ['d1', 'dtr.install'],
      ] as const) {
        const ended = await must(
          lab.host(host),
          `cd ${jobs}/jobs && for job in *.${step}@*; do [ -e "$job/sup" ] && echo $job $(cd $job; echo rc.*); done; :`,
        )
        // RUN.STEP.ATTEMPT.OP: the op that must not be repeated is the last of the step; those before it fetch the image.
        const lines = ended.split('\n').filter(Boolean)
        const op = (line: string): number => Number(/\.(\d+) rc/.exec(line)?.[1] ?? -1)
        const last = Math.max(...lines.map(op))
        const well = lines.filter(line => op(line) === last && line.endsWith(' rc.0'))
        if (well.length !== 1) found.push(`${step}: ended well ${String(well.length)} times: ${ended.trim()}`)
      }
      const status = await clusterStatus(lab, 'd1', password)
      const words = Object.values(status?.replica_health ?? {})
      if (words.join() !== 'OK') found.push(`replicas: ${words.join() || 'no answer'}`)
      const said = await runbook(['apply', 'lab.yml', '--yes'], folder)
      if (!/\b0 changes\b/.test(said)) found.push(`a second apply: ${said.slice(-400)}`)
      return found
    },
  }
}

/** Where a host of the lab keeps what was written to it, on this machine. */
export async function placesOf(lab: Lab, host: LabHost): Promise<readonly string[]> {
  const disk = join(lab.layout.runDirectory, 'hosts', host.name)
  const all = ['upper', 'srv', 'docker/containers', 'docker/volumes', 'docker/swarm'].map(name =>
    join(disk, name),
  )
  const live = ['/run', '/tmp', '/dev/shm', '/var/lib/runbook'].map(path => host.path(path))
  const there = await command([
    'sh',
    '-c',
    'for i; do [ -e "$i" ] && echo "$i"; done; :',
    'sh',
    ...all,
    ...live,
  ])
  return there.out.split('\n').filter(Boolean)
}
