import { dirname, resolve } from 'node:path'
import type { Finding } from '../plan/finding.ts'
import type { Digest, HostName } from '../plan/step.ts'
import { hasErrors } from '../playbook/diagnostic.ts'
import { countLine, renderDiagnostics } from '../playbook/frame.ts'
import type { Topology } from '../playbook/topology.ts'
import type { PlacedFinding } from '../views/text.ts'
import { checkPlaybook } from './check.ts'
import { Quit } from './exit.ts'
import type { Io } from './io.ts'
import { leftOut } from './leaveOut.ts'

/** A playbook without errors. */
export interface Good {
  /** As it was named on the command line. */
  readonly file: string
  readonly path: string
  /** What files and secrets beside it are relative to. */
  readonly folder: string
  readonly topology: Topology
  readonly digest: Digest
  /** Hosts that are neither asked nor changed, sorted. */
  readonly without: readonly HostName[]
  /** Findings with their places in the file. */
  readonly place: (findings: readonly Finding[]) => readonly PlacedFinding[]
}

/**
 * Reads a playbook; warnings are for `validate` and the plan.
 * @param without hosts and sites to leave out, separated by commas
 * @throws Quit after printing every problem, when there are errors
 */
export async function loadGood(file: string, io: Io, prune = false, without?: string): Promise<Good> {
  const path = resolve(io.cwd, file)
  const loaded = await checkPlaybook(io.cwd === process.cwd() ? file : path)
  const { diagnostics, digest } = loaded
  const topology = loaded.topology && prune ? { ...loaded.topology, prune: true as const } : loaded.topology
  if (hasErrors(diagnostics) || topology === undefined || digest === undefined) {
    const named = diagnostics.map(diagnostic => ({ ...diagnostic, file }))
    io.err(`${renderDiagnostics(named, io.coloured.err)}\n`)
    throw new Quit('invalid', `${file}: ${countLine(diagnostics)}; nothing was done`)
  }
  const place = (findings: readonly Finding[]): readonly PlacedFinding[] =>
    findings.map(finding => {
      const [at] = loaded.place([finding])
      return at === undefined || at.line === 0 || finding.path.length === 0
        ? { finding }
        : { finding, place: `${file}:${at.line}:${at.column}` }
    })
  const out = leftOut(without, topology)
  return { file, path, folder: dirname(path), topology, digest, without: out, place }
}
