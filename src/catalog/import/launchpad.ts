import type { Draft, Remark } from '../../playbook/draft.ts'
import type { Playbook } from '../../playbook/schema.gen.ts'
import { type Leaf, leavesOf } from './leaves.ts'
import { type Assembly, assemble, type Surroundings } from './assemble.ts'
import { hostLeaf } from './hostLeaf.ts'
import { carried, changed, left, type Outcome, type Said } from './outcome.ts'
import { productLeaf } from './productLeaf.ts'

/** A translated file, line by line; or why there is nothing to translate. */
export type Imported =
  | { readonly draft: Draft; readonly said: readonly Said[] }
  | { readonly line: number; readonly message: string }

/** Versions of the format that are read [L: pkg/config/migration v11 to v15]. */
const FORMAT = /^launchpad\.mirantis\.com\/(?:mke\/)?v1\.([1-6])$/

/** Parts whose inside is not ours to read. */
const wholes =
  /^(spec\.hosts\.\*\.(mcrConfig|engineConfig|hooks|environment|winRM|localhost)|spec\.mke\.cloud|spec\.(mcr|engine)\.(swarmInstallFlags|swarmUpdateCommands)|spec\.mke\.(swarmInstallFlags|swarmUpdateCommands))$/

/** Translates a file of Mirantis Launchpad (v1.1 to v1.6, kinds mke and mke+msr). Pure. Secrets in it are neither copied nor told. */
export function importLaunchpad(text: string, around: Surroundings): Imported {
  const leaves = leavesOf(text, pattern => wholes.test(pattern))
  if (!Array.isArray(leaves)) return leaves as { readonly line: number; readonly message: string }
  const all = leaves as readonly Leaf[]
  const format = all.find(leaf => leaf.pattern === 'apiVersion')
  if (format === undefined || !FORMAT.test(String(format.value)))
    return {
      line: format?.line ?? 1,
      message:
        format === undefined
          ? 'there is no apiVersion: this is no file of Launchpad'
          : `apiVersion ${String(format.value)} is not read; launchpad.mirantis.com/mke/v1.1 to v1.6 are. Launchpad itself migrates older ones: launchpad describe config`,
    }
  const assembly: Assembly = {
    hosts: new Map(),
    ucp: { flags: [], sans: [] },
    dtr: { flags: [] },
    remarks: [],
    said: [],
    around,
  }
  for (const leaf of all) {
    const filled = { ...leaf, value: fill(leaf, assembly) }
    const said = headLeaf(filled, assembly) ?? hostLeaf(filled, assembly) ?? productLeaf(filled, assembly)
    assembly.said.push({
      line: leaf.line,
      at: leaf.path.join('.'),
      ...(said ?? { became: 'left', text: 'unknown to Launchpad and to runbook' }),
    })
  }
  const playbook: Playbook = assemble(assembly)
  const remarks: readonly Remark[] = assembly.remarks
  return { draft: { playbook, remarks, head: around.head }, said: assembly.said }
}

function headLeaf({ pattern, value }: Leaf, assembly: Assembly): Outcome | undefined {
  switch (pattern) {
    case 'apiVersion':
    case 'kind':
      return carried('the format')
    case 'metadata.name': {
      const name = String(value)
        .toLowerCase()
        .replaceAll(/[^a-z0-9-]+/g, '-')
        .replaceAll(/^-+|-+$/g, '')
        .slice(0, 63)
      assembly.name = name
      return name === value ? carried('name') : changed(`name: ${name}`)
    }
    case 'spec.cluster.prune':
      return left('what left the playbook is taken out by `runbook apply --prune`, each time it is said')
    default:
      return undefined
  }
}

/** `$NAME` and `${NAME}` from the environment, as Launchpad does; a name that is not set stays as it is and is told. */
function fill({ value, path }: Leaf, assembly: Assembly): unknown {
  // A password is never looked at, let alone filled in.
  if (typeof value !== 'string' || /password|secret|keyData/i.test(path.join('.'))) return value
  return value.replaceAll(
    /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g,
    (whole, braced: string | undefined, bare: string | undefined) =>
      assembly.around.env(braced ?? bare ?? '') ?? whole,
  )
}
