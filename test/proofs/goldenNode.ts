import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { products } from '../../src/catalog/index.ts'
import type { Io } from '../../src/cli/io.ts'
import { loadGood } from '../../src/cli/load.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { render, toSave } from '../../src/cli/review.ts'
import { offline } from '../../src/cli/survey.ts'
import type { SavedPlan } from '../../src/plan/saved.ts'
import { noPaint } from '../../src/views/layout.ts'
import { changes, planOf } from '../changes/changes.ts'

/**
 * Draws every golden plan anew under other versions of Node, in other locales and time zones, and compares the bytes with the
 * golden files. Node comes as packages of the registry into a folder that is removed again; a version that cannot be had is
 * named and skipped.
 *
 *     npm run golden:node
 */
const forms = [
  ['text', 'txt'],
  ['md', 'md'],
  ['json', 'json'],
] as const
const golden = fileURLToPath(new URL('../golden/', import.meta.url))

if (process.argv[2] === '--here') process.exitCode = await here()
else main()

/** Compares in this process. @returns how many files differ, at most 1 */
async function here(): Promise<number> {
  const io = { cwd: packageRoot(), env: {}, err: () => undefined } as unknown as Io
  let [same, other] = [0, 0]
  const compare = async (saved: SavedPlan, folder: string, name: string): Promise<void> => {
    for (const [format, ending] of forms) {
      const file = join(golden, folder, `${name}.${ending}`)
      if ((await render(saved, format, noPaint)) === readFileSync(file, 'utf8')) same += 1
      else {
        other += 1
        console.log(`  ${folder}/${name}.${ending} is not what the golden file says`)
      }
    }
  }
  for (const file of readdirSync(join(packageRoot(), 'playbooks')).filter(one => one.endsWith('.yml'))) {
    const good = await loadGood(join('playbooks', file), { ...io, cwd: process.cwd() })
    const saved = toSave(good, offline(good.topology, good.digest, products), 'offline')
    await compare(saved, 'plans', file.replace(/\.yml$/, ''))
  }
  for (const change of changes) await compare(await planOf(change), 'changes', change.name)
  const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions()
  console.log(`node ${process.version}, ${locale}, ${timeZone}: ${same} files the same, ${other} others`)
  return other === 0 && same > 0 ? 0 : 1
}

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-node-'))
  let failed = 0
  let ran = 0
  try {
    const own = Number(process.versions.node.split('.')[0])
    const places: readonly [locale: string, zone: string][] = [
      ['C', 'UTC'],
      ['tr_TR.UTF-8', 'Asia/Kathmandu'],
    ]
    for (const major of [...new Set([20, 22, 24, own])].sort()) {
      const node = major === own ? process.execPath : fetchNode(major, folder)
      if (node === undefined) continue
      for (const [locale, zone] of places) {
        ran += 1
        const argv = ['--import', 'tsx', fileURLToPath(import.meta.url), '--here']
        const env = { PATH: process.env['PATH'] ?? '', LC_ALL: locale, LANG: locale, TZ: zone }
        try {
          execFileSync(node, argv, { cwd: packageRoot(), env, stdio: 'inherit' })
        } catch {
          failed += 1
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  console.log(failed === 0 ? `the same bytes in all ${ran} runs` : `${failed} of ${ran} runs differ`)
  process.exitCode = failed === 0 ? 0 : 1
}

/** The binary of a version's newest release; undefined, with the reason printed, where it cannot be had. */
function fetchNode(major: number, folder: string): string | undefined {
  const name = `node-${process.platform}-${process.arch}`
  const prefix = join(folder, String(major))
  try {
    const argv = ['install', '--prefix', prefix, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts']
    execFileSync('npm', [...argv, `${name}@${major}`], { stdio: ['ignore', 'ignore', 'pipe'] })
    const node = join(prefix, 'node_modules', name, 'bin/node')
    if (existsSync(node)) return node
    console.log(`node ${major}: skipped: the package ${name} has no bin/node`)
  } catch (error) {
    const said = String((error as { readonly stderr?: unknown }).stderr ?? error)
    const line = said.split('\n').find(one => /error/i.test(one)) ?? 'it cannot be installed'
    console.log(`node ${major}: skipped: ${line.trim()}`)
  }
  return undefined
}
