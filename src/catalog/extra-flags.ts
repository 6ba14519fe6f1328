import { finder } from '../plan/finder.ts'
import type { Finding, RulePage } from '../plan/finding.ts'

export const extraFlagPages: readonly RulePage[] = [
  {
    code: 'RB0341',
    severity: 'error',
    title: 'A flag that runbook sets itself',
    why: 'What the playbook has a key for is decided there and nowhere else; given twice, nobody could say which of the two counts.',
    fix: 'Delete the flag and use the key that the message names.',
  },
  {
    code: 'RB0342',
    severity: 'error',
    title: 'A secret on the command line',
    why: 'Everybody on the host sees the command line in `ps`, and it would stand in the plan and the journal. [D: reference/dtr/2.7/cli/backup.md passes it by environment]',
    fix: 'Delete the flag; runbook hands secrets over by environment or stdin.',
  },
  {
    code: 'RB0343',
    severity: 'error',
    title: 'A flag that can lose data',
    why: '`--unsafe-join` joins although members are unhealthy, which may split the database in two and lose data; it is not for production. [D: reference/dtr/2.7/cli/join.md]',
    fix: 'Delete it. When a member is unhealthy, remove that member first.',
    acceptable: true,
  },
  {
    code: 'RB0344',
    severity: 'warning',
    title: 'A check is switched off',
    why: 'The installer checks certificates, networks, ports and sizes for good reasons; what it would have refused fails later and less clearly. [D: reference/ucp/3.2/cli/install.md, reference/dtr/2.7/cli/join.md]',
    fix: 'Delete the flag, or accept the finding with a reason.',
    acceptable: true,
  },
]

const find = finder(extraFlagPages)

/** The flags that a product's own keys stand for, with what to use instead. */
const owned: { readonly [product in 'ucp' | 'dtr']: { readonly [flag: string]: string } } = {
  ucp: {
    '--host-address': "the address under 'hosts'",
    '--san': "'ucp.sans'",
    '--admin-username': "'ucp.adminUsername'",
    '--controller-port': "'ucp.controllerPort'",
    '--pod-cidr': "'ucp.podCidr'",
    '--license': "'ucp.license'",
    '--external-server-cert': "'ucp.certificates'",
    '--interactive': 'nothing: nobody is there to answer',
  },
  dtr: {
    '--ucp-url': "the first of 'ucp.managers'",
    '--ucp-node': "'dtr.replicas'",
    '--ucp-ca': 'nothing: it is fetched from UCP',
    '--ucp-username': "'ucp.adminUsername'",
    '--replica-id': "'dtr.replicas[].id'",
    '--existing-replica-id': 'nothing: a healthy replica is chosen',
    '--replica-http-port': "'dtr.replicas[].httpPort'",
    '--replica-https-port': "'dtr.replicas[].httpsPort'",
    '--dtr-external-url': "'dtr.externalUrl'",
    '--dtr-ca': "'dtr.certificates'",
    '--dtr-cert': "'dtr.certificates'",
    '--nfs-storage-url': "'storage'",
    '--nfs-options': "'storage.options'",
    '--dtr-storage-volume': "'storage'",
    '--dtr-use-default-storage': "'storage'",
  },
}
const secrets = new Set([
  '--admin-password',
  '--registry-password',
  '--unlock-key',
  '--ucp-password',
  '--dtr-key',
  '--passphrase',
])
const careless = new Set([
  '--ucp-insecure-tls',
  '--skip-network-test',
  '--force-minimums',
  '--force-insecure-tcp',
  '--skip-cloud-provider-check',
])

export function extraFlagRules(product: 'ucp' | 'dtr', flags: readonly string[]): readonly Finding[] {
  return flags.flatMap((written, i) => {
    const flag = written.split('=')[0] ?? written
    const path = [product, 'extraFlags', i]
    const instead = owned[product][flag]
    if (instead !== undefined) return [find('RB0341', path, `${flag} is set by runbook`, `use ${instead}`)]
    if (secrets.has(flag))
      return [
        find(
          'RB0342',
          path,
          `${flag} puts a secret on the command line`,
          'delete it; when the secret was real, change it',
        ),
      ]
    if (flag === '--unsafe-join')
      return [find('RB0343', path, '--unsafe-join may split the registry and lose data', 'delete it')]
    if (careless.has(flag))
      return [
        find('RB0344', path, `${flag} switches off a check`, 'delete it, or accept RB0344 with a reason'),
      ]
    return []
  })
}

/** The value of '--name=value' among the flags. */
export function flagValue(
  flags: readonly string[],
  name: string,
): { readonly value: string; readonly index: number } | undefined {
  const index = flags.findIndex(flag => flag.startsWith(`${name}=`))
  return index === -1 ? undefined : { value: flags[index]?.slice(name.length + 1) ?? '', index }
}
