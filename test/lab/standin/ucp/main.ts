import type { FlagSpecs } from '../common/flags.ts'
import { parseFlags } from '../common/flags.ts'
import { Fatal, log, logForm } from '../common/log.ts'
import { agent } from './agent.ts'
import { backup } from './backup.ts'
import { controller } from './controller.ts'
import { install } from './install.ts'
import { ports } from './ports.ts'
import { proxy } from './proxy.ts'
import { freshToml } from './toml.ts'
import { restore } from './restore.ts'
import { clean, instanceId, uninstall } from './uninstall.ts'
import { upgrade } from './upgrade.ts'

const repository = process.env['STANDIN_REPOSITORY'] ?? 'docker'
const version = process.env['STANDIN_VERSION'] ?? '3.2.6'

/** Image names of the components, printed by `images --list`. */
export const components = ['agent', 'auth', 'auth-store', 'cfssl', 'controller', 'etcd', 'swarm']

const text = (env?: string): { readonly kind: 'text'; readonly env?: string } => ({
  kind: 'text',
  ...(env === undefined ? {} : { env }),
})
const flip = { kind: 'switch' } as const

const common: FlagSpecs = {
  debug: { kind: 'switch', short: 'D' },
  jsonlog: flip,
  interactive: { kind: 'switch', short: 'i' },
}

const installFlags: FlagSpecs = {
  ...common,
  'admin-username': text('UCP_ADMIN_USER'),
  'admin-password': text('UCP_ADMIN_PASSWORD'),
  'host-address': text('UCP_HOST_ADDRESS'),
  san: { kind: 'list', env: 'UCP_HOSTNAMES' },
  'controller-port': text(),
  'kube-apiserver-port': text(),
  'swarm-port': text(),
  'swarm-grpc-port': text(),
  'data-path-addr': text('UCP_DATA_PATH_ADDR'),
  'pod-cidr': text(),
  'service-cluster-ip-range': text(),
  'nodeport-range': text(),
  license: text('UCP_LICENSE'),
  'external-server-cert': flip,
  'external-service-lb': text(),
  'preserve-certs': flip,
  'existing-config': flip,
  'force-minimums': flip,
  'force-insecure-tcp': flip,
  pull: text(),
  'registry-username': text('REGISTRY_USERNAME'),
  'registry-password': text('REGISTRY_PASSWORD'),
  'unlock-key': text('UNLOCK_KEY'),
  dns: { kind: 'list', env: 'DNS' },
  'dns-opt': { kind: 'list', env: 'DNS_OPT' },
  'dns-search': { kind: 'list', env: 'DNS_SEARCH' },
  'kv-timeout': text('KV_TIMEOUT'),
  'kv-snapshot-count': text('KV_SNAPSHOT_COUNT'),
  'cloud-provider': text(),
  'unmanaged-cni': flip,
  'cni-installer-url': text(),
  'swarm-experimental': flip,
  binpack: flip,
  random: flip,
  'disable-tracking': flip,
  'disable-usage': flip,
  'enable-profiling': flip,
}

const otherFlags: FlagSpecs = {
  ...common,
  id: text(),
  'purge-config': flip,
  pull: text(),
  list: flip,
  'registry-username': text(),
  'registry-password': text(),
}

const upgradeFlags: FlagSpecs = {
  ...otherFlags,
  'admin-username': text('UCP_ADMIN_USER'),
  'admin-password': text('UCP_ADMIN_PASSWORD'),
  'host-address': text('UCP_HOST_ADDRESS'),
  'force-minimums': flip,
  'manual-worker-upgrade': flip,
}

const backupFlags: FlagSpecs = {
  ...common,
  file: text(),
  passphrase: text(),
  'no-passphrase': flip,
  'include-logs': flip,
}

const restoreFlags: FlagSpecs = {
  ...common,
  passphrase: text(),
  'host-address': text('UCP_HOST_ADDRESS'),
  san: { kind: 'list', env: 'UCP_HOSTNAMES' },
  'data-path-addr': text('UCP_DATA_PATH_ADDR'),
  'swarm-grpc-port': text(),
  'force-minimums': flip,
  'unlock-key': text('UNLOCK_KEY'),
}

const flagsOf: Readonly<Record<string, FlagSpecs>> = {
  install: installFlags,
  upgrade: upgradeFlags,
  backup: backupFlags,
  restore: restoreFlags,
}

const usage = `Universal Control Plane (a stand-in of the runbook lab)

Usage: docker container run --rm -it --name ucp -v /var/run/docker.sock:/var/run/docker.sock ${repository}/ucp:${version} command [arguments...]

Commands: install, upgrade, backup, restore, uninstall-ucp, id, images, example-config, help
`

async function bootstrap(command: string, words: readonly string[]): Promise<void> {
  const flags = parseFlags(words, flagsOf[command] ?? otherFlags, process.env)
  logForm({ json: flags.on('jsonlog'), debug: flags.on('debug') })
  if (command === 'install') await install(flags)
  else if (command === 'upgrade') await upgrade(flags)
  else if (command === 'backup') await backup(flags)
  else if (command === 'restore') await restore(flags)
  else if (command === 'uninstall-ucp') await uninstall(flags)
  else if (command === 'id') process.stdout.write(`${await instanceId()}\n`)
  else if (command === 'example-config') process.stdout.write(freshToml(443, '192.168.0.0/16'))
  else if (command === 'images') {
    const names = [
      `${repository}/ucp:${version}`,
      ...components.map(each => `${repository}/ucp-${each}:${version}`),
    ]
    process.stdout.write(`${names.join('\n')}\n`)
  } else if (['dump-certs', 'support'].includes(command)) {
    throw new Fatal(`${command} is not part of this stand-in`)
  } else if (command === 'help' || command === '--help' || command === '') process.stdout.write(usage)
  else throw new Fatal(`No help topic for '${command}'`)
}

async function main([command = '', ...words]: readonly string[]): Promise<void> {
  if (command === 'agent') await agent(words[0] === 'manager' ? 'manager' : 'worker')
  else if (command === 'controller') controller()
  else if (command === 'proxy') proxy()
  else if (command === 'ports') await ports(words)
  else if (command === 'clean') await clean()
  else await bootstrap(command, words)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  log('fatal', error instanceof Error ? error.message : String(error))
  process.exitCode = 1
})
