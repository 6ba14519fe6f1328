import { type Facts, factKey } from '../../plan/fact.ts'
import { splitKey } from '../../plan/moved.ts'
import type { Check, FactRef, HostName, Step, StepId, Value } from '../../plan/step.ts'
import type { ReplicaSpec, Topology } from '../../playbook/topology.ts'
import { login } from '../dtr/facts.ts'
import { type Wanted, askPing, donorOf, wantedOf } from '../dtr/questions.ts'
import { plain } from '../os/steps.ts'
import { holds } from '../../plan/check.ts'
import type { Context, Play } from '../product.ts'
import { isLicensed } from '../ucp/cluster.ts'
import { image } from './facts.ts'
import { pullScript, pushScript, repositoryScript } from './scripts.ts'

const section = 'Acceptance'
const NAME = 'runbook-check'
const TAG = 'proof'

/**
 * The main job, tried from outside: log in and push a small image under the name clients use, so through the balancer; then
 * pull manifest and blobs by digest through every single replica. Where the image is there and whole, nothing is done.
 */
export const converge: Play = context => {
  const wanted = wantedOf(context.topology)
  if (!wanted || !canPush(context)) return []
  const donor = donorOf(wanted, context.facts)
  const client = clientOf(context.topology, donor)
  const trusted = mayBeBrought(trust(wanted, donor, client, context.after), wanted, context.facts)
  // Where a replica gives the image, or is down, the storage may have it: one that comes is only looked at, after the others.
  // Where none of them listens and one is only down, whether it has to be pushed shows when they are back.
  const { replicas } = wanted.dtr
  // So is one that does not listen where it shall: it is down, or moves to another port.
  const isComing = (one: ReplicaSpec): boolean =>
    context.facts.get(factKey(askImage(wanted, one))) === null ||
    (isDown(wanted, one, context.facts) && context.facts.get(factKey(askPing(one))) === null)
  const coming = replicas.filter(isComing)
  const newcomers = coming.length < replicas.length ? coming : []
  const isThere = replicas.some(
    one =>
      !newcomers.includes(one) &&
      (isDown(wanted, one, context.facts) || holds(isWhole(wanted, one), context.facts)),
  )
  const looked = isThere ? newcomers : []
  const pushed = proof(wanted, donor, client, [trusted.id], looked)
  const isMaybeThere =
    replicas.every(one => context.facts.get(factKey(askPing(one))) === null) &&
    replicas.some(one => isDown(wanted, one, context.facts))
  const mayFollow = { checks: pushed.goal, hosts: replicas.map(one => one.host) }
  return [
    trusted,
    isMaybeThere ? { ...pushed, mayFollow } : pushed,
    ...looked.map(one => look(wanted, one, [pushed.id])),
  ]
}

/** Nothing could be told of it, on a host of which other things could be. */
function isDown(wanted: Wanted, replica: ReplicaSpec, facts: Facts): boolean {
  const isAsked = [...facts.keys()].some(key => splitKey(key).host === replica.host)
  return isAsked && !facts.has(factKey(askImage(wanted, replica)))
}

function isWhole(wanted: Wanted, replica: ReplicaSpec): Check {
  return { ...askImage(wanted, replica), is: { whole: true } }
}

/** The image that is there already comes through a replica that is new, or was down: nothing is pushed for that. */
function look(wanted: Wanted, replica: ReplicaSpec, needs: readonly StepId[]): Step {
  const goal = [isWhole(wanted, replica)]
  return {
    ...plain,
    id: `acceptance.pull@${replica.host}`,
    kind: 'acceptance.pull',
    title: `Pull the small image by digest through the replica on ${replica.host}`,
    section,
    host: replica.host,
    needs,
    run: [{ await: goal, withinSeconds: 90 }],
    goal,
    withinSeconds: 60,
    takes: { p50Seconds: 2, p90Seconds: 90 },
  }
}

/**
 * Without a licence a registry answers every push with 402 [O]. The playbook brings one, or the cluster is seen to have one;
 * otherwise the acceptance would only fail at the end of a good run.
 */
export function canPush({ topology, facts }: Pick<Context, 'topology' | 'facts'>): boolean {
  const { ucp } = topology
  return ucp?.license !== undefined || (ucp?.managers ?? []).some(host => holds(isLicensed(host), facts))
}

/** Where the login and push happen: an application worker, as its users would, else the first replica's host. */
function clientOf({ ucp, dtr }: Topology, donor: ReplicaSpec): HostName {
  const holders = dtr?.replicas.map(one => one.host) ?? []
  return ucp?.workers.find(host => !holders.includes(host)) ?? donor.host
}

/** The name images are called by: host of the external URL, with its port where it is not 443. */
export function registryName(externalUrl: string): string {
  return new URL(externalUrl).host
}

/** The proof image as seen through one replica. */
export function askImage(wanted: Wanted, { host, httpsPort }: ReplicaSpec): FactRef {
  const { adminUsername, adminPassword } = wanted.ucp
  const args = {
    registry: registryName(wanted.dtr.externalUrl),
    port: httpsPort,
    repository: `${adminUsername}/${NAME}`,
    ref: TAG,
    username: adminUsername,
    password: { ...adminPassword },
  }
  return { fact: image.name, host, args }
}

/**
 * The client's engine trusts the registry. UCP distributes a registry's authority to /etc/docker/certs.d when it registers (§2.7);
 * where that has not happened, the file is written from what the replica itself says at /ca, or from the playbook.
 */
function trust(wanted: Wanted, donor: ReplicaSpec, client: HostName, needs: readonly StepId[]): Step {
  const folder = `/etc/docker/certs.d/${registryName(wanted.dtr.externalUrl)}`
  const { certificates } = wanted.dtr
  return {
    ...plain,
    id: `acceptance.trust@${client}`,
    kind: 'acceptance.trust',
    title: `Have ${client} trust the registry's certificate`,
    section,
    host: client,
    needs,
    run: [
      { exec: { argv: ['install', '-d', '-m', '0755', folder] }, timeoutSeconds: 30 },
      {
        write: `${folder}/ca.crt`,
        content: certificates?.ca ?? {
          fact: { fact: 'dtr.ca', host: donor.host, args: { port: donor.httpsPort } },
          pick: 'pem',
        },
        mode: '0644',
      },
    ],
    goal: [{ fact: 'os.file', host: client, args: { path: `${folder}/ca.crt` }, is: { kind: 'file' } }],
    withinSeconds: 10,
    takes: { p50Seconds: 1, p90Seconds: 5 },
  }
}

/** Seen to be missing, the file may still come with a replica: UCP brings it to its nodes when a registry registers, if it can. */
function mayBeBrought(step: Step, { dtr }: Wanted, facts: Facts): Step {
  if (!step.goal.every(check => facts.get(factKey(check)) === null)) return step
  return { ...step, mayFollow: { checks: step.goal, hosts: dtr.replicas.map(one => one.host) } }
}

/**
 * One step: on shared storage the push is what makes the image come whole through every replica, and the pulls by digest show
 * that it does.
 */
function proof(
  wanted: Wanted,
  donor: ReplicaSpec,
  client: HostName,
  needs: readonly StepId[],
  looked: readonly ReplicaSpec[],
): Step {
  const { adminUsername, adminPassword } = wanted.ucp
  const name = registryName(wanted.dtr.externalUrl)
  const image = `${adminUsername}/${NAME}`
  const admin = login(adminUsername, adminPassword)
  const script = (text: string, ...words: readonly Value[]) => ['sh', '-c', text, ...words]
  const made = script(
    repositoryScript,
    'runbook-acceptance-repository',
    String(donor.httpsPort),
    adminUsername,
    NAME,
  )
  const pushed = script(pushScript, 'runbook-acceptance-push', name, image, TAG, adminUsername)
  const digest = { fact: askImage(wanted, donor), pick: 'digest' }
  const replicas = wanted.dtr.replicas.filter(one => !looked.includes(one))
  const goal = replicas.map(one => isWhole(wanted, one))
  return {
    ...plain,
    id: `acceptance.push@${client}`,
    kind: 'acceptance.push',
    title: `Push a small image to ${name}, pull it by digest through every replica`,
    section,
    host: client,
    needs,
    run: [
      { exec: { argv: made, stdin: admin }, on: donor.host, timeoutSeconds: 120 },
      { exec: { argv: pushed, stdin: adminPassword }, timeoutSeconds: 300 },
      // A storage with a cache in front shows a new blob to the others a little later.
      { await: goal, withinSeconds: 90 },
      ...replicas.map(one => ({
        exec: {
          argv: script(pullScript, 'runbook-acceptance-pull', name, String(one.httpsPort), image, digest),
          stdin: admin,
        },
        on: one.host,
        timeoutSeconds: 120,
        failsOn: '^(absent|broken)',
      })),
    ],
    goal,
    withinSeconds: 60,
    takes: { p50Seconds: 10, p90Seconds: 90 },
  }
}
