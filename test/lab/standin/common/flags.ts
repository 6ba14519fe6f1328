import { Fatal } from './log.ts'

/** What a flag takes. `list` may be given several times. */
export interface FlagSpec {
  readonly kind: 'text' | 'switch' | 'list'
  readonly env?: string
  readonly short?: string
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>

export interface Flags {
  /** The flag's value, or its environment variable's, or undefined. An empty value given on purpose is ''. */
  text(name: string): string | undefined
  on(name: string): boolean
  list(name: string): readonly string[]
}

/**
 * Reads Go-style flags: `--name value`, `--name=value`, `--switch`, `--switch=false`; one dash does as well.
 * @throws Fatal like the real tools: "Incorrect Usage: flag provided but not defined: -name"
 */
export function parseFlags(words: readonly string[], specs: FlagSpecs, env: NodeJS.ProcessEnv): Flags {
  const given = new Map<string, string[]>()
  for (let position = 0; position < words.length; position++) {
    const word = words[position] ?? ''
    const found = /^--?([^=]+)(?:=(.*))?$/s.exec(word)
    if (found?.[1] === undefined) throw new Fatal(`Incorrect Usage: unexpected argument ${word}`)
    const name = Object.entries(specs).find(
      ([long, spec]) => long === found[1] || spec.short === found[1],
    )?.[0]
    const spec = name === undefined ? undefined : specs[name]
    if (name === undefined || spec === undefined) {
      throw new Fatal(`Incorrect Usage: flag provided but not defined: -${found[1]}`)
    }
    let value = found[2]
    if (value === undefined && spec.kind !== 'switch') {
      position++
      value = words[position]
      if (value === undefined) throw new Fatal(`Incorrect Usage: flag needs an argument: -${name}`)
    }
    given.set(name, [...(given.get(name) ?? []), value ?? 'true'])
  }
  const values = (name: string): readonly string[] => {
    const variable = specs[name]?.env
    const fromEnvironment = variable === undefined ? undefined : env[variable]
    return (
      given.get(name) ?? (fromEnvironment === undefined || fromEnvironment === '' ? [] : [fromEnvironment])
    )
  }
  return {
    text: name => values(name).at(-1),
    on: name => ['true', '1', 't'].includes(values(name).at(-1) ?? 'false'),
    list: name =>
      values(name)
        .flatMap(value => value.split(','))
        .filter(value => value !== ''),
  }
}
