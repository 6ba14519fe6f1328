import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { marks } from '../../src/catalog/storage/facts.ts'
import { readCommand, writeCommand, type Target } from '../../src/catalog/storage/target.ts'
import { quote } from '../../src/plan/quote.ts'
import type { Command } from '../../src/plan/step.ts'
import type { Lab } from './harness.ts'
import { labDown, labUp } from './harness.ts'
import { whyNoLab } from './machine.ts'

const reason = await whyNoLab()
if (reason !== undefined) console.warn(`skipped: this machine cannot carry a lab: ${reason}`)

const line = (command: Command): string =>
  command.argv.map(word => (typeof word === 'string' ? quote(word) : '')).join(' ')

/** A real NFS server (nfs-ganesha). The kernel has no NFS client, so files go by libnfs and the refusal of `mount` is real. */
describe.skipIf(reason !== undefined)('a real NFS server', () => {
  let lab: Lab
  let server: string
  let target: Target
  const configuration = `NFSv4 { Graceless = true; }
EXPORT { Export_Id = 1; Path = /var/lib/docker/export; Pseudo = /export; Access_Type = RW; Squash = No_Root_Squash;
  SecType = sys; Protocols = 3, 4; Transports = TCP; FSAL { Name = VFS; } }
`
  beforeAll(async () => {
    await labDown()
    lab = await labUp({ hosts: ['d1', 'd2', 'lb1'], images: false })
    const lb1 = lab.host('lb1')
    server = lb1.address
    target = { kind: 'nfs', server, export: '/var/lib/docker/export', options: '' }
    const started = await lb1.exec(
      `mkdir -p /var/lib/docker/export /run/ganesha && systemctl start rpcbind && printf %s ${quote(configuration)} > /etc/ganesha/lab.conf &&` +
        ' ganesha.nfsd -f /etc/ganesha/lab.conf -L /var/log/ganesha.log -p /run/ganesha.pid &&' +
        ' for i in $(seq 100); do showmount -e localhost && exit; sleep 0.1; done; tail -n 20 /var/log/ganesha.log >&2; exit 1',
    )
    expect(started.code, started.err).toBe(0)
  })
  afterAll(() => labDown())

  test('showmount on a replica host names the export', async () => {
    const shown = await lab.host('d1').exec(`showmount -e ${server}`)
    expect(shown.code, shown.err).toBe(0)
    expect(shown.out).toContain('/var/lib/docker/export')
  })

  test('what one replica host writes, the other reads', async () => {
    const url = `nfs://${server}/var/lib/docker/export/marker?version=3`
    const written = await lab
      .host('d1')
      .exec(`printf 'by d1\\n' > /tmp/marker && nfs-cp /tmp/marker '${url}'`)
    expect(written.code, written.err + written.out).toBe(0)
    const read = await lab.host('d2').exec(`nfs-cat '${url}'`)
    expect(read.out).toBe('by d1\n')
  })

  test('where the host cannot mount, the proof says so in its words, and never that there is nothing', async () => {
    const written = await lab.host('d1').exec(line(writeCommand(target, 'lab', 'd1')))
    expect(written.code).toBe(32)
    expect(written.out).toContain('/var/lib/docker/export')
    const read = await lab.host('d1').exec(line(readCommand(target, 'lab', ['d1'])))
    const exit = { code: read.code, stdout: read.out, stderr: read.err }
    const answer = marks.parse(exit, undefined)
    expect(answer).toMatchObject({ unreadable: expect.stringMatching(/mount|nfs/i) as string })
    const left = await lab.host('d1').exec('findmnt --noheadings /mnt')
    expect(left.out).toBe('')
  })
})
