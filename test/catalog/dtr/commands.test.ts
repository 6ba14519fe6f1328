import { describe, expect, it } from 'vitest'
import { commands, installCommand, joinCommand } from '../../../src/catalog/dtr/commands.ts'
import { wantedOf } from '../../../src/catalog/dtr/questions.ts'
import { wantedStorage } from '../../../src/catalog/dtr/plays/objectStorage.ts'
import { showCommand, showValue } from '../../../src/plan/show.ts'
import type { Topology } from '../../../src/playbook/topology.ts'
import { example } from './onTwin.ts'

function run(topology: Topology) {
  const wanted = wantedOf(topology)
  const [first, second] = wanted?.dtr.replicas ?? []
  if (!wanted || !first || !second) throw new Error('no registry of two')
  return { run: { ...wanted, manager: wanted.ucp.managers[0] ?? '' }, first, second }
}
const words = (argv: readonly Parameters<typeof showValue>[0][]) => argv.slice(3).map(showValue).join(' ')

describe('the bootstrapper’s command lines', () => {
  const made = run(example('dtr-ha'))

  it('install on the first replica’s own host, by a manager’s own address, storage as flags', () => {
    expect(words(installCommand(made.run, made.first).argv)).toBe(
      `runbook-dtr-install ${made.first.id} docker run --rm -e UCP_USERNAME -e UCP_PASSWORD docker/dtr:2.7.6 install --ucp-url https://198.51.100.11 ` +
        `--ucp-ca fact://ucp.ca@m1/pem --ucp-node fact://os.machine@d1/hostname --replica-id ${made.first.id} --dtr-external-url https://dtr.example.com ` +
        `--replica-http-port 80 --replica-https-port 443 --nfs-storage-url nfs://198.51.100.40/export/dtr`,
    )
  })

  it('join through a healthy member with an id we know beforehand', () => {
    expect(words(joinCommand(made.run, made.second, made.first).argv)).toBe(
      `runbook-dtr-join ${made.second.id} docker run --rm -e UCP_USERNAME -e UCP_PASSWORD docker/dtr:2.7.6 join --ucp-url https://198.51.100.11 ` +
        `--ucp-ca fact://ucp.ca@m1/pem --ucp-node fact://os.machine@d2/hostname --replica-id ${made.second.id} --existing-replica-id ${made.first.id} ` +
        `--replica-http-port 80 --replica-https-port 443`,
    )
  })

  it('passes secrets by environment only, and never asks for a terminal', () => {
    const key = { secret: 'file:files/dtr-key.pem' }
    const pem = { file: 'files/ca.pem', sha256: 'a'.repeat(64) }
    const dtr = { ...made.run.dtr, certificates: { ca: pem, cert: pem, key } }
    const command = installCommand({ ...made.run, dtr }, made.first)
    expect(JSON.stringify(command.argv)).not.toContain('secret')
    expect(command.env).toMatchObject({
      UCP_PASSWORD: made.run.ucp.adminPassword,
      DTR_KEY: key,
      MSR_KEY: key,
    })
    expect(command.argv).toContain('DTR_KEY')
    expect(command.argv).not.toContain('-t')
    expect(showCommand(command)).toContain('--dtr-cert file://files/ca.pem')
  })

  it('names every command with its source and versions', () => {
    for (const one of commands) {
      expect(one.source).toMatch(/\[(D|M|S|C|G|L)[:\]]/)
      expect(one.versions).not.toBe('')
    }
    expect(new Set(commands.map(one => one.name)).size).toBe(commands.length)
  })
})

describe('storage as the settings tell it', () => {
  it('is told without secrets for every kind', () => {
    for (const name of ['dtr-ha', 'dtr-5-s3', 'multi-site', 'minimal', 'msr-2.9-mke-3']) {
      const { storage } = example(name)
      expect(wantedStorage(storage)['kind']).toBe(storage.kind)
      expect(JSON.stringify(wantedStorage(storage))).not.toContain('secret')
    }
  })
})
