import { type Facts, factKey } from '../../../plan/fact.ts'
import type { Change, Check, HostName, Json, Op, Step, StepId } from '../../../plan/step.ts'
import type { CertificateSpec, Topology, UcpSpec } from '../../../playbook/topology.ts'
import { putBack, takeOut } from '../../loadBalancer/bracket.ts'
import { plain } from '../../os/steps.ts'
import { isObject, member } from '../../os/text.ts'
import { isHealthy } from '../cluster.ts'
import { certificatePut } from '../commands.ts'
import { askOwnCertificate, backCommand, isInForce, keepCommand, restartCommand } from '../ownCertificate.ts'

/** UCP runs on a manager of the playbook: its certificate is replaced then, not laid ready for an install. */
export function stands(ucp: UcpSpec, facts: Facts): boolean {
  return ucp.managers.some(host => runsOn(facts, host))
}

function runsOn(facts: Facts, host: HostName): boolean {
  return member(facts.get(factKey({ fact: 'ucp.node', host })), 'version') !== undefined
}

/**
 * The playbook's certificate in force on every manager of a UCP that runs, one manager after another, each out of the balancer meanwhile and
 * only while all are well. Managers that join get it from UCP itself [D: use-your-own-tls-certificates.md]; where one did not, the next plan says so.
 */
export function recertifySteps(
  topology: Topology,
  ucp: UcpSpec,
  facts: Facts,
  after: readonly StepId[],
): readonly Step[] {
  const { certificates } = ucp
  if (!certificates || !stands(ucp, facts)) return []
  const steps: Step[] = []
  for (const host of ucp.managers.filter(one => runsOn(facts, one))) {
    const last = steps.at(-1)
    steps.push(recertify(topology, ucp, certificates, facts, host, last ? [last.id] : after))
  }
  return steps
}

function recertify(
  topology: Topology,
  ucp: UcpSpec,
  certificates: CertificateSpec,
  facts: Facts,
  host: HostName,
  needs: readonly StepId[],
): Step {
  const { ca, cert, key } = certificates
  const tag = cert.sha256.slice(0, 12)
  const out = takeOut(topology, facts, host, ['ucp'])
  const back = putBack(topology, facts, host, ['ucp'])
  const put = (
    name: 'ca.pem' | 'cert.pem' | 'key.pem',
    content: Parameters<typeof certificatePut>[1],
  ): Op => ({
    exec: certificatePut(name, content),
    timeoutSeconds: 60,
  })
  const goal = [isInForce(ucp, certificates, host), isHealthy(ucp, host)]
  const restart: readonly Op[] = [
    ...out,
    { exec: restartCommand, timeoutSeconds: 120 },
    { await: [isHealthy(ucp, host)], withinSeconds: 600 },
    ...back,
  ]
  const undo = undoOf(ucp, facts, host, tag, restart)
  return {
    ...plain,
    id: `ucp.recertify@${host}`,
    kind: 'ucp.recertify',
    title: `Have UCP on ${host} serve the playbook's certificate`,
    section: 'UCP settings',
    host,
    needs,
    requires: ucp.managers.map(one => isHealthy(ucp, one)),
    goal,
    run: [
      { exec: keepCommand(tag), timeoutSeconds: 60 },
      put('ca.pem', { file: ca.file, sha256: ca.sha256 }),
      put('cert.pem', { file: cert.file, sha256: cert.sha256 }),
      put('key.pem', key),
      ...restart,
    ],
    withinSeconds: 300,
    risk: 'interrupts',
    takes: { p50Seconds: 30, p90Seconds: 300 },
    ...(undo === undefined ? {} : { undo }),
  }
}

/** Back to the certificate that facts saw in force; none where it was not seen. */
function undoOf(
  ucp: UcpSpec,
  facts: Facts,
  host: HostName,
  tag: string,
  restart: readonly Op[],
): Change | undefined {
  const seen: Json | undefined = facts.get(factKey(askOwnCertificate(ucp, host)))
  if (!isObject(seen) || typeof seen['cert'] !== 'string' || seen['served'] !== true) return undefined
  const before: Check = { ...askOwnCertificate(ucp, host), is: seen }
  return {
    goal: [before, isHealthy(ucp, host)],
    run: [{ exec: backCommand(tag), timeoutSeconds: 60 }, ...restart],
    withinSeconds: 300,
  }
}
