import type { finder } from '../plan/finder.ts'
import type { Finding } from '../plan/finding.ts'
import type { HostName } from '../plan/step.ts'
import type { ReadLocal } from './local-file.ts'
import { suggestion } from './nearest.ts'
import type { Path } from './placed.ts'
import type { OwnStep, Playbook } from './schema.gen.ts'
import type { ActionSpec, StepSpec } from './steps.ts'
import type { LocalFile } from './topology.ts'

type Find = ReturnType<typeof finder>

/** What own steps need of the rest. */
interface Beside {
  readonly roles: { readonly [role: string]: readonly HostName[] }
  readonly find: Find
  readonly findings: Finding[]
  /** Pins a file beside the playbook and gives its text; '' when it cannot be had, which is then a finding. */
  readonly text: (file: string, path: Path) => { readonly pinned: LocalFile; readonly text: string }
}

/** The person's own steps with their hosts resolved and their files pinned. */
export function resolveSteps(
  { steps = [], hosts }: Pick<Playbook, 'steps' | 'hosts'>,
  roles: Beside['roles'],
  read: ReadLocal,
  pin: (file: string, path: Path) => LocalFile,
  find: Find,
  findings: Finding[],
): readonly StepSpec[] {
  const text = (file: string, path: Path): { pinned: LocalFile; text: string } => {
    const pinned = pin(file, path)
    const content = read(file)
    if (typeof content === 'string') return { pinned, text: '' }
    try {
      return { pinned, text: new TextDecoder('utf-8', { fatal: true }).decode(content) }
    } catch {
      findings.push(
        find(
          'RB0205',
          path,
          `file '${file}' is no text in UTF-8`,
          'only texts can be put on hosts by a step',
        ),
      )
      return { pinned, text: '' }
    }
  }
  const beside: Beside = { roles, find, findings, text }
  const names = Object.keys(hosts).sort()
  return steps.map((step, i) => resolveStep(step, ['steps', i], names, beside))
}

function resolveStep(step: OwnStep, path: Path, names: readonly HostName[], beside: Beside): StepSpec {
  const { name, before, after, when, risk } = step
  return {
    name,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    hosts: step.hosts === undefined ? names : hostsOf(step.hosts, [...path, 'hosts'], names, beside),
    ...(when !== undefined && { when }),
    ...(risk !== undefined && { risk }),
    actions: actionsOf(step, path, beside),
  }
}

function hostsOf(
  wanted: readonly string[],
  path: Path,
  names: readonly HostName[],
  { roles, find, findings }: Beside,
): readonly HostName[] {
  const found = wanted.flatMap((word, i) => {
    if (names.includes(word)) return [word]
    const role = Object.hasOwn(roles, word) ? roles[word] : undefined
    if (role !== undefined) return role
    const known = [...names, ...Object.keys(roles)]
    const help = suggestion(word, known, 'hosts and roles')
    findings.push(find('RB0201', [...path, i], `no host and no role is called '${word}'`, help))
    return []
  })
  return [...new Set(found)]
}

/** Every action that is written, with its defaults. */
function actionsOf(step: OwnStep, path: Path, { text }: Beside): readonly ActionSpec[] {
  const actions: ActionSpec[] = []
  const { command, file, template, package: packages, service, user, mount, sysctl, waitFor, pause } = step
  if (command !== undefined) actions.push({ timeoutSeconds: 600, ...command, kind: 'command' })
  if (file !== undefined) {
    const { source, ...rest } = file
    const pinned = source === undefined ? undefined : text(source, [...path, 'file', 'source']).pinned
    actions.push({ state: 'file', ...rest, ...(pinned !== undefined && { source: pinned }), kind: 'file' })
  }
  if (template !== undefined) {
    const { pinned, text: content } = text(template.source, [...path, 'template', 'source'])
    actions.push({ variables: {}, ...template, source: pinned, text: content, kind: 'template' })
  }
  if (packages !== undefined) actions.push({ state: 'present', ...packages, kind: 'package' })
  if (service !== undefined) {
    const { state = 'running', enabled = state === 'running', name } = service
    actions.push({ kind: 'service', name, state, enabled })
  }
  if (user !== undefined) actions.push({ state: 'present', system: false, ...user, kind: 'user' })
  if (mount !== undefined) actions.push({ state: 'mounted', options: 'defaults', ...mount, kind: 'mount' })
  if (sysctl !== undefined) actions.push({ ...sysctl, kind: 'sysctl' })
  if (waitFor !== undefined) {
    const { http, ...rest } = waitFor
    actions.push({
      withinSeconds: 300,
      ...rest,
      ...(http !== undefined && { http: { status: 200, insecure: false, ...http } }),
      kind: 'waitFor',
    })
  }
  if (pause !== undefined) actions.push({ always: false, ...pause, kind: 'pause' })
  return actions
}
