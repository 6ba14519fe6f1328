import type { Assembly } from './assemble.ts'
import { flagOf, settingsOf } from './flags.ts'
import { carried, changed, left, type Outcome } from './outcome.ts'
import type { Leaf } from './leaves.ts'

const PASSWORD =
  'not copied: the playbook names where it is found (env:UCP_ADMIN_PASSWORD), never the password'

/** What becomes of a value under spec.mcr, spec.mke or spec.msr (also by their older and newer names). */
export function productLeaf(leaf: Leaf, assembly: Assembly): Outcome | undefined {
  const [, section = '', ...rest] = leaf.path
  const key = rest.filter(part => typeof part === 'string').join('.')
  const text = String(leaf.value)
  if (section === 'mcr' || section === 'engine') return engine(key, text, assembly)
  if (section === 'mke' || section === 'ucp') return ucp(key, text, assembly)
  return section === 'msr' || section === 'msr2' || section === 'dtr' ? dtr(key, text, assembly) : undefined
}

function engine(key: string, text: string, assembly: Assembly): Outcome | undefined {
  switch (key) {
    case 'version':
      if (!/^\d+(\.\d+)*$/.test(text)) return left(`${text} is not set: write the version`)
      assembly.engine = text
      return carried('docker.version')
    case 'channel': {
      // From v1.6 on a channel may name the version [L: migration v15].
      const version = /-(\d+(?:\.\d+)*)$/.exec(text)?.[1]
      if (version === undefined) return left('docker.install names packages and their source instead')
      assembly.engine ??= version
      return changed(`docker.version: ${version}`)
    }
    case 'repoURL':
    case 'installURLLinux':
    case 'installURLWindows':
    case 'license':
      return left('docker.install names the package manager, the packages with versions, and their source')
    case 'swarmInstallFlags':
    case 'swarmUpdateCommands':
      return left(
        'the swarm is made by the bootstrapper of UCP; change it by a step of your own after ucp.install',
      )
    case 'prune':
    case 'forceUpgrade':
      return left('runbook has no such switch')
    default:
      return undefined
  }
}

function ucp(key: string, text: string, assembly: Assembly): Outcome | undefined {
  const { ucp: made } = assembly
  switch (key) {
    case 'version':
      if (!/^\d+\.\d+\.\d+/.test(text)) return left(`${text} is not set: write the version`)
      made.version = text
      return carried('ucp.version')
    case 'imageRepo':
      return repository(text, made)
    case 'adminUsername':
      made.adminUsername = text
      return carried('ucp.adminUsername')
    case 'adminPassword':
      return changed(PASSWORD)
    case 'installFlags':
      return ucpFlag(text, assembly)
    case 'upgradeFlags':
      return left('runbook gives what an upgrade needs by itself, and asks for a backup first')
    case 'licenseFilePath':
      made.license = text
      return carried('ucp.license')
    case 'caCertPath':
    case 'certPath':
    case 'keyPath':
      return certificate(key, text, made, 'ucp')
    case 'caCertData':
    case 'certData':
      return left('write it into a file and name that in ucp.certificates')
    case 'keyData':
      return left(
        'not copied: write the key into a file that only you can read, and name it in ucp.certificates.key',
      )
    case 'configData': {
      const { settings, left: rest } = settingsOf(text)
      made.config = settings
      const open = rest.length === 0 ? '' : `; not carried over: ${rest.join('; ')}`
      return rest.length === 0
        ? changed('ucp.config')
        : left(`ucp.config takes plain values by section${open}`)
    }
    case 'configFile':
      return left('write the keys you mean into ucp.config, by section')
    case 'cloud':
      return left('cloud providers of Kubernetes are not set up by runbook')
    case 'nodesHealthRetry':
      return left('each step waits for health, with a bound of its own')
    case 'swarmInstallFlags':
    case 'swarmUpdateCommands':
      return left(
        'the swarm is made by the bootstrapper of UCP; change it by a step of your own after ucp.install',
      )
    default:
      return undefined
  }
}

function ucpFlag(text: string, { ucp: made }: Assembly): Outcome {
  const { name, value } = flagOf(text)
  switch (name) {
    case '--san':
      if (value === undefined || value === '' || value.startsWith('$')) return left('the name is not set')
      made.sans.push(value)
      return carried('ucp.sans')
    case '--admin-username':
      made.adminUsername ??= value ?? 'admin'
      return changed('ucp.adminUsername')
    case '--admin-password':
      return changed(PASSWORD)
    case '--controller-port':
      made.controllerPort = Number(value)
      return changed('ucp.controllerPort')
    case '--pod-cidr':
      made.podCidr = value ?? ''
      return changed('ucp.podCidr')
    case '--force-minimums':
      return left('sizes are a finding (RB0843): accept it with a reason, under accept, should it come up')
    case '--host-address':
      return left('the address under hosts is used')
    case '--external-server-cert':
    case '--license':
      return left('see ucp.certificates and ucp.license')
    default:
      if (/password|secret|-key$/.test(name)) return left('not copied: secrets are never flags')
      made.flags.push(text.trim())
      return carried('ucp.extraFlags')
  }
}

function dtr(key: string, text: string, assembly: Assembly): Outcome | undefined {
  const { dtr: made } = assembly
  switch (key) {
    case 'version':
      if (!/^\d+\.\d+\.\d+/.test(text)) return left(`${text} is not set: write the version`)
      made.version = text
      return carried('dtr.version')
    case 'imageRepo':
      return repository(text, made)
    case 'installFlags':
      return dtrFlag(text, assembly)
    case 'upgradeFlags':
      return left('runbook gives what an upgrade needs by itself, and asks for a backup first')
    case 'replicaIDs':
      if (text !== 'sequential')
        return left(
          'ids of replicas that stand are other ones than runbook derives: read them with runbook init --from',
        )
      made.isSequential = true
      return changed('dtr.replicas.*.id: 000000000001 and on')
    case 'caCertPath':
    case 'certPath':
    case 'keyPath':
      return certificate(key, text, made, 'dtr')
    case 'caCertData':
    case 'certData':
      return left('write it into a file and name that in dtr.certificates')
    case 'keyData':
      return left(
        'not copied: write the key into a file that only you can read, and name it in dtr.certificates.key',
      )
    default:
      return undefined
  }
}

function dtrFlag(text: string, { dtr: made }: Assembly): Outcome {
  const { name, value } = flagOf(text)
  switch (name) {
    case '--dtr-external-url':
      made.externalUrl = value
      return changed('dtr.externalUrl')
    case '--replica-http-port':
      made.httpPort = Number(value)
      return changed('dtr.replicas.*.httpPort')
    case '--replica-https-port':
      made.httpsPort = Number(value)
      return changed('dtr.replicas.*.httpsPort')
    case '--nfs-storage-url':
      made.nfsUrl = value
      return changed('storage: nfs')
    case '--nfs-options':
      made.nfsOptions = value
      return changed('storage.options')
    case '--dtr-storage-volume':
      made.path = value
      return changed('storage: path')
    case '--ucp-url':
      return left("each bootstrapper is given the address of one manager, never a balancer's")
    case '--ucp-insecure-tls':
      return left('the authority of UCP is fetched from the manager itself, and trusted')
    case '--ucp-username':
    case '--ucp-password':
      return changed('ucp.adminUsername and ucp.adminPassword are used')
    case '--ucp-ca':
    case '--ucp-node':
    case '--replica-id':
    case '--existing-replica-id':
      return left('runbook chooses it')
    case '--dtr-ca':
    case '--dtr-cert':
    case '--dtr-key':
      return left('not copied: name the files in dtr.certificates')
    default:
      if (/password|secret|-key$/.test(name)) return left('not copied: secrets are never flags')
      made.flags.push(text.trim())
      return carried('dtr.extraFlags')
  }
}

function repository(text: string, made: { repository?: string }): Outcome {
  if (text.startsWith('$'))
    return left(`${text} is not set; without it the public repository of the version is used`)
  made.repository = text.replace(/^(index\.)?docker\.io\//, '')
  return carried('repository')
}

function certificate(
  key: string,
  text: string,
  made: { certificates?: { ca?: string; cert?: string; key?: string } },
  product: string,
): Outcome {
  const name = key === 'caCertPath' ? 'ca' : key === 'certPath' ? 'cert' : 'key'
  made.certificates = { ...made.certificates, [name]: name === 'key' ? `file:${text}` : text }
  return name === 'key'
    ? changed(`${product}.certificates.key, as a reference`)
    : carried(`${product}.certificates.${name}`)
}
