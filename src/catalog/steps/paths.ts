import { createHash } from 'node:crypto'
import type { Exit, Fact } from '../../plan/fact.ts'
import type { Check, Json, Op, Value } from '../../plan/step.ts'
import { exit } from '../os/model.ts'
import { member, textArg } from '../os/text.ts'
import { type Answer, type Site, scriptOf } from './action.ts'
import { Mistake } from './mistake.ts'
import { pretend, pretended } from './pretend.ts'
import { pathTells } from './tells.ts'

const STAT = ['stat', '-c', '%F|%a|%U|%G', '--'] as const
const FILE = 'stat -c "%F|%a|%U|%G" -- "$1" && if [ -f "$1" ]; then exec sha256sum <"$1"; fi'
const SAME =
  'stat -c "%F|%a|%U|%G" -- "$1" || exit; if [ "$(sha256sum)" = "$(sha256sum <"$1")" ]; then echo same; else echo other; fi'

/** What lies at `{path}`, without reading it: null, or `{kind, mode, owner, group}`. One process. */
export const pathFact: Fact = {
  name: 'step.path',
  about: "What lies at args {path}: null, or {kind: 'file'|'directory'|'other', mode: '0755', owner, group}.",
  scope: 'host',
  probe: args => ({ argv: [...STAT, textArg(args, 'path')] }),
  parse: found => stat(found)?.seen,
  tells: (_, is) => pathTells(is, true),
}

/** The same of a file, with the digest of what it says: `{kind, mode, owner, group, sha256}` (sha256 '' unless a file). */
export const fileFact: Fact = {
  name: 'step.file',
  about:
    'What lies at args {path}: null, or {kind, mode, owner, group, sha256}; sha256 is empty unless it is a file.',
  scope: 'host',
  probe: args => ({ argv: ['sh', '-c', FILE, 'runbook-step-file', textArg(args, 'path')] }),
  parse(found) {
    const first = stat(found)
    if (!first?.seen) return first?.seen
    const sha256 = /^([0-9a-f]{64})\b/.exec(first.rest)?.[1] ?? ''
    return first.seen.kind === 'file' && sha256 === '' ? undefined : { ...first.seen, sha256 }
  },
  tells: (_, is) => pathTells(is, false),
}

/**
 * Whether the file at `{path}` says what `{content}` does: null, or `{kind, mode, owner, group, same}`. For texts with secrets,
 * whose digest must not stand in a plan: the text goes to the host on standard input and is compared there.
 */
export const sameFact: Fact = {
  name: 'step.same',
  about: 'Whether the file at args {path} says args {content}: null, or {kind, mode, owner, group, same}.',
  scope: 'host',
  probe: args => ({
    argv: ['sh', '-c', SAME, 'runbook-step-same', textArg(args, 'path')],
    stdin: (member(args, 'content') ?? '') as unknown as Value,
  }),
  parse(found) {
    const first = stat(found)
    if (!first?.seen) return first?.seen
    const answer = first.rest.trim()
    if (first.seen.kind === 'file' && answer !== 'same' && answer !== 'other') return undefined
    return { ...first.seen, same: answer === 'same' }
  },
  tells: (_, is) => pathTells(is, false),
}

interface Seen {
  readonly [name: string]: Json
  readonly kind: 'file' | 'directory' | 'other'
}

/** Undefined: could not tell. */
function stat({
  code,
  stdout,
  stderr,
}: Exit): { readonly seen: Seen | null; readonly rest: string } | undefined {
  if (code !== 0) return /No such file or directory/.test(stderr) ? { seen: null, rest: '' } : undefined
  const [line = '', ...rest] = stdout.split('\n')
  const [type = '', mode = '', owner = '', group = ''] = line.split('|')
  if (!/^[0-7]{1,4}$/.test(mode) || owner === '' || group === '') return undefined
  const kind = type.startsWith('regular') ? 'file' : type === 'directory' ? 'directory' : 'other'
  return { seen: { kind, mode: mode.padStart(4, '0'), owner, group }, rest: rest.join('\n') }
}

/** What file, template and directory have in common, read for one host. */
export interface Placing {
  readonly path: string
  readonly mode: string
  readonly owner?: string
  readonly group?: string
}

export interface PlacingWords {
  readonly path: string
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}

/** @throws Mistake */
export function placing(
  what: PlacingWords,
  defaultMode: string,
  { read }: Site,
  path: Mistake['path'],
): Placing {
  const mode = what.mode === undefined ? defaultMode : read.text(what.mode, [...path, 'mode'])
  if (!/^[0-7]{3,4}$/.test(mode))
    throw new Mistake(
      'RB0907',
      [...path, 'mode'],
      `'${mode}' is no file mode`,
      "three or four octal digits in quotes, as in '0644'",
    )
  const owner =
    what.owner === undefined
      ? undefined
      : accountName(read.text(what.owner, [...path, 'owner']), [...path, 'owner'])
  const group =
    what.group === undefined
      ? undefined
      : accountName(read.text(what.group, [...path, 'group']), [...path, 'group'])
  return {
    path: absolute(read.text(what.path, [...path, 'path']), [...path, 'path']),
    mode: mode.padStart(4, '0'),
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
  }
}

/** @throws Mistake unless it is a path from the top without detours */
export function absolute(path: string, at: Mistake['path']): string {
  const trimmed = path.length > 1 ? path.replace(/\/+$/, '') : path
  if (/^\/[^\u0000-\u001f]*$/.test(trimmed) && !/(^|\/)\.{1,2}(\/|$)|\/\//.test(trimmed)) return trimmed
  throw new Mistake(
    'RB0907',
    at,
    `'${path}' is no plain absolute path`,
    "begin at '/', without '..', '.' and '//'",
  )
}

/** A user's or group's name. @throws Mistake */
export function accountName(name: string, at: Mistake['path']): string {
  if (/^[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?$/.test(name)) return name
  throw new Mistake(
    'RB0907',
    at,
    `'${name}' is no name of a user or group`,
    'names, not numbers: letters, digits, _ . -',
  )
}

/** What of a placing can be checked. */
export function placingIs({ mode, owner, group }: Placing): { readonly [name: string]: Json } {
  return { mode, ...(owner !== undefined && { owner }), ...(group !== undefined && { group }) }
}

/** Gives a path to whom it belongs; nothing when that is not said. */
export function handOver({ path, owner, group }: Placing): readonly Op[] {
  if (owner === undefined && group === undefined) return []
  const to = group === undefined ? (owner ?? '') : `${owner ?? ''}:${group}`
  return [{ exec: { argv: ['chown', to, path] }, timeoutSeconds: 30 }]
}

/** The file has this text, which holds secrets or none. */
export function fileSays(place: Placing, content: Value, host: string): Check {
  const is = placingIs(place)
  const { path } = place
  if (typeof content === 'string') {
    const sha256 = createHash('sha256').update(content).digest('hex')
    return { fact: fileFact.name, host, args: { path }, is: { kind: 'file', ...is, sha256 } }
  }
  if ('file' in content)
    return { fact: fileFact.name, host, args: { path }, is: { kind: 'file', ...is, sha256: content.sha256 } }
  return {
    fact: sameFact.name,
    host,
    args: { path, content: content as unknown as Json },
    is: { kind: 'file', ...is, same: true },
  }
}

/** Files, folders and their owners on the twin. */
export const answerPaths: Answer = (line, host, estate) => {
  const files = estate.hosts[host]?.files ?? {}
  const shown = (path: string): string | undefined => {
    const [user = 'root', group = 'root'] = (pretended(estate, host).owners[path] ?? 'root:root').split(':')
    const file = files[path]
    if (file !== undefined)
      return `${file.content === '' ? 'regular empty file' : 'regular file'}|${octal(file.mode)}|${user}|${group}\n`
    const folder = files[`${path}/`]
    return folder === undefined ? undefined : `directory|${octal(folder.mode)}|${user}|${group}\n`
  }
  const missing = (path: string) => exit(1, '', `stat: cannot statx '${path}': No such file or directory\n`)
  const script = scriptOf(line)
  const [program, ...words] = line.argv
  const last = words.at(-1) ?? ''
  if (program === 'stat' && words[1] === STAT[2]) {
    const seen = shown(last)
    return seen === undefined ? missing(last) : exit(0, seen)
  }
  if (script?.name === 'runbook-step-file' || script?.name === 'runbook-step-same') {
    const [path = ''] = script.words
    const seen = shown(path)
    if (seen === undefined) return missing(path)
    const content = files[path]?.content
    if (content === undefined) return exit(0, script.name === 'runbook-step-same' ? `${seen}other\n` : seen)
    if (script.name === 'runbook-step-same')
      return exit(0, `${seen}${content === line.stdin ? 'same' : 'other'}\n`)
    return exit(0, `${seen}${createHash('sha256').update(content).digest('hex')}  -\n`)
  }
  if (program === 'chown') {
    const [to = '', path = ''] = words
    if (shown(path) === undefined)
      return exit(1, '', `chown: cannot access '${path}': No such file or directory\n`)
    const [user = 'root', group = 'root'] = (pretended(estate, host).owners[path] ?? 'root:root').split(':')
    const [newUser = '', newGroup = ''] = to.split(':')
    const { users, owners } = pretend(estate, host)
    if (newUser !== '' && users[newUser] === undefined) return exit(1, '', `chown: invalid user: '${to}'\n`)
    owners[path] = `${newUser === '' ? user : newUser}:${newGroup === '' ? group : newGroup}`
    return exit(0)
  }
  if (program === 'rm') {
    for (const path of Object.keys(files))
      if (path === last || path.startsWith(`${last}/`)) Reflect.deleteProperty(files, path)
    return exit(0)
  }
  return undefined
}

function octal(mode: string): string {
  return mode.replace(/^0+(?=\d)/, '')
}
