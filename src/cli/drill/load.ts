import { dirname, resolve } from 'node:path'
import { recipes } from '../../catalog/recover/index.ts'
import { drillModes, type Drill, type DrillIdentity, type DrillMode } from '../../plan/drill.ts'
import { hasErrors } from '../../playbook/diagnostic.ts'
import { loadDrill } from '../../playbook/drill.ts'
import { countLine, renderDiagnostics } from '../../playbook/frame.ts'
import { resolveDrill } from '../../playbook/resolve-drill.ts'
import { Quit } from '../exit.ts'
import type { Io } from '../io.ts'
import { type Good, loadGood } from '../load.ts'

/** A drill without errors, with the playbook of the cluster that it is for. */
export interface GoodDrill {
  /** As it was named on the command line. */
  readonly file: string
  readonly path: string
  readonly drill: Drill
  readonly identity: DrillIdentity
  readonly good: Good
}

/** What `recover` and `failback` may name. */
export const recipeNames: readonly string[] = ['apply', 'undo', ...recipes.map(({ name }) => name)]

/**
 * Reads a drill and its playbook.
 * @param mode in place of the file's own
 * @throws Quit after printing every problem, when there are errors
 */
export async function loadGoodDrill(file: string, io: Io, mode?: string): Promise<GoodDrill> {
  const path = resolve(io.cwd, file)
  const read = loadDrill(path)
  const show = (diagnostics: typeof read.diagnostics): void => {
    if (diagnostics.length === 0) return
    const named = diagnostics.map(diagnostic => ({ ...diagnostic, file }))
    io.err(`${renderDiagnostics(named, io.coloured.err)}\n`)
    if (hasErrors(named)) throw new Quit('invalid', `${file}: ${countLine(named)}; nothing was done`)
  }
  if (read.file === undefined || hasErrors(read.diagnostics)) {
    show(read.diagnostics)
    throw new Quit('invalid', `${file} is no drill; nothing was done`)
  }
  const playbook = resolve(dirname(path), read.file.cluster)
  const good = await loadGood(playbook, io)
  const { drill, findings } = resolveDrill(read.file, good.topology, recipeNames)
  show([...read.diagnostics, ...read.place(findings)])
  if (mode !== undefined && !drillModes.some(one => one === mode))
    throw new Quit('usage', `there is no mode '${mode}'`, `one of ${drillModes.join(', ')}`)
  return {
    file,
    path,
    drill: mode === undefined ? drill : { ...drill, mode: mode as DrillMode },
    identity: { file: read.digest ?? '', playbook: good.digest },
    good,
  }
}
