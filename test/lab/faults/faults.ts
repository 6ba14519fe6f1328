import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { forms } from '../../faults/forms.ts'
import { random } from '../../faults/random.ts'
import type { Lab } from '../harness.ts'
import { labDown, labUp } from '../harness.ts'
import { MachineCannot, cannotExitCode } from '../machine.ts'
import { kinds } from './kinds.ts'
import { type Played, controller, struck, undisturbed } from './play.ts'
import { installStory, placesOf, stepsStory, type Story } from './stories.ts'
import { filesWith, watchProcesses } from './watch.ts'

/**
 * Real hosts, real sshd, real faults between controller and hosts, at a random point of a run; then `runbook resume` until it is done.
 *
 *     npm run test:faults:lab                              24 runs of steps, 8 installs (20 min)
 *     npm run test:faults:lab -- --steps 48 --installs 0   so many of each
 *     npm run test:faults:lab -- --only 'link down'        only this kind
 *     npm run test:faults:lab -- --seed 7                  other points, hosts and lengths
 */
const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: String(3 * kinds.length) },
    installs: { type: 'string', default: String(kinds.length) },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    /** Runs of steps at once, each on two hosts of its own. */
    lanes: { type: 'string', default: '3' },
    verbose: { type: 'boolean', default: false },
  },
})
const chosen = kinds.filter(({ name }) => values.only === undefined || name === values.only)
const seed = Number(values.seed)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** What was looked through for secrets, over all runs. */
const sought = { commandLines: 0, rootsEnvironments: 0, files: 0, hits: [] as string[] }

/** Looks for the secret while `work` goes on, and in what is left on hosts and here afterwards. */
async function searched<T extends { readonly said: string }>(
  lab: Lab,
  story: Story,
  folder: string,
  secret: string,
  work: () => Promise<T>,
): Promise<T> {
  const wanted = forms(secret)
  const watch = watchProcesses(lab, wanted)
  try {
    return await work().then(async done => {
      watch.stop()
      const there = await Promise.all(story.hosts.map(host => placesOf(lab, host)))
      const left = await filesWith(wanted, [...there.flat(), folder])
      sought.hits.push(
        ...left,
        ...wanted.filter(form => done.said.includes(form)).map(() => `output: ${folder}`),
      )
      sought.files += there.flat().length + 1
      return done
    })
  } finally {
    watch.stop()
    sought.commandLines += watch.commandLines
    sought.rootsEnvironments += watch.inRootsEnvironments
    sought.hits.push(...watch.inArguments, ...watch.inForeignEnvironments)
  }
}

function show(what: string, number: number, played: Played): void {
  const { kind, host, at, codes, asked, seconds, wrong, said } = played
  const how = codes.length === 1 ? 'rode through' : `exits ${codes.join(' ')}`
  const person = asked > 0 ? `, asked ${String(asked)}` : ''
  say(
    `${what} ${String(number).padStart(3)}  ${kind.padEnd(18)} ${host} at ${at}: ${how}${person}, ${seconds.toFixed(0)} s${wrong.length === 0 ? '' : `  WRONG: ${wrong.join('; ')}`}`,
  )
  if (wrong.length > 0 || values.verbose) say(said.slice(-6000))
}

const newSecret = (wild: string): string => `canary-${randomBytes(9).toString('base64url')}${wild}`

async function steps(count: number, root: string): Promise<readonly Played[]> {
  if (count === 0) return []
  const lanes = Math.min(Number(values.lanes), count)
  const pairs = Array.from({ length: lanes }, (_, i) => [`s${String(i)}a`, `s${String(i)}b`] as const)
  await labDown()
  const lab = await labUp({ hosts: pairs.flat(), images: false })
  const all: Played[] = []
  let next = 0
  try {
    await Promise.all(
      pairs.map(async (pair, lane) => {
        const story = stepsStory(lab, [...pair])
        const secret = newSecret(` '$&%/+"\\${randomBytes(4).toString('hex')}`)
        const at = (name: string) => ({ lab, story, secret, folder: join(root, name), draw: random(0) })
        const calm = await undisturbed(at(`calm-${String(lane)}`))
        if (calm.wrong.length > 0)
          throw new Error(`undisturbed: ${calm.wrong.join('; ')}\n${calm.said.slice(-3000)}`)
        while (next < count) {
          const mine = next++
          const kind = chosen[mine % chosen.length]
          if (kind === undefined) throw new Error(`no kind of fault is called ${String(values.only)}`)
          const given = { ...at(`steps-${String(mine)}`), draw: random(seed + mine) }
          const played = await searched(lab, story, given.folder, secret, () =>
            struck(given, kind, calm.records),
          )
          show('steps  ', mine, played)
          all.push(played)
        }
      }),
    )
  } finally {
    await labDown()
  }
  return all
}

async function installs(count: number, root: string): Promise<readonly Played[]> {
  const all: Played[] = []
  let records = 0
  for (let mine = count > 0 ? -1 : 0; mine < count; mine++) {
    await labDown()
    const lab = await labUp({ hosts: ['m1', 'd1'] })
    try {
      const secret = newSecret('+/%x')
      const run = async (words: readonly string[], folder: string): Promise<string> => {
        const one = controller({ folder, secret }, words)
        await one.ended
        return one.said()
      }
      const story = installStory(lab, secret, run)
      const folder = join(root, `install-${String(mine)}`)
      const given = { lab, story, secret, folder, draw: random(1000 + seed + mine) }
      if (mine < 0) {
        const beganMs = performance.now()
        const calm = await searched(lab, story, folder, secret, () => undisturbed(given))
        if (calm.wrong.length > 0)
          throw new Error(`undisturbed: ${calm.wrong.join('; ')}\n${calm.said.slice(-3000)}`)
        records = calm.records
        say(
          `install undisturbed: ${String(records)} records, ${((performance.now() - beganMs) / 1000).toFixed(0)} s`,
        )
        continue
      }
      const kind = chosen[mine % chosen.length]
      if (kind === undefined) throw new Error(`no kind of fault is called ${String(values.only)}`)
      const played = await searched(lab, story, folder, secret, () => struck(given, kind, records))
      show('install', mine, played)
      all.push(played)
    } finally {
      await labDown()
    }
  }
  return all
}

function sum(all: readonly Played[]): boolean {
  const wrong = all.filter(one => one.wrong.length > 0)
  const byKind = kinds.map(({ name }) => {
    const mine = all.filter(one => one.kind === name)
    const through = mine.filter(one => one.codes.length === 1).length
    const asked = mine.reduce((total, one) => total + one.asked, 0)
    const bad = mine.filter(one => one.wrong.length > 0).length
    return `  ${name.padEnd(18)} ${String(mine.length).padStart(3)} runs, ${String(through).padStart(3)} went on by themselves, ${String(mine.length - through).padStart(3)} by resume, ${String(asked)} times a person was asked, ${String(bad)} not whole`
  })
  say(`${String(all.length)} runs on real hosts from seed ${String(seed)}, ${String(wrong.length)} not whole`)
  say(byKind.join('\n'))
  say(
    `secrets: ${String(sought.commandLines)} argument lists of processes on hosts and ${String(sought.files)} places on disks looked through, ${String(sought.hits.length)} hits (environments of root's own processes that held one, which only root can read: ${String(sought.rootsEnvironments)})`,
  )
  for (const hit of sought.hits.slice(0, 12)) say(`    ${hit}`)
  say(
    'the hosts have this machine’s clock, which cannot be moved for one of them: it is the controller’s that jumps',
  )
  return wrong.length === 0 && sought.hits.length === 0 && sought.commandLines > 0
}

const root = mkdtempSync(join(tmpdir(), 'runbook-lab-faults-'))
try {
  const all = [
    ...(await steps(Number(values.steps), root)),
    ...(await installs(Number(values.installs), root)),
  ]
  process.exitCode = sum(all) ? 0 : 1
} catch (error) {
  if (!(error instanceof MachineCannot)) throw error
  say(error.message)
  process.exitCode = cannotExitCode
} finally {
  rmSync(root, { recursive: true, force: true })
}
