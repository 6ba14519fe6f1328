import type { AbortRule, Drill, FaultSpec, Phase } from '../plan/drill.ts'
import type { Finding } from '../plan/finding.ts'
import type { HostName } from '../plan/step.ts'
import type { DrillFile, Fault, Hosts } from './drill.gen.ts'
import { suggestion } from './nearest.ts'
import type { Topology } from './topology.ts'

type Path = readonly (string | number)[]
type PhaseFile = DrillFile['phases'][number]

const units: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3600, d: 86_400 }

/** '1h30m' as seconds; the schema has seen to its form. */
export function seconds(text: string): number {
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0),
    0,
  )
}

/**
 * A drill's file as meant: hosts for roles and sites, seconds for times, defaults filled in. Pure.
 * @param recipes ids of what may be done in `recover` and `failback`
 */
export function resolveDrill(
  file: DrillFile,
  topology: Topology,
  recipes: readonly string[],
): { readonly drill: Drill; readonly findings: readonly Finding[] } {
  const findings: Finding[] = []
  const say = (code: string, path: Path, message: string, help: string): void =>
    void findings.push({ code, severity: 'error', path, message, help })
  const hostsOf = (one: Hosts | undefined, path: Path): readonly HostName[] => {
    if (one === undefined) return []
    const all = Object.keys(topology.hosts)
    for (const [key, name] of [
      ['host', one.host] as const,
      ...(one.hosts ?? []).map(name => ['hosts', name] as const),
    ])
      if (name !== undefined && !all.includes(name))
        say(
          'RB0950',
          [...path, key],
          `'${name}' is no host of ${topology.name}`,
          suggestion(name, all, 'hosts'),
        )
    const roles = Object.keys(topology.roles)
    if (one.role !== undefined && !roles.includes(one.role))
      say(
        'RB0951',
        [...path, 'role'],
        `'${one.role}' is no role of ${topology.name}`,
        suggestion(one.role, roles, 'roles'),
      )
    const sites = [...new Set(Object.values(topology.hosts).flatMap(host => host.site ?? []))]
    if (one.site !== undefined && !sites.includes(one.site))
      say(
        'RB0952',
        [...path, 'site'],
        `'${one.site}' is no site of ${topology.name}`,
        suggestion(one.site, sites, 'sites'),
      )
    const named = [...(one.host === undefined ? [] : [one.host]), ...(one.hosts ?? [])]
    const chosen = all.filter(
      name =>
        (named.length === 0 || named.includes(name)) &&
        (one.role === undefined || topology.roles[one.role]?.includes(name) === true) &&
        (one.site === undefined || topology.hosts[name]?.site === one.site),
    )
    const kept = one.last === undefined ? chosen : chosen.slice(-one.last)
    if (kept.length === 0 && !findings.some(({ path: at }) => at.join('.').startsWith(path.join('.'))))
      say('RB0953', path, 'no host is all of this', 'name a host, or a role and a site that meet')
    return kept
  }
  const phases = phasesOf(file, hostsOf, recipes, say)
  const { canaries = {}, objectives = {}, guards = {}, roles = {} } = file
  const from = canaries.from ?? clientOf(topology, phases)
  if (topology.hosts[from] === undefined)
    say(
      'RB0950',
      ['canaries', 'from'],
      `'${from}' is no host of ${topology.name}`,
      suggestion(from, Object.keys(topology.hosts), 'hosts'),
    )
  if (phases.some(phase => phase.kind === 'fault' && phase.faults.some(one => one.hosts.includes(from))))
    findings.push({
      code: 'RB0956',
      severity: 'warning',
      path: ['canaries'],
      message: `the canaries run on ${from}, which the drill breaks: an outage of theirs may not be one of the service`,
      help: "name another host as 'canaries.from'",
    })
  if (topology.dtr === undefined)
    say(
      'RB0957',
      ['cluster'],
      `${topology.name} has no registry, so there is nothing that canaries could try`,
      "name a playbook with 'dtr'",
    )
  const { excluded = [], ...people } = roles
  const { redundancy, ...rto } = objectives.rto ?? {}
  const drill: Drill = {
    name: file.name,
    title: file.title ?? file.name,
    ...(file.owner !== undefined && { owner: file.owner }),
    ...(file.cadence !== undefined && { cadenceDays: Number.parseInt(file.cadence, 10) }),
    controls: file.controls ?? [],
    mode: file.mode ?? 'rehearse',
    objectives: {
      rtoSeconds: secondsOfAll(rto),
      ...(redundancy !== undefined && { redundancySeconds: seconds(redundancy) }),
      rpoSeconds: secondsOfAll(objectives.rpo ?? {}),
      ...(objectives.detect !== undefined && { detectSeconds: seconds(objectives.detect) }),
    },
    roles: people,
    excluded,
    require: guards.require ?? ['quorums-full', 'canaries-good'],
    abortWhen: (guards.abortWhen ?? []).map((rule, i): AbortRule => {
      if ((rule.quorum === undefined) === (rule.canary === undefined))
        say(
          'RB0958',
          ['guards', 'abortWhen', i],
          'a rule names a quorum or a canary',
          'as in { canary: pull, for: 10m } or { quorum: swarm raft, below: 2 }',
        )
      return {
        ...(rule.quorum !== undefined && { quorum: rule.quorum, below: rule.below ?? 1 }),
        ...(rule.canary !== undefined && { canary: rule.canary }),
        forSeconds: seconds(rule.for ?? '60s'),
      }
    }),
    maxDurationSeconds: seconds(guards.maxDuration ?? '8h'),
    canaries: {
      from,
      goodRun: canaries.goodRun ?? 3,
      everySeconds: {
        pull: seconds(canaries.pull ?? '2s'),
        push: seconds(canaries.push ?? '10s'),
        ...(canaries.metadata !== undefined && { metadata: seconds(canaries.metadata) }),
      },
    },
    phases,
  }
  return { drill, findings }
}

function secondsOfAll(texts: { readonly [name: string]: string | undefined }): {
  readonly [name: string]: number
} {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [[name, seconds(text)]])),
  )
}

/** A worker that the drill does not break, else any host that carries an engine. */
function clientOf({ ucp, docker, hosts }: Topology, phases: readonly Phase[]): HostName {
  const broken = new Set(
    phases.flatMap(phase => (phase.kind === 'fault' ? phase.faults.flatMap(one => one.hosts) : [])),
  )
  const order = [...(ucp?.workers ?? []), ...docker.hosts, ...Object.keys(hosts)]
  return order.find(host => !broken.has(host)) ?? order[0] ?? ''
}

function phasesOf(
  file: DrillFile,
  hostsOf: (one: Hosts | undefined, path: Path) => readonly HostName[],
  recipes: readonly string[],
  say: (code: string, path: Path, message: string, help: string) => void,
): readonly Phase[] {
  const used = new Map<string, number>()
  return file.phases.map((one, i): Phase => {
    const kind = Object.keys(one)[0] as keyof PhaseFile
    const own = one[kind] ?? {}
    const name = own.id ?? kind
    const times = (used.get(name) ?? 0) + 1
    used.set(name, times)
    if (times > 1 && own.id !== undefined)
      say(
        'RB0954',
        ['phases', i, kind, 'id'],
        `two phases are called '${name}'`,
        'give one of them another name',
      )
    const head = {
      id: times === 1 ? name : `${name}-${times}`,
      title: own.title ?? titles[kind],
      ...(own.checkpoint !== undefined && { checkpoint: own.checkpoint }),
      ...(own.planned !== undefined && { plannedSeconds: seconds(own.planned) }),
    }
    const path: Path = ['phases', i, kind]
    if (one.fault)
      return {
        ...head,
        kind: 'fault',
        faults: one.fault.faults.map((fault, j) => faultOf(fault, [...path, 'faults', j], hostsOf, say)),
      }
    if (one.detect)
      return {
        ...head,
        kind: 'detect',
        by: one.detect.by ?? 'monitor',
        prompt: one.detect.prompt ?? 'How did you notice, and who was told?',
        timeoutSeconds: seconds(one.detect.timeout ?? '30m'),
      }
    if (one.declare)
      return {
        ...head,
        kind: 'declare',
        prompt: one.declare.prompt ?? 'Is it a disaster, and may the recovery begin?',
        approve: one.declare.approve ?? [],
        pointOfNoReturn: one.declare.pointOfNoReturn ?? false,
      }
    const done = one.recover ?? one.failback
    if (done) {
      if (!recipes.includes(done.recipe))
        say(
          'RB0955',
          [...path, 'recipe'],
          `there is no recipe '${done.recipe}'`,
          suggestion(done.recipe, recipes, 'recipes'),
        )
      return {
        ...head,
        kind: one.recover ? 'recover' : 'failback',
        recipe: done.recipe,
        hosts: hostsOf(done.on, [...path, 'on']),
        undoFaults: done.undoFaults ?? false,
      }
    }
    if (one.verify)
      return {
        ...head,
        kind: 'verify',
        withinSeconds: seconds(one.verify.within ?? '10m'),
        soakSeconds: seconds(one.verify.soak ?? '0s'),
        groups: one.verify.groups ?? 'full',
      }
    return {
      ...head,
      kind: 'manual',
      prompt: one.manual?.prompt ?? '',
      ...(one.manual?.assignee !== undefined && { assignee: one.manual.assignee }),
      expect: one.manual?.expect ?? {},
    }
  })
}

const titles: { readonly [kind in keyof PhaseFile]-?: string } = {
  fault: 'Break it',
  detect: 'Somebody notices',
  declare: 'Somebody decides',
  recover: 'Repair it',
  failback: 'Put everything back',
  verify: 'See that it is well',
  manual: 'A person does something',
}

function faultOf(
  fault: Fault,
  path: Path,
  hostsOf: (one: Hosts | undefined, path: Path) => readonly HostName[],
  say: (code: string, path: Path, message: string, help: string) => void,
): FaultSpec {
  const needsPeers = fault.do === 'partition' && fault.from === undefined
  if (needsPeers)
    say(
      'RB0959',
      path,
      "a partition has two sides, and 'from' is missing",
      'name the hosts of the other side as from',
    )
  const hosts = hostsOf(fault.on, [...path, 'on'])
  return {
    do: fault.do,
    hosts,
    peers: hostsOf(fault.from, [...path, 'from']).filter(host => !hosts.includes(host)),
    undoAfterSeconds: seconds(fault.undoAfter ?? '2h'),
    ...(fault.do === 'stop-containers' && { match: fault.match ?? 'dtr-' }),
    ...(fault.do === 'fill-disk' && { path: fault.path ?? '/var', leaveMb: fault.leaveMb ?? 50 }),
    ...(fault.do === 'slow-storage' && { byMilliseconds: fault.byMs ?? 500 }),
    ...(fault.do === 'skew-clock' && { bySeconds: seconds(fault.by ?? '10m') }),
  }
}
