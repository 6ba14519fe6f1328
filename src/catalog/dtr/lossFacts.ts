import type { Fact } from '../../plan/fact.ts'
import type { FactRef } from '../../plan/step.ts'
import type { ReplicaSpec } from '../../playbook/topology.ts'
import { fieldsOf, isMissing, member, textArg } from '../os/text.ts'
import { cluster } from './facts.ts'
import { type Wanted, askCluster } from './questions.ts'
import { dataScript } from './scripts.ts'

/** Files of a database that runs are written all the time, so what counts is the minute. */
const MINUTE_SECONDS = 60

/**
 * Whether the registry works as this replica tells it, args as `dtr.cluster`: `{works}`. It works while it names its members and every table
 * takes writes. It does not when nobody listens, or when it answers with a server's error, as every replica does once the
 * majority is lost [D: repair-a-cluster.md]. A refused login says nothing of it.
 */
export const works: Fact = {
  name: 'dtr.works',
  about:
    'Whether the registry works, as a replica tells it, args {port, username, password}: {works}: it names its members and every table takes writes. Nobody listening and a server error mean that it does not; a refused login is no answer.',
  scope: 'cluster',
  probe: args => cluster.probe(args),
  parse(exit, args) {
    const seen = cluster.parse(exit, args)
    if (seen === undefined || seen === null) return seen === null ? { works: false } : undefined
    const code = member(seen, 'code')
    if (typeof code === 'number') return code >= 500 ? { works: false } : undefined
    // Where storage is away every member calls itself unwell, and the database works all the same (§9.49).
    return { works: member(seen, 'writable') === true }
  },
}

/** When the database of a replica was last written on its host, args `{id}`: null without one, else `{writtenSeconds}` since 1970, by the minute. */
export const data: Fact = {
  name: 'dtr.data',
  about:
    "When a replica's database was last written on its host, args {id}: null without one, else {writtenSeconds} since 1970 by the host's clock, by the minute.",
  scope: 'cluster',
  volatile: true,
  probe: args => ({ argv: ['sh', '-c', dataScript, 'runbook-dtr-data', textArg(args, 'id')] }),
  parse(exit) {
    if (isMissing(exit, 'docker')) return null
    const seen = fieldsOf(exit.stdout)
    if (exit.code !== 0 || seen.get('end') !== '1') return undefined
    if (seen.get('none') === '1') return null
    const written = Number(seen.get('written'))
    return Number.isInteger(written) && written > 0
      ? { writtenSeconds: Math.floor(written / MINUTE_SECONDS) * MINUTE_SECONDS }
      : undefined
  },
}

/** `dtr.works` as one replica tells it. */
export function askWorks(wanted: Wanted, replica: ReplicaSpec): FactRef {
  return { ...askCluster(wanted, replica), fact: works.name }
}

/** `dtr.data` of one replica on its host. */
export function askData({ host, id }: ReplicaSpec): FactRef {
  return { fact: data.name, host, args: { id } }
}
