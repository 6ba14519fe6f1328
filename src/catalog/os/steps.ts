import { createHash } from 'node:crypto'
import type { Check, HostName, Step, StepId, Value } from '../../plan/step.ts'

/** What the builders below leave to the caller. */
export interface Place {
  readonly host: HostName
  readonly section: string
  readonly needs: readonly StepId[]
}

/** What most steps share; a step names only what differs. */
export const plain = {
  requires: [],
  during: [],
  risk: 'none',
  inDoubt: 'repeat',
} as const satisfies Partial<Step>

/** A check that a file has exactly this text and mode. */
export function fileIs(host: HostName, path: string, sha256: string, mode: string): Check {
  return { fact: 'os.file', host, args: { path }, is: { kind: 'file', mode, sha256 } }
}

/** A file with a text known now (`content` a string) or pinned beside the playbook. Secrets do not go this way: their digest is not known. */
export function file(
  place: Place,
  what: {
    readonly path: string
    readonly mode: string
    readonly content: string | { readonly file: string; readonly sha256: string }
    readonly title: string
  },
): Step {
  const { content, mode, path } = what
  const sha256 =
    typeof content === 'string' ? createHash('sha256').update(content).digest('hex') : content.sha256
  const value: Value = content
  return {
    ...plain,
    ...place,
    id: `os.file@${place.host}:${path}`,
    kind: 'os.file',
    title: what.title,
    goal: [fileIs(place.host, path, sha256, mode)],
    run: [{ write: path, content: value, mode }],
    withinSeconds: 5,
    takes: { p50Seconds: 1, p90Seconds: 3 },
  }
}

/** A check that a systemd unit runs and starts at boot. */
export function serviceRuns(host: HostName, name: string): Check {
  return { fact: 'os.service', host, args: { name }, is: { active: true, enabled: true } }
}

/** A systemd unit that runs and starts at boot. `also` are further checks of the same goal (that it answers, for example). */
export function service(
  place: Place,
  what: {
    readonly name: string
    readonly title: string
    readonly requires?: readonly Check[]
    readonly also?: readonly Check[]
  },
): Step {
  const { host } = place
  return {
    ...plain,
    ...place,
    id: `os.service@${host}:${what.name}`,
    kind: 'os.service',
    title: what.title,
    requires: what.requires ?? [],
    goal: [serviceRuns(host, what.name), ...(what.also ?? [])],
    run: [{ exec: { argv: ['systemctl', 'enable', '--now', what.name] }, timeoutSeconds: 120 }],
    withinSeconds: 60,
    takes: { p50Seconds: 2, p90Seconds: 15 },
  }
}

/** The command lines that install packages without a question. Their sources must be in place. */
export function installPackages(
  manager: 'apt' | 'yum',
  packages: readonly string[],
): readonly Step['run'][number][] {
  if (manager === 'yum') {
    return [
      { exec: { argv: ['yum', '--assumeyes', '--quiet', 'install', ...packages] }, timeoutSeconds: 1200 },
    ]
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  // Another package run (a timer of the system) is waited for; releases of apt that do not know the option ignore it.
  const wait = ['-o', 'DPkg::Lock::Timeout=120']
  return [
    { exec: { argv: ['apt-get', '--quiet', ...wait, 'update'], env }, timeoutSeconds: 600 },
    {
      exec: {
        argv: [
          'apt-get',
          '--quiet',
          '--yes',
          ...wait,
          '-o',
          'Dpkg::Options::=--force-confold',
          '--no-install-recommends',
          'install',
          ...packages,
        ],
        env,
      },
      timeoutSeconds: 1200,
    },
  ]
}
