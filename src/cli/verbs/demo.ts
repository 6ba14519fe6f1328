import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Connect } from '../../hosts/session.ts'
import { duration } from '../../views/layout.ts'
import type { OutputKind } from '../flags.ts'
import { exits, Quit } from '../exit.ts'
import type { Io } from '../io.ts'
import { loadGood } from '../load.ts'
import { packageRoot } from '../package.ts'
import { pretend } from '../pretend.ts'
import { apply } from './apply.ts'
import { plan } from './plan.ts'
import { resume } from './resume.ts'
import { status } from './status.ts'

interface DemoArgs {
  readonly output: OutputKind
  readonly keep?: string
}

/** So many pretended seconds go by in a real one. */
const FASTER = 40
const file = 'dtr-ha.yml'

/** The whole story on a pretend cluster: real playbook, real SSH on loopback, pretended products. Leaves nothing behind. */
export async function demo(args: DemoArgs, io: Io): Promise<number> {
  const bornMs = performance.now()
  const folder =
    args.keep === undefined ? mkdtempSync(join(tmpdir(), 'runbook-demo-')) : resolve(io.cwd, args.keep)
  const cleanUp = (): void => {
    if (args.keep === undefined) rmSync(folder, { recursive: true, force: true })
  }
  // Also when it is cut short by Ctrl-C or by a reader that went away.
  process.once('exit', cleanUp).once('SIGINT', () => {
    // While a run is on, the run takes care of it.
    if (process.listenerCount('SIGINT') === 0) process.exit(exits.interrupted)
  })
  mkdirSync(folder, { recursive: true })
  cpSync(join(packageRoot(), 'playbooks', file), join(folder, file))
  cpSync(join(packageRoot(), 'playbooks', 'files'), join(folder, 'files'), { recursive: true })
  const { topology } = await loadGood(file, { ...io, cwd: folder })
  const env = { ...io.env, UCP_ADMIN_PASSWORD: randomBytes(12).toString('base64url') }
  const gone = args.keep === undefined ? { insteadOfResume: 'runbook demo' } : {}
  const spoil = (connect: Connect): Connect => failOnce(connect, /\bdtr:\S+ join\b/)
  const { io: here, close } = await pretend(
    topology,
    { ...io, ...gone, cwd: folder, env },
    { faster: FASTER, spoil },
  )
  const say = (text: string): void => io.out(`\n${io.outPaint.bold(`== ${text}`)}\n`)
  const running = { output: args.output, parallel: 10, runsDir: '.runbook/runs' }
  const applying = { ...running, file, dryRun: false, yes: true, brief: true }
  try {
    say(
      `${Object.keys(topology.hosts).length} bare hosts, pretended, behind real SSH; time runs ${FASTER} times as fast`,
    )
    say(`runbook plan ${file}   (its steps are left out here)`)
    expectExit(
      await plan({ file, format: 'text', offline: false, detailedExitcode: false, brief: true }, here),
      exits.ok,
    )
    say(`runbook apply ${file}   (one vendor command is made to fail)`)
    expectExit(await apply(applying, here), exits.failed)
    say('runbook resume   (goes on; nothing is done twice)')
    expectExit(await resume(running, here), exits.ok)
    say(`runbook apply ${file}   (again)`)
    expectExit(await apply(applying, here), exits.ok)
    say(`runbook status ${file}`)
    expectExit(await status({ file, json: false }, here), exits.ok)
    const where =
      args.keep === undefined ? 'nothing is left behind' : `playbook and journals are in ${folder}`
    say(`That was ${duration((performance.now() - bornMs) / 1000)} of your time; ${where}`)
    return exits.ok
  } finally {
    await close()
    cleanUp()
  }
}

function expectExit(seen: number, wanted: number): void {
  if (seen === exits.interrupted || seen === exits.terminated)
    throw new Quit('interrupted', 'the demonstration was stopped')
  if (seen !== wanted)
    throw new Error(`the demonstration went another way than its story: exit ${seen}, expected ${wanted}`)
}

/** The first command that matches is not run but fails, as a bootstrapper that dies does. */
function failOnce(connect: Connect, command: RegExp): Connect {
  let done = false
  return async host => {
    const session = await connect(host)
    return {
      ...session,
      exec(line, options) {
        if (done || !command.test(line.argv.join(' '))) return session.exec(line, options)
        done = true
        const said =
          'FATA[0007] write /var/lib/docker/tmp/x: no space left on device (made up for this demonstration)'
        options.onLine('err', said)
        return Promise.resolve({ code: 1, stdout: '', stderr: `${said}\n` })
      },
    }
  }
}
