import type { Canaries, CanaryLine, CanarySeen } from '../../plan/drill.ts'
import type { Exit } from '../../plan/fact.ts'
import type { HostName } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { login } from '../dtr/facts.ts'
import { canaryScript } from './canaryScript.ts'

/** Where canaries push to: a repository of their own. */
const NAME = 'runbook-drill'
const TIMEOUT_SECONDS = 40

/** The canaries of a registry, run on a host of the playbook. Undefined where the playbook has no registry. */
export function canariesOf({ ucp, dtr }: Topology, from: HostName): Canaries | undefined {
  if (!ucp || !dtr) return undefined
  const registry = new URL(dtr.externalUrl).host
  const repository = `${ucp.adminUsername}/${NAME}`
  const line = (verb: string, what: string, ...more: readonly string[]): CanaryLine => ({
    host: from,
    command: {
      argv: ['sh', '-c', canaryScript, 'runbook-drill-canary', verb, registry, repository, what, ...more],
      stdin: login(ucp.adminUsername, ucp.adminPassword),
    },
    timeoutSeconds: TIMEOUT_SECONDS,
    read,
  })
  return {
    prepare: line('prepare', '-'),
    pull: digest => line('pull', digest),
    push: tag => line('push', tag),
    metadata: name => line('make', name),
    find: (tag, digest) => line('find', tag, digest),
    findMetadata: name => line('have', name),
  }
}

/** Exit 3 is the registry's own word for "it is not there"; anything else that is not 0 says nothing about it. */
function read({ code, stdout, stderr }: Exit): CanarySeen {
  const digest = /^digest (sha256:[0-9a-f]{64})$/m.exec(stdout)?.[1]
  if (code === 0) return { ok: true, ...(digest !== undefined && { digest }) }
  if (code === 3 && stdout.includes('absent')) return { ok: false, detail: 'absent' }
  const said = stderr.trim().split('\n').at(-1) ?? ''
  return { ok: false, detail: said === '' ? `exit ${String(code ?? 'unknown')}` : said.slice(0, 200) }
}
