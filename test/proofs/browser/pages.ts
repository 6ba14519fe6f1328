import { pretendedHosts, surveyTwin } from '../../../src/cli/rehearsal.ts'
import type { Io } from '../../../src/cli/io.ts'
import { loadGood } from '../../../src/cli/load.ts'
import { reportOfSaved, toSave } from '../../../src/cli/review.ts'
import { offline } from '../../../src/cli/survey.ts'
import { products } from '../../../src/catalog/index.ts'
import { stopReplica, twinDtr } from '../../../src/catalog/dtr/state.ts'
import { haproxyPaths } from '../../../src/catalog/loadBalancer/haproxyConfig.ts'
import type { SavedPlan } from '../../../src/plan/saved.ts'
import type { Estate } from '../../../src/twin/estate.ts'
import { planHtml } from '../../../src/views/html.ts'
import { changes, planOf } from '../../changes/changes.ts'

/** One page to be looked at, and texts that have to be seen on it whatever the colours and the paper. */
export interface Page {
  readonly name: string
  readonly html: string
  readonly expected: readonly string[]
  /** What may not be seen, nor stand in the page at all. */
  readonly hidden: readonly string[]
}

const io = { cwd: process.cwd(), env: {}, err: () => undefined } as unknown as Io

/** Plans as people get them: of bare hosts, over several sites, and of a cluster that is not well and was edited by hand. */
export async function pages(): Promise<readonly Page[]> {
  const bare = async (name: string): Promise<SavedPlan> => {
    const good = await loadGood(`playbooks/${name}.yml`, io)
    return toSave(good, offline(good.topology, good.digest, products), 'offline')
  }
  const change = async (name: string): Promise<SavedPlan> => {
    const found = changes.find(one => one.name === name)
    if (!found) throw new Error(`no change is called ${name}`)
    return planOf(found)
  }
  return [
    page('bare', await bare('dtr-ha')),
    page('sites', await bare('multi-site')),
    page('leaves', await change('shrink-5-to-3'), ['irreversible', 'Risks']),
    page(
      'ill',
      await found(estate => {
        stopReplica(estate, replicaOn(estate, 'd2'))
      }),
      ['only if still needed after'],
    ),
    page('edited', await edited()),
  ]
}

function replicaOn(estate: Estate, host: string): string {
  return Object.entries(twinDtr(estate)?.members ?? {}).find(([, one]) => one.host === host)?.[0] ?? ''
}

/** The plan of a cluster that something happened to. */
async function found(
  happens: (estate: Estate) => void,
  present: SavedPlan['present'] = {},
): Promise<SavedPlan> {
  const good = await loadGood('playbooks/dtr-ha.yml', io)
  const { estate } = await pretendedHosts(good, good)
  happens(estate)
  return toSave(good, await surveyTwin(good, estate), 'live', { present, at: '2026-01-01T00:00:00.000Z' })
}

/** Somebody wrote into the balancer's configuration: a diff, with what looks like a secret hidden. */
async function edited(): Promise<SavedPlan> {
  let now = ''
  const saved = await found(estate => {
    const config = estate.hosts['lb1']?.files[haproxyPaths.config]
    if (config === undefined) throw new Error('the example has lost its balancer')
    now = config.content = `${config.content}# by hand, password = hunter2\n`
  })
  return { ...saved, present: { [`lb1:${haproxyPaths.candidate}`]: now } }
}

function page(name: string, saved: SavedPlan, more: readonly string[] = []): Page {
  const hosts = Object.keys(saved.plan.hosts)
  return {
    name,
    html: planHtml(reportOfSaved(saved), saved.playbook),
    expected: [saved.digest, 'Hosts', 'Quorum timeline', 'In order', ...hosts, ...more],
    hidden: ['hunter2'],
  }
}
