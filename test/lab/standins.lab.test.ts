import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from './command.ts'
import type { Lab } from './harness.ts'
import { labDown, labUp } from './harness.ts'
import { sampleImage } from './images.ts'
import { storageMount } from './layout.ts'
import { whyNoLab } from './machine.ts'
import { stopAtFirstFailure } from './ordered.ts'
import { adminPassword, registryName } from './playbook.ts'
import {
  asClient,
  clusterStatus,
  dtr,
  get,
  healthy,
  joinSwarm,
  setScheduling,
  startLeftBehind,
  token,
  ucp,
} from './vendor.ts'

const reason = await whyNoLab()
if (reason !== undefined) console.warn(`skipped: this machine cannot carry a lab: ${reason}`)

const [a, b, c, d] = ['00000000000a', '00000000000b', '00000000000c', '00000000000d']
const replicas = { d1: a, d2: b, d3: c }
const image = `${registryName}/admin/sample:1`

describe.skipIf(reason !== undefined)('stand-ins, driven by the documented commands', () => {
  let lab: Lab
  stopAtFirstFailure()
  beforeAll(async () => {
    await labDown()
    lab = await labUp({ hosts: ['m1', 'm2', 'd1', 'd2', 'd3', 'w1', 'lb1'] })
  })
  afterAll(labDown)

  const url = (host: string, path: string): string => `https://${lab.host(host).address}${path}`
  const allHealthy = async (ids: readonly string[]): Promise<true> => {
    let status: Awaited<ReturnType<typeof clusterStatus>>
    const healthy = until(`${ids.join(', ')} healthy`, 120_000, async () => {
      status = await clusterStatus(lab, 'd1')
      const well = ids.every(id => {
        const age = Date.now() - Date.parse(status?.replica_timestamp[id] ?? '')
        return status?.replica_health[id] === 'OK' && age < 10_000
      })
      const late = await startLeftBehind(lab, Object.keys(replicas))
      if (late.length > 0)
        console.info(`not brought up again by its engine, started by hand: ${late.join(', ')}`)
      const ready = status?.rethink_system_tables.table_status.every(
        each => each.status['all_replicas_ready'],
      )
      return well && ready === true && Object.keys(status?.replica_health ?? {}).length === ids.length
        ? true
        : undefined
    })
    return healthy.catch(async (error: unknown) => {
      const look =
        'docker ps -a --filter name=dtr- --format "{{.Names}} {{.Status}}"; docker logs --tail 15 $(docker ps -aq --filter name=dtr-rethinkdb-) 2>&1'
      const hosts = await Promise.all(
        ['d1', 'd2', 'd3'].map(async host => `${host}:\n${(await lab.host(host).exec(look)).out}`),
      )
      throw new Error(`${String(error)}\nlast seen: ${JSON.stringify(status)}\n${hosts.join('\n')}`)
    })
  }

  test('ucp install refuses a short password and an unknown flag, and then installs', async () => {
    const short = await ucp(lab, 'm1', `install --host-address ${lab.host('m1').address}`, 'short')
    expect(short).toMatchObject({ code: 1 })
    expect(short.err).toMatch(/level=fatal msg="Your password must be at least 8 characters"/)
    expect((await ucp(lab, 'm1', 'install --hots x')).err).toContain('flag provided but not defined: -hots')
    const done = await ucp(
      lab,
      'm1',
      `install --host-address ${lab.host('m1').address} --san ucp.lab --jsonlog`,
    )
    expect(done.err).toContain('Installation completed on m1 (node ')
    expect(done.code).toBe(0)
    const again = await ucp(lab, 'm1', `install --host-address ${lab.host('m1').address}`)
    expect(again.err).toContain('UCP is already installed')
  })

  test('UCP answers GET /_ping with 200, HEAD with 404, logins with a token, and its own CA', async () => {
    expect((await get(lab, url('m1', '/_ping'))).status).toBe(200)
    expect((await get(lab, url('m1', '/_ping'), '-I')).status).toBe(404)
    const wrong = await get(
      lab,
      url('m1', '/auth/login'),
      `-d '{"username":"admin","password":"wrong-password"}'`,
    )
    expect(wrong.status).toBe(401)
    const id = await get(lab, url('m1', '/id/'), `-H 'Authorization: Bearer ${await token(lab)}'`)
    expect(JSON.parse(id.body)).toMatchObject({ name: 'admin', isAdmin: true })
    expect((await get(lab, url('m1', '/id/'))).status).toBe(401)
    const verified = await lab
      .host('m1')
      .exec('curl -sk https://m1/ca > /tmp/ca && curl -s --cacert /tmp/ca https://m1/_ping')
    expect(verified.out).toBe('OK')
  })

  test('a node that joins the swarm is set up by itself, as manager or worker', async () => {
    await joinSwarm(lab, 'm2', 'manager')
    await Promise.all(['d1', 'd2', 'd3', 'w1'].map(host => joinSwarm(lab, host, 'worker')))
    await healthy(lab, 'm2')
    await until('ucp-proxy on d1', 60_000, async () => {
      const names = (await lab.host('d1').exec('docker ps --format "{{.Names}}"')).out
      return names.includes('ucp-proxy') && !names.includes('ucp-controller') ? true : undefined
    })
    await lab.host('m2').exec('docker stop -t 1 ucp-kv')
    expect((await get(lab, url('m2', '/_ping'))).status).toBe(500)
    await lab.host('m2').exec('docker start ucp-kv')
    expect((await get(lab, url('m2', '/_ping'))).status).toBe(200)
  })

  const install = `install --ucp-node d1 --replica-id ${a} --dtr-external-url https://${registryName} --dtr-storage-volume ${storageMount}`

  test('dtr install is refused without a value it would ask for, a good login, the switch', async () => {
    const asked = await lab.host('m1').exec('docker run --rm docker/dtr:2.7.6 install')
    expect(asked.code).toBe(1)
    expect(asked.out).toContain('ucp-url (The UCP URL including domain and port):')
    const noCa = await lab
      .host('m1')
      .exec(
        `docker run --rm docker/dtr:2.7.6 install --ucp-url ${url('m1', '')} --ucp-username admin --ucp-password x`,
      )
    expect(noCa.err).toContain('x509: certificate signed by unknown authority')
    const off = await dtr(lab, 'm1', install)
    expect(off.code).toBe(1)
    expect(off.err).toContain('could not find any nodes on which the container could be created')
  })

  test('dtr install makes one replica of nine containers with the given id', async () => {
    await setScheduling(lab, true)
    const done = await dtr(lab, 'm1', install)
    expect(done.err).toContain(`Replica ID is set to: ${a}`)
    expect(done.code).toBe(0)
    expect((await get(lab, url('d1', '/_ping'))).body).toBe('{"Error":"","Healthy":true}')
    const names = (
      await lab.host('d1').exec('docker ps --format "{{.Names}}" --filter label=com.docker.dtr.replica')
    ).out
    expect(names.trim().split('\n')).toHaveLength(9)
    const inspect = `docker inspect --format '{{index .Config.Labels "com.docker.dtr.version"}}' dtr-rethinkdb-${a}`
    expect((await lab.host('d1').exec(inspect)).out).toBe('2.7.6\n')
  })

  test('two bootstrappers at once: the second one clashes on dtr-phase2', async () => {
    const first = dtr(lab, 'm1', `join --ucp-node d2 --existing-replica-id ${a} --replica-id ${b}`)
    await until('dtr-phase2 on d2', 30_000, async () => {
      const names = (await lab.host('d2').exec('docker ps --format "{{.Names}}"')).out
      return names.includes('dtr-phase2') ? true : undefined
    })
    const second = await dtr(lab, 'm2', `join --ucp-node d3 --existing-replica-id ${a} --replica-id ${c}`)
    expect(second.code).toBe(1)
    expect(second.err).toMatch(/Failed to execute phase2.*dtr-phase2 is already assigned/)
    const done = await first
    expect(done.err).toContain('Join is complete')
    expect(done.err).toContain('You currently have an even number of replicas')
    expect(done.code).toBe(0)
    const third = await dtr(lab, 'm1', `join --ucp-node d3 --existing-replica-id ${a} --replica-id ${c}`)
    expect(third.err).toContain('There are currently 3 replicas in your Docker Trusted Registry cluster')
    await allHealthy([a, b, c])
  })

  test('an image pushed through one replica is pulled through the others', async () => {
    const auth = `-u 'admin:${adminPassword}'`
    const repository = await get(
      lab,
      url('d2', '/api/v0/repositories/admin'),
      `${auth} -d '{"name":"sample"}'`,
    )
    expect(repository.status).toBe(201)
    await until('the CA of the registry on w1', 60_000, async () =>
      (await lab.host('w1').exec(`test -s /etc/docker/certs.d/${registryName}/ca.crt`)).code === 0
        ? true
        : undefined,
    )
    const to = lab.host('d1').address
    const unknown = await lab
      .host('w1')
      .exec(
        asClient(
          to,
          registryName,
          `docker tag ${sampleImage} ${registryName}/admin/none:1; docker push ${registryName}/admin/none:1`,
        ),
      )
    expect(unknown.err).toContain('denied')
    const pushed = await lab
      .host('w1')
      .exec(asClient(to, registryName, `docker tag ${sampleImage} ${image}; docker push ${image}`))
    expect(pushed.out).toMatch(/1: digest: sha256:/)
    for (const host of Object.keys(replicas)) {
      const line = `docker rmi -f ${image} >/dev/null 2>&1 || true; docker pull ${image}`
      const pulled = await lab.host('w1').exec(asClient(lab.host(host).address, registryName, line))
      expect(pulled.out, pulled.err).toMatch(/Digest: sha256:/)
    }
  })

  test('one replica dead: the others serve, a join is refused in the documented words, and it comes back whole', async () => {
    await lab.host('d3').kill()
    const pulled = await lab
      .host('w1')
      .exec(
        asClient(
          lab.host('d2').address,
          registryName,
          `docker rmi -f ${image} >/dev/null; docker pull ${image}`,
        ),
      )
    expect(pulled.out, pulled.err).toMatch(/Digest: sha256:/)
    await until('the dead replica to be noticed', 30_000, async () =>
      (await clusterStatus(lab, 'd1'))?.rethink_system_tables.current_issues.length === 1 ? true : undefined,
    )
    const status = await clusterStatus(lab, 'd1')
    const tables = status?.rethink_system_tables.table_status[0]?.status
    expect(tables).toMatchObject({ all_replicas_ready: false, ready_for_writes: true })
    const refused = await dtr(lab, 'm1', `join --ucp-node w1 --existing-replica-id ${a} --replica-id ${d}`)
    expect(refused.code).toBe(1)
    expect(refused.err).toContain(
      `use --unsafe-join. Error: Unhealthy replicas: ${c}; reasons: Rethink replica is currently in state: disconnected`,
    )
    expect(refused.err).toContain("Failed to execute phase2: Problem running container 'dtr-phase2'")
    expect((await lab.host('w1').exec('docker ps -aq --filter name=dtr-')).out).toBe('')
    await lab.host('d3').start()
    await allHealthy([a, b, c])
  })

  test('majority lost: the last replica is unhealthy and the old reports stay old', async () => {
    await lab.host('d2').kill()
    await lab.host('d3').kill()
    await until('d1 unhealthy', 60_000, async () =>
      (await get(lab, url('d1', '/_ping'))).status === 500 ? true : undefined,
    )
    expect(await clusterStatus(lab, 'd1')).toBeUndefined()
    await Promise.all([lab.host('d2').start(), lab.host('d3').start()])
    await allHealthy([a, b, c])
  })

  test('destroy leaves a ghost that blocks joins; remove clears it', async () => {
    const destroyed = await dtr(lab, 'm1', `destroy --replica-id ${c}`)
    expect(destroyed.err).toContain('Replica removed.')
    expect(
      (await lab.host('d3').exec('docker ps -aq --filter name=dtr-; docker volume ls -q --filter name=dtr-'))
        .out,
    ).toBe('')
    await until('the ghost to be noticed', 30_000, async () =>
      (await clusterStatus(lab, 'd1'))?.rethink_system_tables.current_issues.length === 1 ? true : undefined,
    )
    const refused = await dtr(lab, 'm1', `join --ucp-node d3 --existing-replica-id ${a} --replica-id ${d}`)
    expect(refused.err).toContain(`Unhealthy replicas: ${c}`)
    const removed = await dtr(lab, 'm1', `remove --existing-replica-id ${a} --replica-ids ${c}`)
    expect(removed.code).toBe(0)
    await allHealthy([a, b])
    const joined = await dtr(lab, 'm1', `join --ucp-node d3 --existing-replica-id ${a} --replica-id ${d}`)
    expect(joined.code, joined.err).toBe(0)
    await allHealthy([a, b, d])
  })
})
