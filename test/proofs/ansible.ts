import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { products } from '../../src/catalog/index.ts'
import { exits, Quit } from '../../src/cli/exit.ts'
import { runCommand } from '../../src/cli/commands.ts'
import type { Io } from '../../src/cli/io.ts'
import { loadGood } from '../../src/cli/load.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { pretendedHosts, surveyTwin } from '../../src/cli/rehearsal.ts'
import { render, reportOfSaved } from '../../src/cli/review.ts'
import { plan as planVerb } from '../../src/cli/verbs/plan.ts'
import { readonly } from '../../src/hosts/readonly.ts'
import { showOp } from '../../src/plan/show.ts'
import type { SavedPlan } from '../../src/plan/saved.ts'
import { virtualClock } from '../../src/twin/clock.ts'
import { connectTwin } from '../../src/twin/connect.ts'
import { normal } from '../../src/twin/rehearse.ts'
import { noPaint } from '../../src/views/layout.ts'
import { fitted } from '../../src/views/markdown.ts'
import { movingSteps } from '../../src/views/overview.ts'
import { type Change, changes, planOf, rehearsed, set } from '../changes/changes.ts'

/**
 * Thirteen ways in which another tool's dry-run is wrong, each as the same situation here, on pretended hosts: what the plan said and
 * whether that came true. Prints a table; ends with 1 when a row is not as it should be.
 *
 *     npm run ansible-failures
 */
interface Row {
  readonly number: number
  readonly there: string
  readonly here: string
  readonly said: string
  readonly ok: boolean
}

/** Words of every value that pretended hosts are given for a secret. */
const CANARY = 'secret of env'
const minimal = join(packageRoot(), 'playbooks/minimal.yml')
const silent = { cwd: process.cwd(), env: {}, err: () => undefined, coloured: {} } as unknown as Io

const named = (name: string): Change => {
  const found = changes.find(change => change.name === name)
  if (found === undefined) throw new Error(`no change is called ${name}`)
  return found
}
const withSteps = (name: string, steps: readonly object[]): Change => ({ name, after: set('steps', steps) })
const step = (saved: SavedPlan, start: string) =>
  movingSteps(reportOfSaved(saved)).find(one => one.id.startsWith(start))
const commands = (saved: SavedPlan, start: string): string =>
  (step(saved, start)?.run ?? []).map(showOp).join('\n')
/** Whether the change runs as planned, on pretended hosts and after one failure. */
const comesTrue = async (change: Change): Promise<boolean> => {
  const { stuck, diverged, wrong } = await rehearsed(change, 1)
  return stuck.length + diverged.length + wrong.length === 0
}
/** How the plan verb ends. */
async function exitOf(after?: string): Promise<number> {
  const io = { ...silent, out: () => undefined, outPaint: noPaint, clock: { now: () => 0 } } as unknown as Io
  return planVerb(
    {
      file: minimal,
      format: 'text',
      offline: true,
      detailedExitcode: true,
      ...(after !== undefined && { after }),
    },
    io,
  )
}

const rows: readonly (() => Promise<Row>)[] = [
  async () => {
    const saved = await planOf(named('shrink-5-to-3'))
    const [first, shown] = [step(saved, 'dtr.remove'), commands(saved, 'dtr.remove')]
    return {
      number: 1,
      there: 'a destructive command is shown as skipping, changed=0',
      here: 'a replica is taken out',
      said: `${first?.id ?? '?'}: ${first?.risk ?? '?'}, '${/dtr:\S+ remove/.exec(shown)?.[0] ?? '?'}' word for word`,
      ok:
        first?.risk === 'irreversible' &&
        /dtr:\S+ remove /.test(shown) &&
        (await comesTrue(named('shrink-5-to-3'))),
    }
  },
  async () => {
    const saved = await planOf(named('grow-3-to-5'))
    const late = /fact:\/\/[^"\s]+/.exec(commands(saved, 'ucp.join@d4'))?.[0]
    return {
      number: 2,
      there: 'what a skipped command would have registered is empty, and the diff is wrong',
      here: 'a node joins by a token that only the cluster knows',
      said: `the value is named, not empty: ${late ?? '?'}`,
      ok: late !== undefined && (await comesTrue(named('grow-3-to-5'))),
    }
  },
  async () => {
    const change = withSteps('earlier-file', [
      { name: 'Write it', hosts: ['m1'], file: { path: '/etc/site.conf', content: 'mode=on\n' } },
      {
        name: 'Use it',
        hosts: ['m1'],
        command: { shell: 'grep -q mode /etc/site.conf && touch /etc/site.used', creates: '/etc/site.used' },
      },
    ])
    const saved = await planOf(change)
    const both = [step(saved, 'step.file@m1'), step(saved, 'step.command@m1')].filter(
      one => one !== undefined,
    )
    return {
      number: 3,
      there: 'the check fails because a file of an earlier task is not there yet',
      here: 'a step uses a file that the step before writes',
      said: `${both.length} steps to run, no error`,
      ok: both.length === 2 && (await comesTrue(change)),
    }
  },
  async () => {
    const change = named('grow-3-to-5')
    const shown = commands(await planOf(change), 'docker.engine@d4')
    return {
      number: 4,
      there: 'no package matching, because an earlier task would have added the repository',
      here: 'an engine from a source that the same plan adds',
      said: shown.includes('sources.list.d') && shown.includes('docker-ee=') ? 'source, then package' : '?',
      ok: shown.indexOf('sources.list.d') < shown.indexOf('docker-ee=') && (await comesTrue(change)),
    }
  },
  async () => {
    const good = await loadGood(minimal, silent)
    const { estate } = await pretendedHosts(good, good)
    const { facts, plan } = await surveyTwin(good, estate)
    const known = plan.steps.flatMap(one => one.requires).length
    return {
      number: 5,
      there: 'asserts fail falsely, because questions are skipped too',
      here: 'a plan for a cluster that is there',
      said: `${facts.size} questions were asked and answered; ${known} conditions stand on them`,
      ok: facts.size > 10 && (await exitOf(minimal)) === exits.ok,
    }
  },
  async () => {
    const good = await loadGood(minimal, silent)
    const { estate } = await pretendedHosts(good, good)
    const before = createHash('sha256').update(normal(estate)).digest('hex')
    await surveyTwin(good, estate)
    const same = createHash('sha256').update(normal(estate)).digest('hex') === before
    const models = products.map(product => product.model)
    const host = Object.values(good.topology.hosts)[0]
    if (host === undefined) throw new Error('no host')
    const session = await readonly(connectTwin(estate, models, virtualClock(0)))(host)
    let refused = 0
    for (const act of [
      () =>
        session.exec({ argv: ['touch', '/x'], env: {} }, { job: 'x', timeoutMs: 1, onLine: () => undefined }),
      () => session.write('/x', new Uint8Array(), '0644'),
    ])
      try {
        await act()
      } catch {
        refused += 1
      }
    return {
      number: 6,
      there: 'a task with check_mode: false really changes the host',
      here: 'the whole plan, and a play that tries to write',
      said: `state hash ${same ? 'unchanged' : 'CHANGED'}; ${refused} of 2 writes thrown back by the sessions`,
      ok: same && refused === 2,
    }
  },
  async () => {
    const [pending, none] = [await exitOf(), await exitOf(minimal)]
    return {
      number: 7,
      there: 'exit 0 whether or not something would change',
      here: 'plan --detailed-exitcode, with changes and without',
      said: `exit ${pending} and exit ${none}`,
      ok: pending === 2 && none === 0,
    }
  },
  async () => {
    const content = `user=backup\npassword=\${{ secret("env:UCP_ADMIN_PASSWORD") }}\n`
    const change = withSteps('a-secret', [
      { name: 'Hand it over', hosts: ['m1'], file: { path: '/etc/backup.conf', content, mode: '0644' } },
    ])
    const saved = await planOf(change)
    const all = await Promise.all(
      (['text', 'md', 'json', 'html', 'bash'] as const).map(form => render(saved, form, noPaint)),
    )
    const shown = (await render(saved, 'md', noPaint)).match(/^\+(user|password)=.*$/gm) ?? []
    const { wrong } = await rehearsed(change, 1)
    return {
      number: 8,
      there: 'diffs print secrets, or no_log hides the whole diff',
      here: 'a file with a name and a password in it',
      said: shown.join(' and '),
      ok:
        shown.length === 2 &&
        shown[1]?.includes('secret://env:UCP_ADMIN_PASSWORD') === true &&
        !all.some(form => form.includes(CANARY)) &&
        !wrong.some(one => one.includes('secret is in')),
    }
  },
  async () => {
    const saved = await planOf({ name: 'again', after: () => undefined })
    const moving = movingSteps(reportOfSaved(saved)).length
    return {
      number: 9,
      there: 'modules that always say changed',
      here: 'the same playbook again',
      said: `${moving} of ${saved.plan.steps.length} steps would run`,
      ok: moving === 0 && saved.plan.steps.length > 20,
    }
  },
  async () => {
    const ends: string[] = []
    for (const argv of [
      ['plan', minimal, '--ofline'],
      ['resume', 'no-such-run', '--runs-dir', join(packageRoot(), 'no-such-folder')],
    ])
      ends.push(
        await runCommand(argv, '0').then(String, (error: unknown) =>
          error instanceof Quit ? `exit ${exits[error.exit]}` : '?',
        ),
      )
    return {
      number: 10,
      there: 'a typing error in a tag or a start runs nothing and exits 0',
      here: 'a mistyped flag, a run that is not there',
      said: ends.join(', '),
      ok: ends.every(end => end === 'exit 64'),
    }
  },
  async () => {
    const change = named('second-balancer')
    const shown = commands(await planOf(change), 'loadBalancer.configure@lb1')
    return {
      number: 11,
      there: 'the restart, the risky part, is missing',
      here: "a balancer's configuration changes",
      said: /systemctl (?:re\S+) \S+/.exec(shown)?.[0] ?? '?',
      ok: /(reload|restart)/.test(shown) && (await comesTrue(change)),
    }
  },
  async () => {
    const saved = await planOf(named('upgrade-dtr'))
    const long = step(saved, 'dtr.upgrade')?.run.find(op => 'exec' in op && op.timeoutSeconds > 600)
    const seconds = long !== undefined && 'exec' in long ? long.timeoutSeconds : 0
    return {
      number: 12,
      there: 'commands that take long are refused in check mode',
      here: 'an upgrade of the registry',
      said: `planned with its command, up to ${seconds / 60} min`,
      ok: seconds > 600 && (await comesTrue(named('upgrade-dtr'))),
    }
  },
  async () => {
    const saved = await planOf(named('own-steps'))
    const report = reportOfSaved(saved)
    const [pattern] = movingSteps(report)
    const [host] = Object.values(saved.plan.hosts)
    if (pattern === undefined || host === undefined) throw new Error('nothing to repeat')
    const names = Array.from({ length: 500 }, (_, i) => `n${i}`)
    const steps = names.map(name => ({ ...pattern, id: `${pattern.kind}@${name}`, host: name }))
    const plan = {
      ...saved.plan,
      hosts: Object.fromEntries(names.map(name => [name, { ...host, name }])),
      steps,
    }
    const outlooks = steps.map(one => ({ step: one.id, will: 'run' as const, lowest: {}, margins: {} }))
    const text = fitted({ ...report, plan, outlooks }, { playbook: 'site.yml' }, 60_000)
    const firstLine = text.split('\n')[0] ?? ''
    return {
      number: 13,
      there: 'long output: one host at a time is advised',
      here: 'one step on each of 500 hosts, as a comment',
      said: `${text.length} characters; first line: ${firstLine.slice(4)}`,
      ok: text.length <= 60_000 && firstLine.includes('500'),
    }
  },
]

let failed = 0
for (const make of rows) {
  const { number, there, here, said, ok } = await make()
  if (!ok) failed += 1
  console.log(
    `A${String(number).padEnd(3)}there  ${there}\n    here   ${here}\n    said   ${said}\n    ${ok ? 'true' : 'NOT SO'}\n`,
  )
}
console.log(`${rows.length - failed} of ${rows.length} said what came true`)
process.exitCode = failed === 0 ? 0 : 1
