import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeKeys, writeKnownHosts } from './access.ts'
import { initOf, makeDisk, powerCut, powerOn, ready } from './host.ts'
import { imageSeed } from './images.ts'
import type { Layout } from './layout.ts'
import { layout } from './layout.ts'
import { locked } from './lock.ts'
import { prepareMachine } from './machine.ts'
import { removeGroup } from './process.ts'
import { removeTree, rootFileSystem } from './root.ts'
import { lowerSwitch, raiseSwitch } from './switch.ts'

export interface UpOptions {
  /** Host names; default the nine of `defaultHosts`. Names beginning with d mount the shared storage. */
  readonly hosts?: readonly string[]
  /** Hosts with no stand-in images: quicker, for tests that need ssh and Docker only. */
  readonly images?: boolean
  readonly say?: (text: string) => void
}

const lockPath = (of: Layout): string => join(dirname(of.runDirectory), `${of.prefix}.lock`)
const statePath = (of: Layout): string => join(of.runDirectory, 'lab.json')

/** The layout of the lab that is up, or undefined when there is none. */
export function currentLayout(): Layout | undefined {
  const path = statePath(layout())
  if (!existsSync(path)) return undefined
  const state = JSON.parse(readFileSync(path, 'utf8')) as { readonly hosts: readonly string[] }
  return layout(state.hosts)
}

/**
 * Brings a lab up and waits until sshd and dockerd of every host answer. A lab that is up with the same hosts is taken
 * as it is; hosts of it that are off are switched on.
 * @throws MachineCannot when this machine cannot carry a lab
 */
export async function raiseLab(options: UpOptions = {}): Promise<Layout> {
  const of = layout(options.hosts)
  const say = options.say ?? (() => undefined)
  return locked(lockPath(of), async () => {
    const standing = currentLayout()
    if (standing !== undefined && names(standing) !== names(of)) {
      throw new Error(
        `a lab with other hosts is up (${names(standing)}): take it down first with \`lab down\``,
      )
    }
    await prepareMachine()
    mkdirSync(of.runDirectory, { recursive: true })
    const root = await rootFileSystem(of, say)
    await raiseSwitch(of)
    await makeKeys(of)
    const seed = options.images === false ? undefined : await imageSeed(of, root, say)
    await Promise.all(of.hosts.map(host => makeDisk(of, host, root, seed)))
    writeKnownHosts(of)
    writeFileSync(statePath(of), JSON.stringify({ hosts: of.hosts.map(host => host.name) }))
    say(`switching on ${names(of)}`)
    await Promise.all(of.hosts.map(host => powerOn(of, host)))
    await Promise.all(of.hosts.map(host => ready(of, host)))
    return of
  })
}

/** Takes the lab away: processes, control groups, network, disks. The cache stays. Does no harm when nothing is up. */
export async function lowerLab(): Promise<void> {
  const of = currentLayout() ?? layout()
  await locked(lockPath(of), async () => {
    await Promise.all(of.hosts.filter(host => initOf(of, host) !== undefined).map(host => powerCut(of, host)))
    await removeGroup(of.prefix)
    await lowerSwitch(of)
    await removeTree(of.runDirectory)
  })
}

const names = (of: Layout): string => of.hosts.map(host => host.name).join(' ')
