import { type Facts, factKey } from '../../../plan/fact.ts'
import type { HostName, Json, Step, StepId } from '../../../plan/step.ts'
import type { UcpSpec } from '../../../playbook/topology.ts'
import { plain } from '../../os/steps.ts'
import { member } from '../../os/text.ts'
import { isHealthy } from '../cluster.ts'
import { configSet } from '../commands.ts'
import { askConfig, askWebCertificate } from '../facts.ts'

const SECTION = 'UCP settings'

/** The key that DTR needs has a step of its own. */
const OWN = 'scheduling_configuration.enable_admin_ucp_scheduling'

/** The keys of UCP's configuration that the playbook names, one step each, one after another: each reads the document, sets its key, puts it back. */
export function configSteps(
  ucp: UcpSpec,
  through: HostName,
  hasDtr: boolean,
  after: readonly StepId[],
): readonly Step[] {
  const steps: Step[] = []
  for (const [section, keys] of Object.entries(ucp.config ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [key, value] of Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (hasDtr && `${section}.${key}` === OWN) continue
      const last = steps.at(-1)
      const toml = typeof value === 'string' ? JSON.stringify(value) : String(value)
      steps.push({
        ...plain,
        id: `ucp.config@${through}:${section}.${key}`,
        kind: 'ucp.config',
        title: `Set ${key} to ${toml} in section [${section}] of UCP's configuration`,
        section: SECTION,
        host: through,
        needs: last ? [last.id] : after,
        requires: [isHealthy(ucp, through)],
        goal: [{ ...askConfig(ucp, through, section), is: { login: 'ok', settings: { [key]: value } } }],
        run: [
          { exec: configSet(ucp.controllerPort, { section, key, value: toml }, ucp), timeoutSeconds: 120 },
        ],
        withinSeconds: 60,
        takes: { p50Seconds: 3, p90Seconds: 15 },
      })
    }
  }
  return steps
}

/**
 * Names that the certificate of a standing manager lacks, by the label that UCP reads [D: ee/ucp/admin/configure/add-sans-to-cluster.md].
 * A fresh UCP gets them at install, and a certificate of one's own is made elsewhere. One manager after another.
 */
export function sanSteps(
  ucp: UcpSpec,
  facts: Facts,
  through: HostName,
  after: readonly StepId[],
): readonly Step[] {
  if (ucp.certificates) return []
  const short = ucp.managers.filter(host => {
    const missing = member(facts.get(factKey(askWebCertificate(ucp, host))), 'missing')
    return Array.isArray(missing) && missing.length > 0
  })
  // The label is one list: what a person put there stays there.
  const steps: Step[] = []
  for (const host of short) {
    const last = steps.at(-1)
    const seen = facts.get(factKey({ fact: 'docker.nodelabels', host, args: { name: 'self' } }))
    const before: Json | undefined = member(member(seen, 'labels'), 'com.docker.ucp.SANs')
    const names = [...new Set([...(typeof before === 'string' ? before.split(',') : []), ...ucp.sans])]
    steps.push({
      ...plain,
      id: `ucp.sans@${host}`,
      kind: 'ucp.sans',
      title: `Have ${host}'s certificate issued anew with all names of the playbook`,
      section: SECTION,
      host,
      needs: last ? [last.id] : after,
      requires: [isHealthy(ucp, host)],
      goal: [{ ...askWebCertificate(ucp, host), is: { missing: [] } }, isHealthy(ucp, host)],
      run: [
        {
          exec: {
            argv: ['docker', 'node', 'update', '--label-add', `com.docker.ucp.SANs=${names.join(',')}`, host],
          },
          timeoutSeconds: 60,
          ...(host === through ? {} : { on: through }),
        },
      ],
      withinSeconds: 600,
      takes: { p50Seconds: 60, p90Seconds: 300 },
    })
  }
  return steps
}
