import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { playbookRules } from '../../src/catalog/rules.ts'
import { loadPlaybook, type Loaded } from '../../src/playbook/read.ts'

/** What a broken playbook says of itself: which code at which line, and words of the message or its help. */
export interface Expected {
  readonly line: number
  readonly code: string
  readonly words: string
}

export interface Case {
  readonly name: string
  readonly expected: readonly Expected[]
  readonly loaded: Loaded
}

const folder = fileURLToPath(new URL('corpus/', import.meta.url))

/**
 * Every file of the corpus, read as `runbook validate` reads it. A file marks its own mistakes: `# ! CODE words` at the
 * end of the line, or `# at LINE: CODE words` on top where the line itself cannot carry a comment.
 */
export function corpus(): readonly Case[] {
  return readdirSync(folder)
    .filter(name => name.endsWith('.yml'))
    .sort()
    .map(name => ({
      name,
      expected: marks(readFileSync(folder + name, 'utf8')),
      loaded: loadPlaybook(folder + name, playbookRules),
    }))
}

function marks(text: string): readonly Expected[] {
  return text.split('\n').flatMap((content, i) => {
    const [, at, code, words] =
      /^# at (\d+): (RB\d{4}) ?(.*)$/.exec(content) ?? /()# ! (RB\d{4}) ?(.*)$/.exec(content) ?? []
    return code === undefined
      ? []
      : [{ line: at === undefined || at === '' ? i + 1 : Number(at), code, words: words ?? '' }]
  })
}
