import { join } from 'node:path'
import { noDropbear, startDropbear } from '../hosts/dropbear.ts'
import type { Case } from './cases.ts'
import type { Stage } from './stage.ts'

/** The small SSH server of routers and rescue systems. */
export function dropbearCases({ sshd, user, tryOut, isRoot }: Stage): readonly Case[] {
  const missing = (): string | undefined => (isRoot ? noDropbear : 'only root can make users')
  return [
    {
      name: 'dropbear, key',
      missing,
      async run(transport) {
        const name = user('db', '/bin/sh')
        const { port, knownHosts, stop } = await startDropbear(
          sshd.folder,
          name,
          join(sshd.folder, 'client.pub'),
        )
        try {
          await tryOut(transport, sshd, { knownHosts }, { user: name, port })
        } finally {
          stop()
        }
      },
    },
    {
      name: 'dropbear, password',
      missing,
      async run(transport) {
        const name = user('dp', '/bin/sh', 'pa ss')
        const { port, knownHosts, stop } = await startDropbear(
          sshd.folder,
          name,
          join(sshd.folder, 'client.pub'),
        )
        try {
          const more = { knownHosts, agent: false, secret: () => 'pa ss' } as const
          await tryOut(transport, sshd, more, {
            identityFile: '/nonexistent',
            user: name,
            port,
            password: { secret: 'env:P' },
          })
        } finally {
          stop()
        }
      },
    },
  ]
}
