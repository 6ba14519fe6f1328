import type { Facts } from '../../plan/fact.ts'
import type { Finding } from '../../plan/finding.ts'
import type { StepSpec } from '../../playbook/steps.ts'
import type { Topology } from '../../playbook/topology.ts'
import type { Language } from './expression.ts'
import { languageFor, makeSteps, placeOf, slugOf } from './make.ts'
import { Mistake } from './mistake.ts'
import { find } from './pages.ts'
import { hasStepTools } from './tools.ts'
import { at, piecesOf } from './words.ts'

type Path = Mistake['path']

/** Where a secret may stand: nobody but root sees it there. */
const mayHoldSecrets: readonly RegExp[] = [
  /^command\.(env\.|stdin$)/,
  /^file\.content$/,
  /^template\.variables\./,
]

/** What is wrong with the own steps as written, before any host is asked. Nothing before the interpreters are loaded. */
export function rules(topology: Topology): readonly Finding[] {
  const steps = topology.steps ?? []
  if (steps.length === 0 || !hasStepTools()) return []
  const named = Object.keys(topology.vars ?? {})
    .filter(name => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    .map(name =>
      find('RB0907', ['vars', name], `'${name}' cannot be the name of a variable`, 'letters, digits and _'),
    )
  if (named.length > 0) return named
  const language = languageFor(topology)
  const typed = steps.flatMap((spec, i) => typeFindings(spec, ['steps', i], language))
  const told = new Set(typed.map(({ path }) => JSON.stringify(path)))
  // The same mistake at the same place, found again by trying, says no more.
  const tried = makeSteps(topology, new Map()).findings.filter(({ path }) => !told.has(JSON.stringify(path)))
  return [
    ...steps.flatMap((spec, i) => shapeFindings(spec, ['steps', i], steps.slice(0, i))),
    ...typed,
    ...tried,
  ]
}

/** What cannot be decided because a host did not say what it is. */
export function findings(topology: Topology, facts: Facts): readonly Finding[] {
  if ((topology.steps ?? []).length === 0) return []
  const { findings: wrong, undecided } = makeSteps(topology, facts)
  const known = new Set(makeSteps(topology, new Map()).findings.map(placeOf))
  const unseen = undecided.map(({ index, host, why }) => ({
    ...find(
      'RB0909',
      ['steps', index],
      `${why}, and it did not say`,
      `see that ${host} answers, then plan again`,
    ),
    host,
  }))
  return [...wrong.filter(one => !known.has(placeOf(one))), ...unseen]
}

function shapeFindings(spec: StepSpec, path: Path, before: readonly StepSpec[]): readonly Finding[] {
  const found: Finding[] = []
  const kinds = spec.actions.map(({ kind }) => kind)
  const [action] = spec.actions
  if (action === undefined)
    found.push(
      find(
        'RB0901',
        path,
        `step '${spec.name}' does nothing`,
        'name one action, as in file, command or package',
      ),
    )
  else if (kinds.length > 1)
    found.push(
      find(
        'RB0901',
        [...path, kinds[1] ?? ''],
        `step '${spec.name}' has ${kinds.length} actions: ${kinds.join(', ')}`,
        'make a step of each',
      ),
    )
  const slug = slugOf(spec.name)
  if (slug === '')
    found.push(
      find('RB0902', [...path, 'name'], `'${spec.name}' has no letter or digit`, 'name what the step is for'),
    )
  const twin = before.find(other => slugOf(other.name) === slug)
  if (slug !== '' && twin !== undefined)
    found.push(
      find(
        'RB0902',
        [...path, 'name'],
        `a step before it is called '${twin.name}' already`,
        'give it a name of its own',
      ),
    )
  if (spec.hosts.length === 0)
    found.push(find('RB0914', [...path, 'hosts'], `no host is meant by step '${spec.name}'`))
  const isOpaque =
    action?.kind === 'command' &&
    action.goal === undefined &&
    action.creates === undefined &&
    action.unless === undefined
  if (isOpaque)
    found.push(
      find(
        'RB0913',
        [...path, 'command'],
        `nothing tells whether '${spec.name}' is needed: opaque, runs every time`,
        "add 'goal', 'creates' or 'unless'",
      ),
    )
  return found
}

function typeFindings(spec: StepSpec, path: Path, language: Language): readonly Finding[] {
  const found: Finding[] = []
  const check = (here: Path, act: () => void): void => {
    try {
      at(here, act)
    } catch (error) {
      if (!(error instanceof Mistake)) throw error
      found.push(find(error.code, error.path, error.message, error.help))
    }
  }
  const { when } = spec
  if (when !== undefined) {
    const here = [...path, 'when']
    check(here, () => {
      if (when.includes('${{'))
        throw new Mistake(
          'RB0904',
          here,
          "'when' is an expression as it is, without ${{ }}",
          'delete ${{ and }}',
        )
      const type = language.typeOf(when)
      if (type !== 'bool' && type !== 'dyn')
        throw new Mistake('RB0904', here, `'${when}' is no condition but gives ${type}`)
    })
  }
  for (const action of spec.actions) {
    for (const [words, here] of textsOf(action, [action.kind])) {
      const full = [...path, ...here]
      check(full, () => {
        for (const piece of piecesOf(words, full)) {
          if (typeof piece === 'string') continue
          const type = language.typeOf(piece.expression)
          if (type.includes('Secret') && !mayHoldSecrets.some(place => place.test(here.join('.'))))
            throw new Mistake(
              'RB0906',
              full,
              'a secret cannot stand here, where it would be seen by others',
              "secrets may stand in a command's env and stdin, in a file's content and in a template's variables",
            )
        }
      })
    }
  }
  return found
}

/** Every text of an action with its path. A template's own text is no text of the playbook. */
function textsOf(value: unknown, path: Path): readonly (readonly [string, Path])[] {
  if (typeof value === 'string') return [[value, path]]
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((one, i) => textsOf(one, [...path, i]))
  return Object.entries(value).flatMap(([key, one]) =>
    path[0] === 'template' && path.length === 1 && key === 'text' ? [] : textsOf(one, [...path, key]),
  )
}
