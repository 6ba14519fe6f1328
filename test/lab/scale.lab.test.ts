import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from './command.ts'
import type { Lab } from './harness.ts'
import { labDown, labUp } from './harness.ts'
import { dtrVersion, laterDtrVersion, laterUcpVersion, ucpVersion } from './images.ts'
import { whyNoLab } from './machine.ts'
import { stopAtFirstFailure } from './ordered.ts'
import type { PlaybookOptions } from './playbook.ts'
import { adminPassword, controllerName, passwordVariable, writePlaybook } from './playbook.ts'
import { pullEverySecond, pushForPulls, tell } from './pulls.ts'
import type { RunbookEnd } from './run.ts'
import { runbook } from './run.ts'
import { clusterStatus, dtr, ucp } from './vendor.ts'

const reason = await whyNoLab()
if (reason !== undefined) console.warn(`skipped: this machine cannot carry a lab: ${reason}`)

/** Exit code for: changed between plan and lock. */
const moved = 13
const hosts = ['m1', 'm2', 'm3', 'm4', 'd1', 'd2', 'd3', 'd4', 'd5', 'w1', 'lb1']

/** One cluster through the changes of its life, each by `apply` of a playbook that says what it shall be. */
describe.skipIf(reason !== undefined)('day two on real hosts', () => {
  let lab: Lab
  stopAtFirstFailure()
  let directory: string
  beforeAll(async () => {
    await labDown()
    lab = await labUp({ hosts })
    directory = mkdtempSync(join(tmpdir(), 'runbook-lab-'))
  })
  afterAll(async () => {
    await labDown()
    rmSync(directory, { recursive: true, force: true })
  })

  let declared: PlaybookOptions = { workers: ['w1'] }
  /** Changes the playbook, applies it, prints the time, and sees that nothing is left to do. */
  const become = async (what: string, change: PlaybookOptions, ...flags: string[]): Promise<RunbookEnd> => {
    declared = { ...declared, ...change }
    writePlaybook(lab, directory, declared)
    const began = Date.now()
    const done = await apply(flags)
    console.info(`${what}: ${((Date.now() - began) / 1000).toFixed(0)} s`)
    expect(done.code, `${done.err.slice(-3000)}\n${done.out.slice(-3000)}`).toBe(0)
    expect(done.out).not.toMatch(/\b0 changes\b/)
    expect(done.out + done.err).not.toContain(adminPassword)
    return done
  }
  /** `apply`; when it says that the cluster moved while it looked, and to give it again, that is done: a dead host is noticed by and by. */
  const apply = async (flags: readonly string[]): Promise<RunbookEnd> => {
    for (let times = 1; ; times++) {
      const end = await runbook(directory, ['apply', 'lab.yml', '--yes', ...flags])
      if (end.code !== moved || times === 4) return end
      console.info('the cluster moved between plan and lock: once more')
    }
  }
  const settled = async (...flags: string[]): Promise<void> => {
    const again = await apply(flags)
    expect(again.code, `${again.err.slice(-3000)}\n${again.out.slice(-3000)}`).toBe(0)
    expect(again.out, again.out).toMatch(/\b0 changes\b/)
  }

  /** Ids of the replicas that a host carries. */
  const carried = async (host: string): Promise<readonly string[]> => {
    const listed = await lab
      .host(host)
      .exec(`docker ps -a --filter name=dtr-rethinkdb- --format '{{.Names}}' | sed 's/.*-//'`)
    return listed.out.split('\n').filter(Boolean)
  }
  /** The database's members are those on these hosts and no others, all well and of no doubt. */
  const membersAreOn = async (replicas: readonly string[]): Promise<void> => {
    const ids = (await Promise.all(replicas.map(carried))).flat().sort()
    expect(ids).toHaveLength(replicas.length)
    const seen = await until('members that are well', 120_000, async () => {
      const status = await clusterStatus(lab, replicas[0] ?? '')
      const well = Object.values(status?.replica_health ?? { none: '' }).every(word => word === 'OK')
      return well && status?.rethink_system_tables.current_issues.length === 0 ? status : undefined
    })
    expect(Object.keys(seen.replica_health).sort()).toEqual(ids)
  }
  const nodes = async (): Promise<readonly string[]> => {
    const listed = await lab
      .host('m1')
      .exec(`docker node ls --format '{{.Hostname}} {{.Status}} {{.ManagerStatus}}'`)
    return listed.out
      .replaceAll('Leader', 'Reachable')
      .split('\n')
      .map(line => line.trim())
      .filter(Boolean)
      .sort()
  }

  test('from bare hosts to three replicas', async () => {
    await become('3 replicas from bare hosts', {})
    await membersAreOn(['d1', 'd2', 'd3'])
    await settled()
  })

  test('init --from reads it into a playbook whose plan is empty', async () => {
    const at = `ssh://root@${lab.host('m1').address}`
    const keys = ['--identity-file', lab.keyPath, '--known-hosts', lab.knownHostsPath]
    const read = await runbook(directory, [
      ...['init', '--from', at, ...keys, '--admin-password', `env:${passwordVariable}`, '--out', 'read.yml'],
    ])
    expect(read.code, `${read.err}\n${read.out}`).toBe(0)
    expect(read.out).toContain('its plan is empty')
    const plan = await runbook(directory, ['plan', 'read.yml', '--detailed-exitcode'])
    expect(plan.code, `${plan.err}\n${plan.out}`).toBe(0)
    const text = readFileSync(join(directory, 'read.yml'), 'utf8')
    for (const host of hosts.filter(name => /^[mdw][123]$/.test(name))) expect(text).toContain(`${host}:`)
    expect(text).toContain(controllerName)
    expect(text).not.toContain(adminPassword)
  })

  test('a manager that lost its power for good is replaced', async () => {
    await lab.host('m3').kill()
    await become('replace a manager', { managers: ['m1', 'm2', 'm4'] }, '--prune')
    const reachable = (await nodes()).filter(line => line.endsWith('Ready Reachable'))
    expect(reachable.map(line => line.split(' ')[0])).toEqual(['m1', 'm2', 'm4'])
    await settled('--prune')
  })

  test('DTR goes up a patch while a client pulls every second', async () => {
    await pushForPulls(lab, 'w1')
    const [donor = ''] = await carried('d1')
    const refused = await applyOf({ dtrVersion: laterDtrVersion })
    expect(refused.code, refused.out).not.toBe(0)
    expect(refused.out + refused.err).toContain('RB0882')
    const saved = await dtr(lab, 'm1', `backup --existing-replica-id ${donor} > /root/dtr-metadata.tar`)
    expect(saved.code, saved.err).toBe(0)
    const names = await lab.host('m1').exec('tar -tf /root/dtr-metadata.tar')
    expect(names.out).toMatch(new RegExp(`^dtr-backup-v${dtrVersion}[^/]*/rethink/properties/0$`, 'm'))
    const backedUp = { RB0882: 'metadata in /root/dtr-metadata.tar on m1, images on the shared storage' }
    const { pulls } = await pullEverySecond(lab, 'w1', () =>
      become(`DTR ${dtrVersion} to ${laterDtrVersion}`, { dtrVersion: laterDtrVersion, accept: backedUp }),
    )
    console.info(tell('DTR was upgraded', pulls))
    for (const host of ['d1', 'd2', 'd3']) {
      const images = await lab.host(host).exec(`docker ps --filter name=dtr- --format '{{.Image}}'`)
      expect(images.out.trim().split('\n')).toHaveLength(9)
      expect(
        images.out
          .trim()
          .split('\n')
          .every(each => each.endsWith(`:${laterDtrVersion}`)),
      ).toBe(true)
    }
    await membersAreOn(['d1', 'd2', 'd3'])
    await settled()
    // The vendor's run replaces a replica's parts behind its open front door and says beforehand to nobody whose turn it is: the balancer
    // is steered to one that is not renewed yet, then to those that are.
    expect(pulls.failed, tell('DTR was upgraded', pulls)).toEqual([])
    expect(pulls.count).toBeGreaterThan(20)
  })

  test('UCP goes up a patch, workers in waves of two, while a client pulls every second', async () => {
    const refused = await applyOf({ ucpVersion: laterUcpVersion })
    expect(refused.code, refused.out).not.toBe(0)
    expect(refused.out + refused.err).toContain('RB0830')
    const saved = await ucp(lab, 'm1', 'backup --no-passphrase > /root/ucp.tar')
    expect(saved.code, saved.err).toBe(0)
    const names = (await lab.host('m1').exec('tar -tf /root/ucp.tar')).out
    for (const name of [
      /etcd\.backup\.db$/m,
      /ucp-client-root-ca\/key\.pem$/m,
      /ucp-controller-server-certs\/key\.pem$/m,
    ])
      expect(names).toMatch(name)
    const { pulls } = await pullEverySecond(lab, 'w1', () =>
      become(`UCP ${ucpVersion} to ${laterUcpVersion}`, {
        ucpVersion: laterUcpVersion,
        workersAtOnce: 2,
        accept: { ...declared.accept, RB0830: 'UCP in /root/ucp.tar on m1; the swarm of a lab is made anew' },
      }),
    )
    console.info(tell('UCP was upgraded', pulls))
    for (const host of ['m1', 'm2', 'm4', 'd1', 'w1']) {
      const proxy = await lab.host(host).exec(`docker inspect --format '{{.Config.Image}}' ucp-proxy`)
      expect(proxy.out.trim()).toMatch(new RegExp(`:${laterUcpVersion}$`))
    }
    await settled()
    expect(pulls.failed).toEqual([])
  })

  test('three replicas become five', async () => {
    await become('3 to 5 replicas', { replicas: ['d1', 'd2', 'd3', 'd4', 'd5'] })
    await membersAreOn(['d1', 'd2', 'd3', 'd4', 'd5'])
    await settled()
  })

  test('five replicas become three, and the hosts that left are as bare as before', async () => {
    await become('5 to 3 replicas', { replicas: ['d1', 'd2', 'd3'], spare: ['d4', 'd5'] }, '--prune')
    await membersAreOn(['d1', 'd2', 'd3'])
    for (const host of ['d4', 'd5']) {
      const left = await lab
        .host(host)
        .exec(`docker ps -aq; docker volume ls -q; docker info --format '{{.Swarm.LocalNodeState}}'`)
      expect(left.out.trim()).toBe('inactive')
    }
    expect((await nodes()).map(line => line.split(' ')[0])).toEqual([
      'd1',
      'd2',
      'd3',
      'm1',
      'm2',
      'm4',
      'w1',
    ])
    await settled('--prune')
  })

  test('a replica host whose engine was killed is replaced', async () => {
    const killed = await lab
      .host('d2')
      .exec('systemctl mask --now docker.socket && systemctl kill -s KILL docker && systemctl mask docker')
    expect(killed.code, killed.err).toBe(0)
    // Until the others have missed it, the registry itself says that all is well.
    await until('the others to miss it', 60_000, async () => {
      const servers = (await clusterStatus(lab, 'd1'))?.rethink_system_tables.server_status
      return servers?.length === 2 ? true : undefined
    })
    await become('replace a replica host', { replicas: ['d1', 'd3', 'd4'], spare: [] }, '--prune')
    await membersAreOn(['d1', 'd3', 'd4'])
    expect((await nodes()).map(line => line.split(' ')[0])).toEqual([
      'd1',
      'd3',
      'd4',
      'm1',
      'm2',
      'm4',
      'w1',
    ])
    await settled('--prune')
  })

  test('status says that all is well, and exec asks every replica', async () => {
    const told = await runbook(directory, ['status', 'lab.yml', '--json'])
    expect(told.code, `${told.err}\n${told.out}`).toBe(0)
    const { health } = JSON.parse(told.out) as { health: { product: string; state: string }[] }
    expect(health.map(one => one.state)).toEqual(health.map(() => 'healthy'))
    expect(health.length).toBeGreaterThan(1)
    const asked = await runbook(directory, ['exec', 'dtr', '-f', 'lab.yml', '--', 'hostname'])
    expect(asked.code, asked.err).toBe(0)
    for (const host of ['d1', 'd3', 'd4']) expect(asked.out).toContain(host)
    expect(told.out + told.err + asked.out + asked.err).not.toContain(adminPassword)
  })

  test('reset takes all of it away, and a second one finds nothing to do', async () => {
    const began = Date.now()
    const reset = () => runbook(directory, ['reset', 'lab.yml', '--yes-name', 'lab'])
    const refused = await runbook(directory, ['reset', 'lab.yml', '--yes-name', 'another'])
    expect(refused.code).toBe(19)
    const gone = await reset()
    console.info(`reset: ${((Date.now() - began) / 1000).toFixed(0)} s`)
    expect(gone.code, `${gone.err.slice(-3000)}\n${gone.out.slice(-3000)}`).toBe(0)
    for (const host of ['m1', 'm2', 'm4', 'd1', 'd3', 'd4', 'w1']) {
      const left = await lab
        .host(host)
        .exec(
          `docker ps -aq; docker volume ls -q | grep -E '^(ucp|dtr)-'; docker info --format '{{.Swarm.LocalNodeState}}'`,
        )
      expect(`${host} ${left.out.trim()}`).toBe(`${host} inactive`)
    }
    const again = await reset()
    expect(again.code, again.err).toBe(0)
    expect(again.out).toMatch(/\b0 changes\b/)
  })

  /** What `apply` says to a changed playbook, which is not the declared one afterwards. */
  async function applyOf(change: PlaybookOptions): Promise<RunbookEnd> {
    writePlaybook(lab, directory, { ...declared, ...change })
    return runbook(directory, ['apply', 'lab.yml', '--yes'])
  }
})
