import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { admPassword } from './access.ts'
import { command, must, until } from './command.ts'
import type { Lab } from './harness.ts'
import { labDown, labUp } from './harness.ts'
import { storageMount, subnet } from './layout.ts'
import { whyNoLab } from './machine.ts'
import { stopAtFirstFailure } from './ordered.ts'

const reason = await whyNoLab()
if (reason !== undefined) console.warn(`skipped: this machine cannot carry a lab: ${reason}`)

describe.skipIf(reason !== undefined)('hosts of the lab', () => {
  let lab: Lab
  stopAtFirstFailure()
  beforeAll(async () => {
    await labDown()
    lab = await labUp({ hosts: ['m1', 'd1', 'd2', 'lb1'], images: false })
  })
  afterAll(labDown)

  test('each is a machine of its own with systemd, sshd and Docker Engine', async () => {
    for (const host of lab.hosts) {
      const seen = await host.exec(
        'hostname; systemctl is-system-running --wait; docker version --format "{{.Server.Version}}"',
      )
      expect(seen.out).toBe(`${host.name}\nrunning\n20.10.24+dfsg1\n`)
    }
    const ids = await Promise.all(
      lab.hosts.map(host => host.exec('docker info --format "{{.ID}}"; cat /etc/machine-id')),
    )
    expect(new Set(ids.flatMap(each => each.out.trim().split('\n'))).size).toBe(lab.hosts.length * 2)
  })

  test('users: root by key, ops in the docker group, adm with sudo by password', async () => {
    const host = lab.host('m1')
    expect((await host.exec('id -un')).out).toBe('root\n')
    expect((await host.exec('docker ps -q && sudo -n true', { user: 'ops' })).code).not.toBe(0)
    expect((await host.exec('docker ps -q', { user: 'ops' })).code).toBe(0)
    const sudo = await host.exec(`echo ${admPassword} | sudo -S -p '' id -un`, { user: 'adm' })
    expect(sudo.out).toBe('root\n')
    expect((await host.exec('sudo -n true', { user: 'adm' })).err).toContain('a password is required')
  })

  test('a file written through one replica host is seen through the other, also after a power cut', async () => {
    const write = await lab.host('d1').exec(`echo shared > ${storageMount}/file`)
    expect(write.code).toBe(0)
    expect((await lab.host('d2').exec(`cat ${storageMount}/file`)).out).toBe('shared\n')
    await lab.host('d2').kill()
    expect(lab.host('d2').on()).toBe(false)
    await lab.host('d2').start()
    expect((await lab.host('d2').exec(`cat ${storageMount}/file`)).out).toBe('shared\n')
  })

  test('reboot comes back by itself with the same disk and key', async () => {
    const host = lab.host('m1')
    await host.exec('echo kept > /root/kept')
    const before = (
      await host.exec('cat /proc/sys/kernel/random/boot_id; systemctl show -p UserspaceTimestampMonotonic')
    ).out
    host.reboot()
    await until('another boot', 60_000, async () => {
      const now = await host.exec(
        'cat /proc/sys/kernel/random/boot_id; systemctl show -p UserspaceTimestampMonotonic',
      )
      return now.code === 0 && now.out !== before ? true : undefined
    })
    expect((await host.exec('cat /root/kept')).out).toBe('kept\n')
  })

  test('a frozen host takes connections and says nothing; thawed it goes on', async () => {
    const host = lab.host('d1')
    host.freeze()
    const hung = await host.exec('true', { timeoutMs: 4000 })
    expect(hung.code).not.toBe(0)
    host.thaw()
    expect((await host.exec('true')).code).toBe(0)
  })

  test('a pulled cable and a partition cut off what they should and no more', async () => {
    const [m1, d1] = [lab.host('m1'), lab.host('d1')]
    const reach = `nc -z -w 2 ${d1.address} 22`
    expect((await m1.exec(reach)).code).toBe(0)
    await lab.partition('m1', 'd1')
    expect((await m1.exec(reach)).code).not.toBe(0)
    expect((await d1.exec('true')).code).toBe(0)
    await lab.heal()
    expect((await m1.exec(reach)).code).toBe(0)
    await d1.cable('out')
    expect((await d1.exec('true', { timeoutMs: 8000 })).code).not.toBe(0)
    expect((await d1.enter(['hostname'])).out).toBe('d1\n')
    await d1.cable('in')
    expect((await d1.exec('true')).code).toBe(0)
  })

  test('up again changes nothing; down leaves no process, namespace, mount, route or control group', async () => {
    const pids = lab.hosts.map(host => host.path('/'))
    const again = await labUp({ hosts: ['m1', 'd1', 'd2', 'lb1'], images: false })
    expect(again.hosts.map(host => host.path('/'))).toEqual(pids)
    const { layout } = lab
    await labDown()
    await labDown()
    const left = await Promise.all([
      must(['sh', '-c', `ls -d /sys/fs/cgroup/*/${layout.prefix} 2>/dev/null || true`]),
      must(['sh', '-c', `ip netns list | grep -w ${layout.prefix}sw || true`]),
      must(['sh', '-c', `ip route show | grep '^unreachable ${subnet(layout)}' || true`]),
      must(['sh', '-c', `ip -br link | grep '^${layout.prefix}' || true`]),
      must(['sh', '-c', `grep ${layout.runDirectory} /proc/mounts || true`]),
    ])
    expect(left).toEqual(['', '', '', '', ''])
    expect((await command(['ls', layout.runDirectory])).code).not.toBe(0)
  })
})
