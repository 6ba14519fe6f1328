import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

interface Import {
  readonly target: string
  readonly typeOnly: boolean
}
interface Module {
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
}

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, `import('x')`; braces may span lines. */
const importLine =
  /^[ \t]*(import|export)\s+(type\s+)?(?:[\w*${}\s,]+?\s+from\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm

function read(path: string): Module {
  const text = readFileSync(join(root, path), 'utf8')
  const imports = [...text.matchAll(importLine)].map(found => {
    const specifier = found[3] ?? found[4] ?? ''
    return {
      target: specifier.startsWith('.') ? relative(root, resolve(root, dirname(path), specifier)) : specifier,
      typeOnly: found[2] !== undefined,
    }
  })
  return { path, text, imports }
}

const paths = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.ts'))
  .map(path => join('src', path))
  .sort()
const modules = paths.filter(path => !path.includes('.gen.')).map(read)

const folder = (path: string): string => (path === 'src/main.ts' ? 'cli' : (path.split('/')[1] ?? ''))

/** Who may import whom; `type` entries only by `import type`. A folder may always import itself. */
const may: {
  readonly [folder: string]: { readonly any: readonly string[]; readonly type?: readonly string[] }
} = {
  plan: { any: [] },
  playbook: { any: ['plan'] },
  hosts: { any: ['plan'] },
  twin: { any: ['plan', 'hosts'] },
  run: { any: ['plan', 'hosts'] },
  catalog: { any: ['plan'], type: ['playbook', 'twin', 'hosts'] },
  views: { any: ['plan', 'run/fold.ts', 'run/drillFigures.ts'], type: ['run', 'catalog'] },
  cli: { any: ['plan', 'playbook', 'hosts', 'twin', 'run', 'catalog', 'views'] },
}
/** Single files that may do a little more than their folder. */
const alsoMay: { readonly [path: string]: readonly string[] } = {
  'src/twin/rehearse.ts': ['run'],
  'src/twin/leaks.ts': ['run'],
}

function wrongDirections(seen: readonly Module[]): string[] {
  return seen.flatMap(module =>
    module.imports.flatMap(({ target, typeOnly }) => {
      if (!target.startsWith('src/') && !target.startsWith('..')) return []
      const from = folder(module.path)
      const to = folder(target)
      const rule = may[from]
      if (rule === undefined) return [`${module.path}: folder ${from} has no rule`]
      const allowed = [...rule.any, ...(alsoMay[module.path] ?? []), ...(typeOnly ? (rule.type ?? []) : [])]
      const fine = to === from || allowed.some(name => to === name || target === `src/${name}`)
      return fine ? [] : [`${module.path} imports ${target}${typeOnly ? ' (type)' : ''}`]
    }),
  )
}

const outside = /^node:(fs|fs\/promises|child_process|net|dgram|tls|http|https)$|^ssh2$/
const mayTouchTheWorld = (path: string): boolean =>
  /^src\/(hosts|cli)\//.test(path) ||
  ['src/main.ts', 'src/run/journal.ts', 'src/playbook/read.ts', 'src/twin/server.ts'].includes(path)

function without(text: string, pattern: RegExp): string {
  return text.replace(pattern, '')
}
const comments = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm

describe('the shape of src', () => {
  it('sees the modules and their imports', () => {
    const folders = new Set(modules.map(module => folder(module.path)))
    expect([...folders].filter(name => name in may).length).toBe(folders.size)
    // A rule over nothing is always kept: the numbers may grow, they must not vanish.
    expect(modules.length).toBeGreaterThan(40)
    expect(modules.flatMap(module => module.imports).length).toBeGreaterThan(100)
    for (const name of Object.keys(may)) expect(folders).toContain(name)
  })

  it('is found out when it leans the wrong way', () => {
    const made = (path: string, target: string, typeOnly = false): Module => ({
      path,
      text: '',
      imports: [{ target, typeOnly }],
    })
    expect(wrongDirections([made('src/plan/a.ts', 'src/run/event.ts', true)])).toHaveLength(1)
    expect(wrongDirections([made('src/views/a.ts', 'src/run/execute.ts')])).toHaveLength(1)
    expect(wrongDirections([made('src/views/a.ts', 'src/run/event.ts', true)])).toHaveLength(0)
    expect(wrongDirections([made('src/views/a.ts', 'src/cli/exit.ts', true)])).toHaveLength(1)
    expect(
      [..."import {\n  a,\n  type B,\n} from './x.ts'\n".matchAll(importLine)].map(found => found[3]),
    ).toEqual(['./x.ts'])
  })

  it('leans one way only', () => {
    expect(wrongDirections(modules)).toEqual([])
  })

  it('touches files, network and processes in few places', () => {
    const wrong = modules
      .filter(module => !mayTouchTheWorld(module.path))
      .flatMap(module =>
        module.imports
          .filter(one => !one.typeOnly && outside.test(one.target))
          .map(one => `${module.path}: ${one.target}`),
      )
    expect(wrong).toEqual([])
  })

  it('reads the clock in few places', () => {
    const clock = /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bset(?:Timeout|Interval)\(/
    const wrong = modules
      .filter(module => !/^src\/(hosts|cli|twin)\//.test(module.path) && module.path !== 'src/run/journal.ts')
      .filter(module => clock.test(without(module.text, comments)))
      .map(module => module.path)
    expect(wrong).toEqual([])
  })

  it('keeps the products out of the engine', () => {
    const words = /(?<![A-Za-z])(?:docker|ucp|dtr)|(?:Docker|Ucp|Dtr|UCP|DTR)(?![a-z])/
    const engine = modules.filter(module =>
      ['plan', 'run', 'hosts', 'twin', 'views'].includes(folder(module.path)),
    )
    expect(engine.length).toBeGreaterThan(20)
    const wrong = engine.flatMap(module =>
      without(module.text, comments)
        .split('\n')
        .filter(line => words.test(line))
        .map(line => `${module.path}: ${line.trim()}`),
    )
    expect(wrong).toEqual([])
  })

  it('logs nothing and hides nothing', () => {
    const wrong = modules
      .filter(module =>
        /\bconsole\.(log|debug)\(|@ts-(ignore|nocheck)|\bas any\b/.test(
          without(module.text, /\/\*[\s\S]*?\*\//g),
        ),
      )
      .map(module => module.path)
    expect(wrong).toEqual([])
  })

  it('has no barrel, no drawer for odds and ends, no giant', () => {
    const names = modules
      .filter(module => /\/(utils?|helpers?|managers?|services|common|misc)(\.ts|\/)/.test(module.path))
      .map(module => module.path)
    expect(names).toEqual([])
    const giants = modules.filter(module => module.text.split('\n').length > 450).map(module => module.path)
    expect(giants).toEqual([])
  })
})
