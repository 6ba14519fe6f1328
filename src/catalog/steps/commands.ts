import type { Exit } from '../../plan/fact.ts'
import { exit } from '../os/model.ts'
import { osOf } from '../os/bareHost.ts'
import type { Answer } from './action.ts'

/**
 * Commands of the person's own on the twin: the handful that small steps are made of, as words or as a line for sh that does one
 * thing after another (`&&`, `;`, `> FILE`, `>> FILE`). Anything else is not modelled, and is said to be so.
 */
export const answerCommands: Answer = ({ argv, env, stdin }, host, estate) => {
  const [program, ...words] = argv
  const files = estate.hosts[host]?.files ?? {}
  const exists = (path: string): boolean => files[path] !== undefined || files[`${path}/`] !== undefined

  const simple = (name: string | undefined, rest: readonly string[]): Exit | undefined => {
    const last = rest.at(-1) ?? ''
    switch (name) {
      case 'true':
      case ':':
        return exit(0)
      case 'false':
        return exit(1)
      case 'echo':
        return exit(0, `${rest.join(' ')}\n`)
      case 'hostname':
        return exit(0, `${osOf(estate, host).hostname}\n`)
      case 'touch':
        files[last] ??= { content: '', mode: '0644' }
        return exit(0)
      case 'mkdir':
        files[`${last.replace(/\/$/, '')}/`] ??= { content: '', mode: '0755' }
        return exit(0)
      case 'cat': {
        if (rest.length === 0) return exit(0, stdin ?? '')
        const content = files[last]?.content
        return content === undefined
          ? exit(1, '', `cat: ${last}: No such file or directory\n`)
          : exit(0, content)
      }
      case 'grep': {
        const content = files[last]?.content
        const wanted = rest.at(-2) ?? ''
        if (content === undefined) return exit(2, '', `grep: ${last}: No such file or directory\n`)
        const found = content.split('\n').filter(line => line.includes(wanted))
        const isQuiet = rest.some(word => /^-[a-z]*q/.test(word))
        return exit(found.length > 0 ? 0 : 1, isQuiet ? '' : found.map(line => `${line}\n`).join(''))
      }
      case 'test': {
        const [flag = '', path = ''] = rest
        if (flag === '-e') return exit(exists(path) ? 0 : 1)
        if (flag === '-f') return exit(files[path] === undefined ? 1 : 0)
        if (flag === '-d') return exit(files[`${path}/`] === undefined ? 1 : 0)
        return undefined
      }
      default:
        return undefined
    }
  }

  if (program !== 'sh' || words[0] !== '-c' || words.length !== 2) return simple(program, words)
  let output = ''
  for (const part of (words[1] ?? '')
    .split(/&&|;|\n/)
    .map(one => one.trim())
    .filter(one => one !== '')) {
    const [, text = '', sign, target = ''] = /^([^<>|`()]*?)\s*(?:(>>?)\s*(\S+))?$/.exec(part) ?? []
    const [name, ...rest] = wordsOf(text, env)
    const done = simple(name, rest)
    if (done === undefined) return undefined
    if (sign === undefined) output += done.stdout
    else {
      const before = sign === '>>' ? (files[target]?.content ?? '') : ''
      files[target] = { content: before + done.stdout, mode: files[target]?.mode ?? '0644' }
    }
    if (done.code !== 0) return { ...done, stdout: output }
  }
  return exit(0, output)
}

/** Words of a simple line: quotes are taken off, `$NAME` and `"$NAME"` are looked up. */
function wordsOf(text: string, env: { readonly [name: string]: string }): readonly string[] {
  return [...text.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) => {
    if (single !== undefined) return single
    return (double ?? bare ?? '').replaceAll(/\$([A-Za-z_]\w*)/g, (_, name: string) => env[name] ?? '')
  })
}
