import type { Check, HostName, Op, Step, StepId, Value } from '../../../plan/step.ts'
import { atLeast } from '../../../plan/version.ts'
import { FATAL_LINE } from '../../docker/api.ts'
import { duringOf } from '../../docker/upgrade.ts'
import { wellAgain } from '../../docker/voters.ts'
import { atVersion } from '../../dtr/hops.ts'
import { dockerRun } from '../../dtr/commands.ts'
import { managerOf, replicaRuns } from '../../dtr/questions.ts'
import { imageScript } from '../../dtr/scripts.ts'
import { putBack, takeOut } from '../../loadBalancer/bracket.ts'
import { plain } from '../../os/steps.ts'
import { isHealthy, nodeIs } from '../../ucp/cluster.ts'
import { BOOTSTRAPPER, loginBody, onSocket, swarmId } from '../../ucp/commands.ts'
import { atVersion as ucpAt } from '../../ucp/hops.ts'
import { isKept } from '../facts.ts'
import type { Making } from '../plan.ts'
import { IMAGES, KEPT, PAPERS, PRINTED, SWARM, UCP } from '../scripts.ts'
import { type PartName, fileOf } from '../set.ts'
import { LONG_SECONDS, verify } from './verify.ts'

/** What the caller knows beside the topology: the playbook itself, which belongs in the set. */
export interface CreateArgs {
  readonly playbook: { readonly file: string; readonly sha256: string }
}

/**
 * A set in the order of the manual: papers, swarm, UCP, metadata of the registry, images [D: ee/admin/backup/index.md]. One after another, so that
 * what comes later is no older. At the end all of it is read back, and only then it is called complete.
 */
export function createSteps(making: Making, args: CreateArgs, after: readonly StepId[]): readonly Step[] {
  const { registry, spec } = making
  const steps: Step[] = []
  const add = (make: (needs: readonly StepId[]) => Step): void => {
    const last = steps.at(-1)
    steps.push(make(last ? [last.id] : after))
  }
  add(needs => papers(making, args, needs))
  add(needs => swarm(making, needs))
  add(needs => ucp(making, needs))
  if (registry) add(needs => metadata(making, registry, needs))
  if (registry && spec.images?.kind === 'copy') add(needs => images(making, registry, needs))
  if (registry && spec.images?.kind === 'snapshot') {
    const { host, command } = spec.images
    add(needs => snapshot(making, host, command, needs))
  }
  add(needs => verify(making, needs))
  return steps
}

/** From the host to the store; the mark comes last, so that a step that was cut off carries it again. */
function toStore({ spec, set, folder }: Making, part: PartName): readonly Op[] {
  const file = fileOf(part)
  return [
    {
      keep: `${folder}/${file}`,
      as: `${set.set}/${file}`,
      store: spec.store,
      timeoutSeconds: LONG_SECONDS,
    },
    { exec: { argv: ['sh', '-c', KEPT, 'runbook-backup-kept', folder, file] }, timeoutSeconds: 60 },
  ]
}

function step(
  making: Making,
  part: PartName,
  host: HostName,
  needs: readonly StepId[],
  own: Pick<Step, 'title' | 'requires' | 'run' | 'takes'> & Partial<Step> & { readonly kind: string },
): Step {
  return {
    ...plain,
    section: 'Backup',
    host,
    needs,
    goal: [isKept(host, making.folder, fileOf(part))],
    withinSeconds: 10,
    ...own,
    id: `backup.${part}@${host}`,
  }
}

function papers(making: Making, { playbook }: CreateArgs, needs: readonly StepId[]): Step {
  const { manager, ucp, folder, set, spec } = making
  const script: Value[] = ['sh', '-c', PAPERS, 'runbook-backup-papers', folder, String(ucp.controllerPort)]
  return step(making, 'papers', manager, needs, {
    kind: 'backup.papers',
    title: 'Keep the playbook, the authorities, the licence and the unlock key',
    requires: [isHealthy(ucp, manager)],
    run: [
      { write: `${folder}/set.json`, content: `${JSON.stringify(set, null, 2)}\n`, mode: '0600' },
      {
        keep: `${folder}/set.json`,
        as: `${set.set}/set.json`,
        store: spec.store,
        timeoutSeconds: 600,
      },
      { write: `${folder}/papers/playbook.yml`, content: playbook, mode: '0600' },
      { exec: { argv: script }, timeoutSeconds: 120 },
      ...toStore(making, 'papers'),
    ],
    takes: { p50Seconds: 5, p90Seconds: 30 },
  })
}

function swarm(making: Making, needs: readonly StepId[]): Step {
  const { topology, facts, swarmHost: host, manager, folder, ucp } = making
  const others = ucp.managers.length > 1
  const own: Check = { fact: 'docker.swarm', host, is: { state: 'active', manager: true, quorum: true } }
  const back = [own, ...wellAgain(topology, facts, host)]
  return step(making, 'swarm', host, needs, {
    kind: 'backup.swarm',
    title: `Archive the swarm's state on ${host}, its engine stopped meanwhile`,
    requires: [
      own,
      // Nobody that leads; where there is one manager only, there is no choice.
      ...(others
        ? [nodeIs(manager, host, { role: 'manager', reachability: 'reachable', leader: false })]
        : []),
      ...ucp.managers.filter(one => one !== host).map(one => isHealthy(ucp, one)),
    ],
    during: duringOf(topology, host, true),
    run: [
      ...takeOut(topology, facts, host, ['ucp']),
      { exec: { argv: ['sh', '-c', SWARM, 'runbook-backup-swarm', folder] }, timeoutSeconds: 1800 },
      { await: back, withinSeconds: 900 },
      ...putBack(topology, facts, host, ['ucp']),
      ...toStore(making, 'swarm'),
    ],
    goal: [isKept(host, folder, fileOf('swarm')), ...back],
    withinSeconds: 300,
    risk: 'interrupts',
    takes: { p50Seconds: 60, p90Seconds: 300 },
  })
}

/** From 3.2 over its API, which takes the passphrase in the body of a request; before by the bootstrapper, which stops this manager's UCP. */
function ucp(making: Making, needs: readonly StepId[]): Step {
  const { topology, facts, ucp: wanted, manager: host, folder, spec, set } = making
  const version = set.versions.ucp === '' ? wanted.version : set.versions.ucp
  const common = {
    kind: 'backup.ucp',
    title: `Let UCP ${version} make its own backup on ${host}`,
    requires: [
      isHealthy(wanted, host),
      { fact: 'docker.container', host, args: { name: BOOTSTRAPPER }, is: null },
    ],
    takes: { p50Seconds: 120, p90Seconds: 900 },
  } as const
  if (atLeast(version, '3.2.0')) {
    const request: Value = {
      join: [
        '{',
        ...(spec.passphrase === undefined
          ? ['"noPassphrase":true']
          : ['"noPassphrase":false,"passphrase":', { json: spec.passphrase }]),
        `,"fileName":"ucp.tar","includeLogs":false,"hostPath":${JSON.stringify(`${folder}/ucp`)}}`,
      ],
    }
    const login = loginBody({ username: wanted.adminUsername, password: wanted.adminPassword })
    return step(making, 'ucp', host, needs, {
      ...common,
      run: [
        {
          exec: {
            argv: ['sh', '-c', UCP, 'runbook-backup-ucp', String(wanted.controllerPort), folder],
            stdin: { join: [login, '\n', request, '\n'] },
          },
          timeoutSeconds: 7200,
        },
        ...toStore(making, 'ucp'),
      ],
    })
  }
  const { image } = ucpAt(wanted, version)
  const well = [isHealthy(wanted, host)]
  return step(making, 'ucp', host, needs, {
    ...common,
    during: [
      {
        fact: 'docker.containers',
        host,
        args: { prefix: 'ucp-' },
        is: { 'ucp-kv': { up: false }, 'ucp-auth-store': { up: false } },
      },
    ],
    run: [
      ...takeOut(topology, facts, host, ['ucp']),
      {
        exec: {
          argv: [
            ...['sh', '-c', PRINTED, 'runbook-backup-printed', folder, fileOf('ucp')],
            ...onSocket(['--log-driver', 'none']),
            ...[image, 'backup', '--id', swarmId(host)],
          ],
        },
        timeoutSeconds: 7200,
        failsOn: FATAL_LINE,
      },
      { await: well, withinSeconds: 900 },
      ...putBack(topology, facts, host, ['ucp']),
      ...toStore(making, 'ucp'),
    ],
    goal: [isKept(host, folder, fileOf('ucp')), ...well],
    withinSeconds: 300,
    risk: 'interrupts',
  })
}

/** Always from the same replica [D: ee/dtr/admin/disaster-recovery/create-a-backup.md]; no terminal, and no log driver that would keep the stream. */
function metadata(making: Making, registry: NonNullable<Making['registry']>, needs: readonly StepId[]): Step {
  const { facts, folder } = making
  const { replica, version } = registry
  const dtr = version === '' ? registry.dtr : atVersion(registry.dtr, version)
  const run = { ...registry, dtr, manager: managerOf(registry, facts) }
  const command = dockerRun(run, 'backup', ['--existing-replica-id', replica.id], undefined, [
    '--log-driver',
    'none',
  ])
  const { host } = replica
  return step(making, 'dtr', host, needs, {
    kind: 'backup.dtr',
    title: `Archive the registry's metadata through replica ${replica.id} on ${host}`,
    requires: [isHealthy(registry.ucp, run.manager), ...replicaRuns(registry, replica, dtr.version)],
    run: [
      {
        exec: { argv: ['sh', '-c', imageScript, 'runbook-dtr-image', dtr.image] },
        timeoutSeconds: 1200,
      },
      {
        exec: {
          ...command,
          argv: [...['sh', '-c', PRINTED, 'runbook-backup-printed', folder, fileOf('dtr')], ...command.argv],
        },
        timeoutSeconds: LONG_SECONDS,
        failsOn: FATAL_LINE,
      },
      ...toStore(making, 'dtr'),
    ],
    lane: 'dtr-bootstrapper',
    takes: { p50Seconds: 120, p90Seconds: 1800 },
  })
}

function images(making: Making, registry: NonNullable<Making['registry']>, needs: readonly StepId[]): Step {
  const { topology, folder } = making
  const { replica } = registry
  const place = topology.storage.kind === 'path' ? topology.storage.path : ''
  return step(making, 'images', replica.host, needs, {
    kind: 'backup.images',
    title: `Archive the images as ${replica.host} has them`,
    requires: [],
    run: [
      {
        exec: { argv: ['sh', '-c', IMAGES, 'runbook-backup-images', folder, replica.id, place] },
        timeoutSeconds: LONG_SECONDS,
      },
      ...toStore(making, 'images'),
    ],
    takes: { p50Seconds: 600, p90Seconds: 7200 },
  })
}

/** Somebody else's command: whether it did its work only its own exit says, so a mark of ours is its goal. */
function snapshot(
  making: Making,
  host: HostName,
  command: readonly string[],
  needs: readonly StepId[],
): Step {
  const { folder, set } = making
  return {
    ...step(making, 'images', host, needs, {
      kind: 'backup.snapshot',
      title: 'Take a snapshot of the images',
      requires: [],
      run: [
        {
          exec: { argv: command.map(word => word.replaceAll('{set}', set.set)) },
          timeoutSeconds: LONG_SECONDS,
        },
        {
          exec: {
            argv: ['sh', '-c', `mkdir -p "$1" && ${KEPT}`, 'runbook-backup-kept', folder, fileOf('images')],
          },
          timeoutSeconds: 60,
        },
      ],
      takes: { p50Seconds: 60, p90Seconds: 1800 },
    }),
    inDoubt: 'ask',
  }
}
