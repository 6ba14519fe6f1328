import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command, must } from './command.ts'
import type { HostSpec, Layout } from './layout.ts'
import { gateway, machineAddress, portName, subnet, switchName } from './layout.ts'

const instancesPath = '/proc/sys/fs/inotify/max_user_instances'

/**
 * The switch: a bridge in a network namespace of its own, joined to this machine by one link. It routes nowhere. The
 * guard route comes first: without the lab's link no packet to a lab address may leave by this machine's own route.
 */
export async function raiseSwitch(of: Layout): Promise<void> {
  const name = switchName(of)
  await must(['ip', 'route', 'replace', 'unreachable', subnet(of), 'metric', '9999'])
  if (!existsSync(`/run/netns/${name}`)) await must(['ip', 'netns', 'add', name])
  const inSwitch = ['ip', '-n', name]
  if ((await command([...inSwitch, 'link', 'show', 'br0'])).code !== 0) {
    await must([...inSwitch, 'link', 'add', 'br0', 'type', 'bridge'])
    await must([...inSwitch, 'addr', 'add', `${gateway(of)}/16`, 'dev', 'br0'])
    await must([...inSwitch, 'link', 'set', 'lo', 'up'])
    await must([...inSwitch, 'link', 'set', 'br0', 'up'])
    // No way out, but an answer: hosts get "network unreachable" at once.
    await must(['ip', 'netns', 'exec', name, 'sysctl', '-qw', 'net.ipv4.ip_forward=1'])
  }
  const link = `${of.prefix}0`
  if ((await command(['ip', 'link', 'show', link])).code !== 0) {
    await must(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'up0', 'netns', name])
    await must([...inSwitch, 'link', 'set', 'up0', 'master', 'br0', 'up'])
    await must(['ip', 'addr', 'add', `${machineAddress(of)}/16`, 'dev', link])
    await must(['ip', 'link', 'set', link, 'up'])
  }
  const instances = readFileSync(instancesPath, 'utf8').trim()
  const saved = join(of.runDirectory, 'inotify-instances')
  if (Number(instances) < 8192) {
    if (!existsSync(saved)) writeFileSync(saved, instances)
    writeFileSync(instancesPath, '8192')
  }
}

/** Takes the switch away, the guard route last. Works on whatever is left of it. */
export async function lowerSwitch(of: Layout): Promise<void> {
  const saved = join(of.runDirectory, 'inotify-instances')
  // Another lab that is up needs the higher limit as well: then it stays.
  const others = existsSync('/run/netns')
    ? readdirSync('/run/netns').filter(name => name !== switchName(of))
    : []
  const alone = !others.some(name => name.endsWith('sw'))
  if (existsSync(saved) && alone) writeFileSync(instancesPath, readFileSync(saved, 'utf8'))
  const link = `${of.prefix}0`
  if ((await command(['ip', 'link', 'show', link])).code === 0) await must(['ip', 'link', 'del', link])
  if (existsSync(`/run/netns/${switchName(of)}`)) await must(['ip', 'netns', 'del', switchName(of)])
  await command(['ip', 'route', 'del', 'unreachable', subnet(of), 'metric', '9999'])
}

/** Runs a program of this machine inside the switch's network, from which there is no way out. */
export const inSwitch = (of: Layout, argv: readonly string[]): Promise<string> =>
  must(['nsenter', `--net=/run/netns/${switchName(of)}`, ...argv])

async function rule(of: Layout, action: '-A' | '-D', match: readonly string[]): Promise<void> {
  for (const tables of ['iptables', 'ip6tables'])
    await inSwitch(of, [tables, action, 'FORWARD', ...match, '-j', 'DROP'])
}

/** Neither host hears the other any more; this machine still reaches both. */
export async function partition(of: Layout, left: HostSpec, right: HostSpec): Promise<void> {
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as const) {
    const match = ['-m', 'physdev', '--physdev-in', portName(of, from), '--physdev-out', portName(of, to)]
    await rule(of, '-A', match)
  }
}

/** The given share (0 to 1) of what the host sends is lost. */
export const lose = (of: Layout, host: HostSpec, share: number): Promise<void> =>
  rule(of, '-A', [
    ...['-m', 'physdev', '--physdev-in', portName(of, host)],
    ...['-m', 'statistic', '--mode', 'random', '--probability', String(share)],
  ])

/** The given share (0 to 1) of what the host sends, and of what is sent to it, is lost. */
export async function loseBothWays(
  of: Layout,
  host: HostSpec,
  share: number,
  state: 'on' | 'off',
): Promise<void> {
  for (const way of ['--physdev-in', '--physdev-out'])
    await rule(of, state === 'on' ? '-A' : '-D', [
      ...['-m', 'physdev', '--physdev-is-bridged', way, portName(of, host)],
      ...['-m', 'statistic', '--mode', 'random', '--probability', String(share)],
    ])
}

/** Ends all partitions and losses. */
export async function heal(of: Layout): Promise<void> {
  for (const tables of ['iptables', 'ip6tables']) await inSwitch(of, [tables, '-F', 'FORWARD'])
}

/** Pulls the host's cable or puts it in. Out: no answer at all, connections hang until somebody's time-out. */
export async function cable(of: Layout, host: HostSpec, state: 'in' | 'out'): Promise<void> {
  await must(['ip', '-n', switchName(of), 'link', 'set', portName(of, host), state === 'in' ? 'up' : 'down'])
}

/** What is set in the switch now, as iptables prints it, plus ports that are down. */
export async function networkState(of: Layout): Promise<string> {
  const rules = await inSwitch(of, ['iptables', '-S', 'FORWARD'])
  const links = await must(['ip', '-n', switchName(of), '-br', 'link', 'show', 'master', 'br0'])
  return `${rules}${links}`
}
