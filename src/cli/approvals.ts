import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import type { SavedPlan } from '../plan/saved.ts'
import type { Digest } from '../plan/step.ts'
import { movingSteps } from '../views/overview.ts'
import { Quit } from './exit.ts'
import type { Io } from './io.ts'
import { reportOfSaved } from './review.ts'

/** Who has to agree before a plan may be applied by a machine. A file of the base branch, so that a change cannot approve itself. */
export interface ApprovalRules {
  /** Public SSH keys by name, as `ssh-keygen` writes them: 'ssh-ed25519 AAAA...'. */
  readonly people: { readonly [name: string]: string | readonly string[] }
  /** By the worst risk of the plan's steps; `changes` stands for any plan that changes something. */
  readonly approvals: { readonly [when in RuleName]?: Rule }
}
interface Rule {
  readonly count: number
  readonly of: readonly string[]
}
const ruleNames = ['changes', 'interrupts', 'irreversible'] as const
type RuleName = (typeof ruleNames)[number]

/** Signatures under one digest. */
interface Approvals {
  readonly format: 'runbook.approvals/1'
  readonly digest: Digest
  readonly approvals: readonly { readonly by: string; readonly signature: string }[]
}

/** What a signature is good for: it can be used for nothing else that SSH keys sign. */
const NAMESPACE = 'runbook-plan'

/** The name of the rules file beside the playbook. */
export const RULES_FILE = 'approvals.yml'

/** The bytes that are signed. */
export function signedText(digest: Digest): string {
  return `runbook plan ${digest}\n`
}

/** Signatures stand beside the plan, so that collecting them does not change it. */
export function approvalsPath(plan: string): string {
  return `${plan}.approvals.json`
}

/** Signs a plan's digest with a person's SSH key (or the agent's, for a public one) and puts it with the others. @throws Quit */
export function approvePlan(plan: string, saved: SavedPlan, by: string, key: string, io: Io): void {
  const signature = signText(signedText(saved.digest), key, NAMESPACE, io)
  const path = resolve(io.cwd, approvalsPath(plan))
  const before = existsSync(path) ? readApprovals(path, saved.digest) : []
  const approvals: Approvals = {
    format: 'runbook.approvals/1',
    digest: saved.digest,
    approvals: [...before.filter(one => one.by !== by), { by, signature }],
  }
  writeFileSync(path, `${JSON.stringify(approvals, null, 1)}\n`)
}

/** A text signed by a person's SSH key, for one purpose only. @throws Quit when ssh-keygen does not sign it */
export function signText(text: string, key: string, namespace: string, io: Pick<Io, 'cwd'>): string {
  const signed = spawnSync('ssh-keygen', ['-Y', 'sign', '-f', key, '-n', namespace], {
    input: text,
    encoding: 'utf8',
    cwd: io.cwd,
    // The passphrase is asked for on the terminal, by ssh-keygen itself.
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  if (signed.error === undefined && signed.status === 0) return signed.stdout
  const said = signed.error?.message ?? signed.stderr.trim()
  throw new Quit('unanswered', `not signed: ${said}`, 'name your SSH key with --key; nothing was written')
}

/** The rules of the base branch; undefined where it has none. @throws Quit when git or the file cannot be read */
export function rulesOf(base: string, playbook: string, io: Io): ApprovalRules | undefined {
  if (base.startsWith('-')) throw new Quit('usage', `'${base}' is no branch`)
  const folder = resolve(io.cwd, dirname(playbook))
  const git = (words: readonly string[]): string | undefined => {
    const shown = spawnSync('git', words, { cwd: folder, encoding: 'utf8' })
    if (shown.error !== undefined) throw new Quit('usage', `git cannot be run: ${shown.error.message}`)
    return shown.status === 0 ? shown.stdout : undefined
  }
  if (git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${base}^{commit}`]) === undefined)
    throw new Quit('usage', `the base branch '${base}' is not in this checkout`, 'fetch it first')
  const text = git(['show', `${base}:./${RULES_FILE}`])
  if (text === undefined) return undefined
  return checkRules(parse(text), `${base}:${RULES_FILE}`)
}

/** @throws Quit unless as many as the rules ask for have signed this very plan */
export function insistOnApproved(
  rules: ApprovalRules,
  plan: string | undefined,
  saved: SavedPlan,
  io: Io,
): void {
  const moving = movingSteps(reportOfSaved(saved))
  if (moving.length === 0) return
  const when: RuleName[] = [
    'changes',
    ...(moving.some(step => step.risk !== 'none') ? ['interrupts' as const] : []),
    ...(moving.some(step => step.risk === 'irreversible') ? ['irreversible' as const] : []),
  ]
  const path = plan === undefined ? undefined : resolve(io.cwd, approvalsPath(plan))
  const given = path !== undefined && existsSync(path) ? readApprovals(path, saved.digest) : []
  const good = new Set(
    given.filter(one => verify(rules, one.by, one.signature, saved.digest)).map(one => one.by),
  )
  const missing = when.flatMap(name => {
    const rule = rules.approvals[name]
    if (rule === undefined) return []
    // A person with two names is still one person.
    const people = new Map(
      rule.of.filter(person => good.has(person)).map(person => [keysOf(rules, person).join('\n'), person]),
    )
    return people.size >= rule.count
      ? []
      : [`  ${name}: ${people.size} of ${rule.count} (${rule.of.join(', ')})`]
  })
  if (missing.length === 0) return
  throw new Quit(
    'unanswered',
    `plan ${saved.digest.slice(0, 12)} is not approved\n${missing.join('\n')}`,
    `runbook approve ${plan ?? 'PLAN'}, by those who are missing; nothing was changed`,
  )
}

function verify(rules: ApprovalRules, by: string, signature: string, digest: Digest): boolean {
  const keys = keysOf(rules, by)
  if (keys.length === 0) return false
  const folder = mkdtempSync(join(tmpdir(), 'runbook-approval-'))
  try {
    const [allowed, signed] = [join(folder, 'allowed'), join(folder, 'signature')]
    writeFileSync(allowed, keys.map(key => `${by} namespaces="${NAMESPACE}" ${key}\n`).join(''))
    writeFileSync(signed, signature)
    const words = ['-Y', 'verify', '-f', allowed, '-I', by, '-n', NAMESPACE, '-s', signed]
    return spawnSync('ssh-keygen', words, { input: signedText(digest) }).status === 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function keysOf(rules: ApprovalRules, name: string): readonly string[] {
  const keys = Object.hasOwn(rules.people, name) ? rules.people[name] : undefined
  return keys === undefined ? [] : typeof keys === 'string' ? [keys] : keys
}

function readApprovals(path: string, digest: Digest): Approvals['approvals'] {
  let given: Partial<Approvals>
  try {
    given = JSON.parse(readFileSync(path, 'utf8')) as Partial<Approvals>
  } catch (error) {
    throw new Quit('unanswered', `${path} cannot be read: ${(error as Error).message}`)
  }
  if (given.format !== 'runbook.approvals/1' || !Array.isArray(given.approvals))
    throw new Quit('unanswered', `${path} holds no approvals (format runbook.approvals/1)`)
  // Whoever signed another plan has not signed this one.
  if (given.digest !== digest) return []
  const all: readonly unknown[] = given.approvals
  return all.filter(
    (one): one is Approvals['approvals'][number] =>
      isObject(one) && typeof one['by'] === 'string' && typeof one['signature'] === 'string',
  )
}

/** Strict: a rule with a typing error must not be a rule that asks for nobody. */
function checkRules(given: unknown, where: string): ApprovalRules {
  const wrong = (what: string): Quit => new Quit('invalid', `${where}: ${what}`, 'docs/plans.md shows one')
  if (!isObject(given)) throw wrong('it is no list of people and approvals')
  const { people, approvals, ...others } = given
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw wrong(`unknown key '${unknown}'`)
  if (!isObject(people) || !isObject(approvals)) throw wrong("it needs 'people' and 'approvals'")
  const key = /^(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+(?: [^\r\n]*)?$/
  for (const [name, keys] of Object.entries(people)) {
    if (!/^[\w.@-]+$/.test(name)) throw wrong(`'${name}' is no name`)
    const all: readonly unknown[] = Array.isArray(keys) ? keys : [keys]
    if (!all.every(one => typeof one === 'string' && key.test(one)))
      throw wrong(`${name} has no public SSH key`)
  }
  for (const [name, rule] of Object.entries(approvals)) {
    if (!ruleNames.some(known => known === name)) throw wrong(`unknown rule '${name}'`)
    const of: unknown = isObject(rule) ? rule['of'] : undefined
    const count: unknown = isObject(rule) ? rule['count'] : undefined
    if (!Array.isArray(of) || !of.every(one => typeof one === 'string' && Object.hasOwn(people, one)))
      throw wrong(`'of' of ${name} must name people of this file`)
    if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > new Set(of).size)
      throw wrong(`'count' of ${name} must be from 1 to ${of.length}`)
  }
  return given as unknown as ApprovalRules
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
