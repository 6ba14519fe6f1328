import type { Value } from '../../plan/step.ts'
import type { FileSpec } from '../../playbook/steps.ts'
import type { Deed, Site } from './action.ts'
import { Mistake } from './mistake.ts'
import { fileSays, handOver, pathFact, placing, placingIs } from './paths.ts'

/** Folders that no step takes away. */
const kept = [
  '/var/lib',
  '/var/log',
  '/var/run',
  '/usr/bin',
  '/usr/lib',
  '/usr/sbin',
  '/usr/share',
  '/usr/local',
  '/etc/systemd',
]

/** A file with a text, a folder, or nothing at a path. @throws Mistake, Undecided */
export function fileDeed(spec: FileSpec, site: Site, at: Mistake['path']): Deed {
  const { host, read } = site
  if (spec.state !== 'file' && (spec.content !== undefined || spec.source !== undefined))
    throw new Mistake(
      'RB0903',
      [...at, 'state'],
      `a path that is '${spec.state}' has no content`,
      "delete 'content' and 'source', or the 'state'",
    )
  if (spec.state === 'directory') {
    const place = placing(spec, '0755', site, at)
    const { path, mode } = place
    return {
      goal: [{ fact: pathFact.name, host, args: { path }, is: { kind: 'directory', ...placingIs(place) } }],
      run: [{ exec: { argv: ['install', '-d', '-m', mode, path] }, timeoutSeconds: 30 }, ...handOver(place)],
      withinSeconds: 5,
      takes: { p50Seconds: 1, p90Seconds: 2 },
    }
  }
  if (spec.state === 'absent') {
    const { path } = placing(spec, '0644', site, at)
    if (/^\/[^/]*$/.test(path) || kept.includes(path))
      throw new Mistake(
        'RB0907',
        [...at, 'path'],
        `'${path}' is not taken away`,
        'name what lies in it; a whole system folder is never meant',
      )
    return {
      goal: [{ fact: pathFact.name, host, args: { path }, is: null }],
      run: [{ exec: { argv: ['rm', '-rf', '--one-file-system', '--', path] }, timeoutSeconds: 300 }],
      withinSeconds: 5,
      takes: { p50Seconds: 1, p90Seconds: 5 },
    }
  }
  if ((spec.content === undefined) === (spec.source === undefined))
    throw new Mistake(
      'RB0903',
      at,
      "a file has either 'content' or 'source'",
      "write its text under 'content', or name a file beside the playbook under 'source'",
    )
  const content: Value = spec.source ?? read.value(spec.content ?? '', [...at, 'content'])
  return written(content, spec, site, at)
}

/** Puts a text into its place. Texts with secrets are for root alone unless a mode is given. */
export function written(
  content: Value,
  spec: Parameters<typeof placing>[0],
  site: Site,
  at: Mistake['path'],
): Deed {
  const isOpen = typeof content === 'string' || 'file' in content
  const place = placing(spec, isOpen ? '0644' : '0600', site, at)
  return {
    goal: [fileSays(place, content, site.host)],
    run: [{ write: place.path, content, mode: place.mode }, ...handOver(place)],
    withinSeconds: 5,
    takes: { p50Seconds: 1, p90Seconds: 3 },
  }
}
