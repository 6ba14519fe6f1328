import type { PackageSpec } from '../../playbook/steps.ts'
import { osOf } from '../os/bareHost.ts'
import { exit } from '../os/model.ts'
import { type Answer, type Deed, type Site, scriptOf } from './action.ts'
import { Mistake } from './mistake.ts'

/** Another package run (a timer of the system) is waited for; an index that is too old is renewed once. */
const INSTALL = `if command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  install() { apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold --no-install-recommends install "$@"; }
  install "$@" && exit
  apt-get -q -o DPkg::Lock::Timeout=120 update && install "$@"
elif command -v dnf >/dev/null; then exec dnf -q -y install $(printf '%s\\n' "$@" | sed 's/=/-/')
elif command -v yum >/dev/null; then exec yum -q -y install $(printf '%s\\n' "$@" | sed 's/=/-/')
else echo 'neither apt-get, dnf nor yum is on this host' >&2; exit 3; fi`

const REMOVE = `if command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  exec apt-get -q -y -o DPkg::Lock::Timeout=120 remove "$@"
elif command -v dnf >/dev/null; then exec dnf -q -y remove "$@"
elif command -v yum >/dev/null; then exec yum -q -y remove "$@"
else echo 'neither apt-get, dnf nor yum is on this host' >&2; exit 3; fi`

/** Packages of the distribution, there or not there. @throws Mistake */
export function packageDeed(spec: PackageSpec, { host, read }: Site, at: Mistake['path']): Deed {
  const names = read.list(spec.names, [...at, 'names'])
  for (const [i, name] of names.entries()) {
    if (!/^[A-Za-z0-9][A-Za-z0-9.+:_-]*(=[A-Za-z0-9.+:~_-]+)?$/.test(name))
      throw new Mistake(
        'RB0907',
        [...at, 'names', i],
        `'${name}' is no package`,
        "a name, or name=version as in 'chrony=4.3-2'",
      )
  }
  const isWanted = spec.state === 'present'
  return {
    goal: names.map(one => {
      const [name = '', version] = one.split('=')
      const is = isWanted ? (version === undefined ? {} : { version }) : null
      return { fact: 'os.package', host, args: { name }, is }
    }),
    run: [
      {
        exec: isWanted
          ? { argv: ['sh', '-c', INSTALL, 'runbook-step-install', ...names] }
          : {
              argv: ['sh', '-c', REMOVE, 'runbook-step-remove', ...names.map(one => one.replace(/=.*/, ''))],
            },
        timeoutSeconds: 1_200,
      },
    ],
    withinSeconds: 10,
    takes: { p50Seconds: 15, p90Seconds: 120 },
  }
}

/** Packages on the twin, from the archive of its operating system. */
export const answerPackages: Answer = (line, host, estate) => {
  const script = scriptOf(line)
  if (script?.name !== 'runbook-step-install' && script?.name !== 'runbook-step-remove') return undefined
  const os = osOf(estate, host)
  for (const word of script.words) {
    const [name = '', version] = word.split('=')
    if (script.name === 'runbook-step-remove') {
      Reflect.deleteProperty(os.packages, name)
      continue
    }
    const offered = os.archive[name]
    if (offered === undefined) return exit(100, '', `E: Unable to locate package ${name}\n`)
    os.packages[name] = version ?? offered.version
    if (offered.unit !== undefined) os.services[offered.unit] ??= { active: true, enabled: true }
  }
  return exit(0)
}
