import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'

/** Makes users of this machine and takes them away again. Only root can. */
export function userMaker(): {
  readonly user: (name: string, shell: string, password?: string) => string
  /** Answers those that are still there. */
  readonly removeAll: () => string[]
} {
  const users: string[] = []
  return {
    user(name, shell, password) {
      const login = `rb${name}${randomBytes(2).toString('hex')}`
      execFileSync('useradd', ['-m', '-s', shell, login])
      users.push(login)
      execFileSync('chpasswd', { input: `${login}:${password ?? randomBytes(9).toString('hex')}\n` })
      return login
    },
    removeAll() {
      for (const login of users) {
        // Their last processes may still be on their way out.
        spawnSync('userdel', ['-f', '-r', login], { stdio: 'ignore' })
        rmSync(`/etc/sudoers.d/${login}`, { force: true })
      }
      const left = readFileSync('/etc/passwd', 'utf8')
      return users.filter(login => left.includes(`${login}:`))
    },
  }
}
