import { describe, expect, it } from 'vitest'
import {
  COMMANDS,
  certificatePut,
  configSet,
  installCommand,
  upgradeCommand,
} from '../../../src/catalog/ucp/commands.ts'
import { showCommand } from '../../../src/plan/show.ts'
import type { UcpSpec } from '../../../src/playbook/topology.ts'
import { platform } from './topology.ts'

const topology = platform()
const { ucp } = topology
if (!ucp) throw new Error('the platform has UCP')

describe('vendor commands', () => {
  it('each names its source and its versions', () => {
    expect(COMMANDS.map(({ name }) => name)).toEqual([
      'install',
      'upgrade',
      'release',
      'uninstall-ucp',
      'join',
      'ping',
      'login',
      'config-toml',
      'license',
      'certificates',
    ])
    for (const { source, versions } of COMMANDS) {
      expect(source).toMatch(/\[(D|L|S|G)/)
      expect(versions).not.toBe('')
    }
  })

  it('install names everything the manual wants named, and no secret', () => {
    expect(showCommand(installCommand(topology, ucp, 'm1'))).toBe(
      'UCP_ADMIN_USER=admin UCP_ADMIN_PASSWORD=secret://env:UCP_ADMIN_PASSWORD docker container run --rm --name ucp --env UCP_ADMIN_USER --env UCP_ADMIN_PASSWORD ' +
        '--volume /var/run/docker.sock:/var/run/docker.sock --volume /etc/runbook/docker_subscription.lic:/config/docker_subscription.lic docker/ucp:3.2.6 install ' +
        '--host-address 10.0.0.11 --san ucp.example.com --san m1 --san m2 --san m3 --controller-port 443 --pod-cidr 192.168.0.0/16',
    )
  })

  it('install takes external certificates and flags of the playbook', () => {
    const file = (name: string) => ({ file: name, sha256: 'b'.repeat(64) })
    const certificates = { ca: file('ca.pem'), cert: file('cert.pem'), key: { secret: 'file:key.pem' } }
    const rest = Object.fromEntries(
      Object.entries(ucp).filter(([name]) => name !== 'license'),
    ) as unknown as UcpSpec
    const shown = showCommand(
      installCommand(topology, { ...rest, certificates, extraFlags: ['--force-minimums'] }, 'm1'),
    )
    expect(shown).toContain('--external-server-cert --force-minimums')
    expect(shown).not.toContain('subscription')
  })

  it('upgrade holds workers back and believes in a backup only where the playbook says so', () => {
    const shown = (changes: Partial<UcpSpec>): string =>
      showCommand(upgradeCommand({ ...ucp, ...changes }, 'm1')).replace(/.* upgrade /, '')
    expect(shown({})).not.toContain('--manual')
    expect(shown({ upgrade: { workersAtOnce: 2 } })).toContain('--manual-worker-upgrade')
    expect(shown({ version: '3.3.4', upgrade: { forceRecentBackup: true } })).toContain(
      '--force-recent-backup',
    )
    // A hop below 3.3 on the way does not know the flag.
    expect(shown({ version: '3.2.8', upgrade: { forceRecentBackup: true } })).not.toContain('--force')
  })

  it('never puts a password or a key into an argument', () => {
    const set = configSet(443, { section: 's', key: 'k', value: 'true' }, ucp)
    const put = certificatePut('key.pem', { secret: 'file:key.pem' })
    for (const command of [set, put]) {
      expect(JSON.stringify(command.argv)).not.toMatch(/secret"|file:key/)
      expect(JSON.stringify(command.stdin)).toContain('secret')
    }
  })
})
