import { parseDocument } from 'yaml'
import { linesOf } from './lines.ts'
import type { Problem } from './problem.ts'
import { syntaxProblems, tooDeep } from './syntax.ts'
import { walk, type Parsed } from './walk.ts'

/**
 * One YAML 1.2 document as values with places. Stricter than YAML: no duplicate keys, unknown tags, cycles, alias bombs,
 * directives, further documents, numbers with leading zeros. Never throws and ends in time linear in the text.
 */
export function parseYaml(text: string): Parsed {
  if (text.trim() === '')
    return {
      problems: [
        { code: 'RB0105', message: 'the file is empty', range: { start: 0, end: 0 }, help: emptyHelp },
      ],
    }
  const directive = directiveIn(text)
  if (directive !== undefined) return { problems: [directive] }
  const document = documentOf(text)
  if (document === undefined) return { problems: [tooDeep({ start: 0, end: 1 })] }
  const lines = linesOf(text)
  const syntax = syntaxProblems(document, text, lines)
  if (syntax.length > 0) return { problems: syntax }
  if (document.contents === null)
    return {
      problems: [
        {
          code: 'RB0105',
          message: 'the file has nothing but comments',
          range: { start: 0, end: 0 },
          help: emptyHelp,
        },
      ],
    }
  return walk(document, text, lines)
}

function documentOf(text: string): ReturnType<typeof parseDocument> | undefined {
  try {
    return parseDocument(text, {
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false, // checked by us: theirs takes time by the square of the keys
      logLevel: 'error', // 'silent' would also keep quiet about a second document
    })
  } catch (error) {
    // The parser recurses; how deep it gets before the stack ends depends on the machine.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const emptyHelp = "start with 'runbook: 1'; `playbooks/minimal.yml` is a whole example"

function directiveIn(text: string): Problem | undefined {
  const found = /^(?:\uFEFF)?(?:[ \t]*(?:#.*)?\r?\n)*(%[^\r\n]*)/.exec(text)
  if (found?.[1] === undefined) return undefined
  const start = found[0].length - found[1].length
  return {
    code: 'RB0108',
    message: `directive '${found[1].trim()}': a playbook is YAML 1.2 and takes no directives`,
    help: /^%YAML\s+1\.1/.test(found[1])
      ? "delete the line; in YAML 1.1 'no', '0644' and '12:30' mean other things than they seem to"
      : 'delete the line',
    range: { start, end: found[0].length },
  }
}
