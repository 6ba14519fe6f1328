import type { Fact, Facts } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { Check, FactRef, HostName, Json, Step } from '../../plan/step.ts'
import type { ActionSpec, StepSpec } from '../../playbook/steps.ts'
import type { Topology } from '../../playbook/topology.ts'
import { askMachine } from '../os/facts.ts'
import type { Deed } from './action.ts'
import { deedOf } from './deed.ts'
import { type Language, languageOf } from './expression.ts'
import { Mistake, Undecided } from './mistake.ts'
import { find } from './pages.ts'
import { fileFact } from './paths.ts'
import { scopeOf } from './scope.ts'
import { readerOf } from './words.ts'

/**
 * Never true: a step that could not be decided when the plan was made (its host was not seen) asks it before anything, so
 * that such a plan stops there and does not guess.
 */
export const decidedFact: Fact = {
  name: 'step.decided',
  about:
    'Whether a step whose condition or content depends on the machine was decided when the plan was made. Never true.',
  scope: 'host',
  probe: () => ({ argv: ['true'] }),
  parse: ({ code }) => (code === 0 ? false : undefined),
}

/** The steps that one entry of the playbook becomes, one a host, not yet put in their place. */
export interface MadeSteps {
  readonly index: number
  readonly spec: StepSpec
  readonly steps: readonly Step[]
}

export interface Making {
  readonly made: readonly MadeSteps[]
  readonly findings: readonly Finding[]
  /** Hosts that were not seen and would have decided something. */
  readonly undecided: readonly { readonly index: number; readonly host: HostName; readonly why: string }[]
}

const languages = new WeakMap<object, Language>()
const noVars = {}

/** The language of a playbook's expressions; made once, since plans are made several times. */
export function languageFor({ vars = noVars }: Topology): Language {
  const known = languages.get(vars)
  if (known !== undefined) return known
  const made = languageOf(vars)
  languages.set(vars, made)
  return made
}

/** All own steps for what is known. Pure. What is wrong with a step is a finding, and the step is left out. */
export function makeSteps(topology: Topology, facts: Facts): Making {
  const language = languageFor(topology)
  const findings: Finding[] = []
  const undecided: { index: number; host: HostName; why: string }[] = []
  const made = (topology.steps ?? []).map((spec, index) => {
    const [action, ...more] = spec.actions
    // Told by the rules, which need no host.
    if (action === undefined || more.length > 0) return { index, spec, steps: [] }
    const steps = hostsOf(spec, action).flatMap(host => {
      try {
        return makeStep(spec, action, host, topology, facts, language, why =>
          undecided.push({ index, host, why }),
        )
      } catch (error) {
        if (!(error instanceof Mistake)) throw error
        findings.push(find(error.code, ['steps', index, ...error.path], error.message, error.help))
        return []
      }
    })
    return { index, spec, steps }
  })
  return { made, findings: distinct(findings), undecided }
}

/** Where own steps run: what the machine is may decide what they do. */
export function decidedHosts(topology: Topology): readonly FactRef[] {
  const hosts = new Set((topology.steps ?? []).flatMap(({ hosts }) => hosts))
  return [...hosts].sort().map(askMachine)
}

/** A person is asked once, whatever the number of hosts. */
function hostsOf(spec: StepSpec, action: ActionSpec): readonly HostName[] {
  return action.kind === 'pause' ? spec.hosts.slice(0, 1) : spec.hosts
}

function makeStep(
  spec: StepSpec,
  action: ActionSpec,
  host: HostName,
  topology: Topology,
  facts: Facts,
  language: Language,
  tell: (why: string) => void,
): readonly Step[] {
  const slug = slugOf(spec.name)
  const read = readerOf(language, scopeOf(topology, host, facts))
  const requires: Check[] = []
  if (spec.when !== undefined) {
    const applies = decided(() => read.condition(spec.when ?? '', ['when']), tell)
    if (applies === false) return []
    if (applies === undefined) requires.push(decidedIs(host, slug, null))
  }
  const deed = decided(() => deedOf(action, { host, slug, read }, [action.kind]), tell)
  return [stepOf(spec, action, host, deed ?? undecidedDeed(host, slug, action, topology), requires, topology)]
}

/** Undefined when the machine would have to be known. */
function decided<T>(act: () => T, tell: (why: string) => void): T | undefined {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof Undecided)) throw error
    tell(error.message)
    return undefined
  }
}

function decidedIs(host: HostName, slug: string, secrets: Json): Check {
  return {
    fact: decidedFact.name,
    host,
    args: { step: slug, ...(secrets !== null && { secrets }) },
    is: true,
  }
}

/** Stands in a plan for a step that cannot be known yet. Names its secrets, so that they are at hand when it is. */
function undecidedDeed(host: HostName, slug: string, action: ActionSpec, topology: Topology): Deed {
  const text = JSON.stringify([action, topology.vars ?? {}])
  const secrets = text.includes('secret(')
    ? [...text.matchAll(/(?:"|')((?:env:[A-Za-z_]\w*|file:[^"'\\]+))(?:\\?"|')/g)].map(([, secret = '']) => ({
        secret,
      }))
    : []
  return {
    goal: [decidedIs(host, slug, secrets.length === 0 ? null : secrets), ...foreseen(host, action)],
    run: [],
    withinSeconds: 0,
    takes: { p50Seconds: 1, p90Seconds: 5 },
  }
}

/** What will be asked in any case goes with the first questions: a text that depends on the machine costs no second round. */
function foreseen(host: HostName, action: ActionSpec): readonly Check[] {
  const isFile = action.kind === 'template' || (action.kind === 'file' && action.state === 'file')
  if (!isFile || action.path.includes('${{')) return []
  return [{ fact: fileFact.name, host, args: { path: action.path }, is: {} }]
}

function stepOf(
  spec: StepSpec,
  action: ActionSpec,
  host: HostName,
  deed: Deed,
  requires: readonly Check[],
  topology: Topology,
): Step {
  const several = Object.keys(topology.hosts).length > 1
  const unsure = requires.length > 0 || deed.run.length === 0 ? ' (if the host, once seen, asks for it)' : ''
  const risk = spec.risk ?? deed.risk ?? 'none'
  return {
    id: `step.${action.kind}@${host}:${slugOf(spec.name)}`,
    kind: `step.${action.kind}`,
    title: `${spec.name}${several ? ` on ${host}` : ''}${unsure}`,
    section: sectionOf(spec),
    host,
    needs: [],
    requires: [...requires, ...(deed.requires ?? [])],
    during: [],
    goal: deed.goal,
    run: deed.run,
    withinSeconds: deed.withinSeconds,
    takes: deed.takes,
    risk,
    inDoubt: deed.inDoubt ?? 'repeat',
    ...(deed.undo !== undefined && { undo: deed.undo }),
    ...(deed.opaque && { opaque: true }),
  }
}

function sectionOf({ before, after }: StepSpec): string {
  if (before === undefined && after === undefined) return 'Own steps'
  return [
    'Own steps',
    ...(after === undefined ? [] : [`after ${after}`]),
    ...(before === undefined ? [] : [`before ${before}`]),
  ].join(' ')
}

/** A name as it can stand in an id and in a path. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
  return slug.slice(0, 60).replace(/-$/, '')
}

/** What is wrong at one place on several hosts is said once. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  const byPlace = new Map<string, Finding[]>()
  for (const one of findings) byPlace.set(placeOf(one), [...(byPlace.get(placeOf(one)) ?? []), one])
  return [...byPlace.values()].flatMap(([first, ...more]) => {
    if (first === undefined) return []
    const others = more.filter(({ message }) => message !== first.message).length
    return [others === 0 ? first : { ...first, message: `${first.message} (and on ${others} more)` }]
  })
}

/** Two findings of one code at one place are the same mistake. */
export function placeOf({ code, path }: Finding): string {
  return JSON.stringify([code, path])
}
