import type { Fact } from '../../plan/fact.ts'
import type { Op } from '../../plan/step.ts'
import type { UserSpec } from '../../playbook/steps.ts'
import { exit } from '../os/model.ts'
import { textArg } from '../os/text.ts'
import { type Answer, type Deed, type Site, scriptOf } from './action.ts'
import { Mistake } from './mistake.ts'
import { absolute, accountName } from './paths.ts'
import { pretend, pretended } from './pretend.ts'

const LOOK = 'getent passwd "$1"; rc=$?; [ $rc = 2 ] && { echo none; exit 0; }; [ $rc = 0 ] && id -nG -- "$1"'
const ADD = 'getent passwd "$1" >/dev/null || { name=$1; shift; exec useradd "$@" "$name"; }'

/** A user of the host: null, or `{uid, shell, home, groups: {name: true}}`; its own group is among the groups. */
export const userFact: Fact = {
  name: 'step.user',
  about: 'A user of the host, args {name}: null, or {uid, shell, home, groups: {name: true}}.',
  scope: 'host',
  probe: args => ({ argv: ['sh', '-c', LOOK, 'runbook-step-user', textArg(args, 'name')] }),
  parse({ code, stdout }) {
    if (code !== 0) return undefined
    if (stdout.trim() === 'none') return null
    const [line = '', groups = ''] = stdout.trimEnd().split('\n')
    const fields = line.split(':')
    const uid = Number(fields[2])
    if (fields.length !== 7 || fields[2] === '' || !Number.isInteger(uid)) return undefined
    return {
      uid,
      home: fields[5] ?? '',
      shell: fields[6] ?? '',
      groups: Object.fromEntries(
        groups
          .split(' ')
          .filter(name => name !== '')
          .map(name => [name, true]),
      ),
    }
  },
}

/** A user of the hosts. Groups it is in and that are not named stay. @throws Mistake */
export function userDeed(spec: UserSpec, { host, read }: Site, at: Mistake['path']): Deed {
  const name = accountName(read.text(spec.name, [...at, 'name']), [...at, 'name'])
  const takes = { p50Seconds: 1, p90Seconds: 5 }
  if (spec.state === 'absent') {
    if (name === 'root') throw new Mistake('RB0907', [...at, 'name'], "'root' is not taken away")
    return {
      goal: [{ fact: userFact.name, host, args: { name }, is: null }],
      run: [{ exec: { argv: ['userdel', name] }, timeoutSeconds: 60 }],
      withinSeconds: 5,
      takes,
    }
  }
  const uid = spec.uid === undefined ? undefined : read.number(spec.uid, [...at, 'uid'])
  const groups = read
    .list(spec.groups ?? [], [...at, 'groups'])
    .map((group, i) => accountName(group, [...at, 'groups', i]))
  const shell =
    spec.shell === undefined ? undefined : absolute(read.text(spec.shell, [...at, 'shell']), [...at, 'shell'])
  const home =
    spec.home === undefined ? undefined : absolute(read.text(spec.home, [...at, 'home']), [...at, 'home'])
  const both = [
    ...(uid === undefined ? [] : ['--uid', String(uid)]),
    ...(shell === undefined ? [] : ['--shell', shell]),
    ...(home === undefined ? [] : ['--home', home]),
  ]
  const also = groups.length === 0 ? [] : ['--groups', groups.join(',')]
  const create = [spec.system ? '--system' : '--create-home', ...both, ...also]
  const modify = [...both, ...(also.length === 0 ? [] : ['--append', ...also])]
  const run: readonly Op[] = [
    { exec: { argv: ['sh', '-c', ADD, 'runbook-step-user-add', name, ...create] }, timeoutSeconds: 60 },
    ...(modify.length === 0 ? [] : [{ exec: { argv: ['usermod', ...modify, name] }, timeoutSeconds: 60 }]),
  ]
  return {
    goal: [
      {
        fact: userFact.name,
        host,
        args: { name },
        is: {
          ...(uid !== undefined && { uid }),
          ...(shell !== undefined && { shell }),
          ...(home !== undefined && { home }),
          ...(groups.length > 0 && { groups: Object.fromEntries(groups.map(group => [group, true])) }),
        },
      },
    ],
    run,
    withinSeconds: 5,
    takes,
  }
}

/** Users on the twin. */
export const answerUsers: Answer = (line, host, estate) => {
  const script = scriptOf(line)
  if (line.argv[0] === 'userdel') {
    const name = line.argv[1] ?? ''
    if (pretended(estate, host).users[name] === undefined)
      return exit(6, '', `userdel: user '${name}' does not exist\n`)
    Reflect.deleteProperty(pretend(estate, host).users, name)
    return exit(0)
  }
  if (script?.name === 'runbook-step-user') {
    const [name = ''] = script.words
    const user = pretended(estate, host).users[name]
    if (user === undefined) return exit(0, 'none\n')
    return exit(
      0,
      `${name}:x:${user.uid}:${user.uid}::${user.home}:${user.shell}\n${user.groups.join(' ')}\n`,
    )
  }
  const isAdd = script?.name === 'runbook-step-user-add'
  if (!isAdd && line.argv[0] !== 'usermod') return undefined
  const words = isAdd ? script.words : line.argv.slice(1)
  const name = (isAdd ? words[0] : words.at(-1)) ?? ''
  const before = pretended(estate, host).users[name]
  if (isAdd && before !== undefined) return exit(0)
  if (!isAdd && before === undefined) return exit(6, '', `usermod: user '${name}' does not exist\n`)
  const { users } = pretend(estate, host)
  const option = (flag: string): string | undefined =>
    words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined
  const uid = 999 + Object.keys(users).length
  const user = before ?? { uid, group: name, groups: [name], shell: '/bin/sh', home: `/home/${name}` }
  users[name] = {
    uid: Number(option('--uid') ?? user.uid),
    group: user.group,
    groups: [...new Set([...user.groups, ...(option('--groups')?.split(',') ?? [])])],
    shell: option('--shell') ?? user.shell,
    home: option('--home') ?? user.home,
  }
  return exit(0)
}
