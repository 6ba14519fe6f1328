import type { Fact } from '../../plan/fact.ts'
import { textArg } from '../os/text.ts'
import { curlUser } from '../dtr/facts.ts'
import { pullScript } from './scripts.ts'

/**
 * The proof image as one replica gives it, pulled by digest under the registry's name over the replica's own loopback: null when
 * the tag or the replica is not there (of one that is down nothing can be told), `{digest, blobs, whole: true}`, or `{whole: false, broken}` when a manifest or blob does not add up or is
 * missing. args {registry, port, repository, ref, username, password}.
 */
export const image: Fact = {
  name: 'acceptance.image',
  about:
    'The proof image pulled by digest through the replica on this host, args {registry, port, repository, ref, username, password}: null, ' +
    '{digest, blobs, whole: true}, or {whole: false, broken: digest}.',
  scope: 'cluster',
  probe: args => ({
    argv: [
      'sh',
      '-c',
      pullScript,
      'runbook-acceptance-pull',
      textArg(args, 'registry'),
      textArg(args, 'port'),
      textArg(args, 'repository'),
      textArg(args, 'ref'),
    ],
    stdin: curlUser(args),
  }),
  parse(exit) {
    if (exit.code === 70) return null
    if (exit.code !== 0) return undefined
    const text = exit.stdout.trim()
    if (text === 'absent') return null
    const broken = /^broken (sha256:[0-9a-f]{64})$/.exec(text)?.[1]
    if (broken !== undefined) return { whole: false, broken }
    const found = /^digest (sha256:[0-9a-f]{64}) blobs (\d+)$/.exec(text)
    return found?.[1] === undefined ? undefined : { digest: found[1], blobs: Number(found[2]), whole: true }
  },
}

export const facts: readonly Fact[] = [image]
