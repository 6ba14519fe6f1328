import type { Facts } from '../../plan/fact.ts'
import { factKey } from '../../plan/fact.ts'
import type { Finding, RulePage } from '../../plan/finding.ts'
import type { FactRef, HostName } from '../../plan/step.ts'
import type { Topology } from '../../playbook/topology.ts'
import { settle } from '../accept.ts'
import { member } from './text.ts'

/** Clocks further apart than this many seconds are a finding. */
const MOST_SECONDS_APART = 1
/** Where engines keep their data. */
const DATA = '/var'

/** What is asked of every host before a plan is made. */
export function asks(topology: Topology): readonly FactRef[] {
  return Object.keys(topology.hosts).flatMap(host => [
    { fact: 'os.machine', host },
    { fact: 'os.clock', host },
    { fact: 'os.disk', host, args: { path: DATA } },
  ])
}

/** One value of `os.machine` as seen. */
export function machineSays(facts: Facts, host: HostName, name: string) {
  return member(facts.get(factKey({ fact: 'os.machine', host })), name)
}

/** Free megabytes where engines keep their data; undefined when it could not be told. */
export function freeDataMb(facts: Facts, host: HostName): number | undefined {
  const free = member(facts.get(factKey({ fact: 'os.disk', host, args: { path: DATA } })), 'freeMb')
  return typeof free === 'number' ? free : undefined
}

/** Findings over hosts as machines: tools, names, clocks. */
export function findings(topology: Topology, facts: Facts): readonly Finding[] {
  const hosts = Object.keys(topology.hosts)
  return settle(topology, pages, [
    ...tools(topology, facts),
    ...roots(topology, facts),
    ...names(hosts, topology, facts),
    ...clocks(hosts, facts),
  ])
}

function tools(topology: Topology, facts: Facts): readonly Finding[] {
  return topology.docker.hosts
    .filter(host => machineSays(facts, host, 'curl') === false)
    .map(host => ({
      code: 'RB0801',
      severity: 'error',
      message: `${host} has no curl, which runbook uses there to ask the engine and UCP`,
      path: ['hosts', host],
      host,
      help: `install it on ${host}: apt-get install curl, or yum install curl`,
    }))
}

function roots(topology: Topology, facts: Facts): readonly Finding[] {
  return topology.docker.hosts
    .filter(host => machineSays(facts, host, 'root') === false)
    .map(host => ({
      code: 'RB0805',
      severity: 'warning',
      message: `commands on ${host} do not run as root: what installs, starts or writes below /etc will fail`,
      path: ['hosts', host],
      host,
      help: 'log in as root, or give sudo on that host; a user of the group docker can do the rest',
    }))
}

function names(hosts: readonly HostName[], topology: Topology, facts: Facts): readonly Finding[] {
  const found: Finding[] = []
  const owners = new Map<string, HostName>()
  for (const host of hosts) {
    const hostname = machineSays(facts, host, 'hostname')
    if (typeof hostname !== 'string') continue
    const other = owners.get(hostname)
    if (other !== undefined) {
      found.push({
        code: 'RB0802',
        severity: 'error',
        message: `${host} and ${other} both call themselves '${hostname}'`,
        path: ['hosts', host],
        host,
        help: 'give each its own name with hostnamectl set-hostname, and see that they are not one machine entered twice',
      })
    }
    owners.set(hostname, host)
    if (hostname !== host && topology.docker.hosts.includes(host)) {
      found.push({
        code: 'RB0803',
        severity: 'error',
        message: `the playbook's host '${host}' calls itself '${hostname}', and so will 'docker node ls'`,
        path: ['hosts', host],
        host,
        help: `call it '${hostname}' in the playbook, or run hostnamectl set-hostname ${host} there`,
      })
    }
  }
  return found
}

function clocks(hosts: readonly HostName[], facts: Facts): readonly Finding[] {
  const seen = hosts
    .map(host => ({ host, seconds: member(facts.get(factKey({ fact: 'os.clock', host })), 'epochSeconds') }))
    .filter((clock): clock is { host: string; seconds: number } => typeof clock.seconds === 'number')
    .sort((a, b) => a.seconds - b.seconds)
  const middle = seen[Math.floor(seen.length / 2)]
  if (!middle) return []
  return seen
    .filter(({ seconds }) => Math.abs(seconds - middle.seconds) > MOST_SECONDS_APART)
    .map(({ host, seconds }) => ({
      code: 'RB0804',
      severity: 'warning',
      message: `the clock of ${host} is about ${Math.abs(seconds - middle.seconds)} s ${seconds > middle.seconds ? 'ahead of' : 'behind'} the others`,
      path: ['hosts', host],
      host,
      help: `see that NTP runs on ${host} (timedatectl status, chronyc tracking); a slow link can also look like this`,
    }))
}

/** Pages of the codes of this folder, RB0801 to RB0819. */
export const pages: readonly RulePage[] = [
  {
    code: 'RB0801',
    title: 'curl is missing on a host',
    severity: 'error',
    why: "Health is asked on the host itself, and join tokens and passwords go to the engine's socket and to UCP on standard input, never as an argument. curl does both.",
    fix: 'Install curl from the distribution.',
  },
  {
    code: 'RB0802',
    title: 'Two hosts have one hostname',
    severity: 'error',
    why: "Hostnames are unique in a cluster [L: validate hosts phase]. Two entries with one name are often one machine entered twice, or clones of one image; clones also share the engine's key and stay Pending [D: plan-installation.md].",
    fix: 'Set a hostname of its own on each machine; on clones also delete /etc/docker/key.json before the engine first starts.',
  },
  {
    code: 'RB0803',
    title: 'The playbook calls a host by another name than the host itself',
    severity: 'error',
    why: "The engine takes the machine's hostname as the node's name, and '--ucp-node' must name the node exactly as 'docker node ls' shows it [D: install.md, trap 6].",
    fix: 'Use the hostname in the playbook, or change the hostname.',
  },
  {
    code: 'RB0804',
    title: 'Clocks differ by more than a second',
    severity: 'warning',
    acceptable: true,
    why: 'Skew trips elections, makes health reports look stale and breaks TLS [D: plan-installation.md; KB: Docker EE best practices]. The bound of one second is our own. Hosts are asked at about the same time, so a slow link can look like skew.',
    fix: 'Run NTP on all hosts and look again.',
  },
  {
    code: 'RB0805',
    title: 'Commands do not run as root',
    severity: 'warning',
    acceptable: true,
    why: 'Engines are installed and started, and licence and certificates are laid ready, as root. The group docker is enough for everything else.',
    fix: "Log in as root, or set sudo for the host: 'nopasswd' or a password by reference.",
  },
]
