import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { command, must } from './command.ts'
import { enter, makeDisk, powerCut, powerOn, ready } from './host.ts'
import type { HostSpec, Layout } from './layout.ts'
import { hostDirectory } from './layout.ts'
import { forgetOthers, removeTree, rootKey } from './root.ts'

/** Versions of the stand-ins, in the pair that belongs together. */
export const ucpVersion = '3.2.6'
export const dtrVersion = '2.7.6'
/** What the plays upgrade to: another version of the same build, in the repository where the vendor has it. */
export const laterUcpVersion = '3.2.7'
export const laterDtrVersion = '2.7.8'

/** A tiny image every host has, to be pushed and pulled. */
export const sampleImage = 'lab/sample:1'

const ucpComponents = ['agent', 'auth', 'auth-store', 'cfssl', 'controller', 'etcd', 'swarm']
const dtrComponents = [
  ...[
    'api',
    'garant',
    'jobrunner',
    'nginx',
    'notary-server',
    'notary-signer',
    'registry',
    'rethink',
    'postgres',
  ],
]

interface ImageBuild {
  readonly tags: readonly string[]
  readonly dockerfile: string
  readonly files: readonly string[]
}

const builds: readonly ImageBuild[] = [
  {
    tags: ['lab/base'],
    dockerfile:
      'FROM scratch\nADD base.tar /\nENV PATH=/usr/bin:/bin UV_THREADPOOL_SIZE=32\nCMD ["/bin/sh"]\n',
    files: ['base.tar'],
  },
  ucpBuild('docker', ucpVersion),
  ucpBuild('docker', laterUcpVersion),
  dtrBuild('docker', dtrVersion),
  dtrBuild('mirantis', laterDtrVersion),
  {
    tags: [sampleImage],
    dockerfile: 'FROM scratch\nADD sample.tar /\nCMD ["/hello"]\n',
    files: ['sample.tar'],
  },
]

function ucpBuild(repository: string, version: string): ImageBuild {
  return {
    tags: tagsOf('ucp', ucpComponents, repository, version),
    dockerfile: `FROM lab/base
COPY ucp.mjs /app/ucp.mjs
ENV STANDIN_REPOSITORY=${repository} STANDIN_VERSION=${version}
ENTRYPOINT ["/usr/bin/node", "/app/ucp.mjs"]
`,
    files: ['ucp.mjs'],
  }
}

function dtrBuild(repository: string, version: string): ImageBuild {
  return {
    tags: tagsOf('dtr', dtrComponents, repository, version),
    dockerfile: `FROM lab/base
COPY docker-registry /usr/bin/docker-registry
COPY registry.yml /app/registry.yml
COPY dtr.mjs /app/dtr.mjs
ENV STANDIN_REPOSITORY=${repository} STANDIN_VERSION=${version} DTR_VERSION=${version}
ENTRYPOINT ["/usr/bin/node", "/app/dtr.mjs"]
`,
    files: ['docker-registry', 'registry.yml', 'dtr.mjs'],
  }
}

/** The bootstrapper's tag and those of its components. */
function tagsOf(
  product: 'ucp' | 'dtr',
  components: readonly string[],
  repository: string,
  version: string,
): readonly string[] {
  return [product, ...components.map(name => `${product}-${name}`)].map(
    name => `${repository}/${name}:${version}`,
  )
}

const registryYml = readFileSync(join(import.meta.dirname, 'standin', 'dtr', 'registry.yml'))

/**
 * A Docker directory with the stand-in images, made once per version of their sources on a host of its own and kept in
 * the cache: new hosts start with hard links to it, so no host has to load an image.
 */
export async function imageSeed(of: Layout, root: string, say: (text: string) => void): Promise<string> {
  const [ucp, dtr] = await Promise.all([bundle('ucp'), bundle('dtr')])
  const key = createHash('sha256')
  for (const part of [ucp, dtr, rootKey(), process.version, JSON.stringify(builds), registryYml])
    key.update(part)
  const seed = join(of.cacheDirectory, `images-${key.digest('hex').slice(0, 12)}`)
  if (existsSync(seed)) return seed
  say('building the stand-in images')
  const staging = `${seed}.staging`
  await removeTree(staging)
  mkdirSync(staging, { recursive: true })
  writeFileSync(join(staging, 'ucp.mjs'), ucp)
  writeFileSync(join(staging, 'dtr.mjs'), dtr)
  writeFileSync(join(staging, 'registry.yml'), registryYml)
  cpSync(join(root, 'usr/bin/docker-registry'), join(staging, 'docker-registry'))
  await stageBase(root, staging)
  await buildOn(of, root, staging, seed)
  await removeTree(staging)
  await forgetOthers(of, 'images-', seed)
  return seed
}

async function bundle(product: 'ucp' | 'dtr'): Promise<string> {
  const entry = join(import.meta.dirname, 'standin', product, 'main.ts')
  const options = {
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'error',
  } as const
  const made = await build({ ...options, entryPoints: [entry] })
  return made.outputFiles[0]?.text ?? ''
}

/** Root of the images: busybox and its links, node, openssl and the libraries they need, all from what is here. */
async function stageBase(root: string, staging: string): Promise<void> {
  const base = join(staging, 'base')
  for (const each of [
    'bin',
    'usr/bin',
    'usr/lib/ssl',
    'etc',
    'tmp',
    'app',
    'lib/x86_64-linux-gnu',
    'lib64',
    'run',
    'var',
  ]) {
    mkdirSync(join(base, each), { recursive: true })
  }
  await must(['chmod', '1777', join(base, 'tmp')])
  cpSync(join(root, 'usr/bin/busybox'), join(base, 'bin/busybox'))
  const applets = (await must([join(root, 'usr/bin/busybox'), '--list'])).split('\n').filter(Boolean)
  for (const applet of applets.filter(name => name !== 'busybox')) {
    await command(['ln', '-s', 'busybox', join(base, 'bin', applet)])
  }
  cpSync(join(root, 'usr/bin/openssl'), join(base, 'usr/bin/openssl'))
  cpSync(join(root, 'etc/ssl/openssl.cnf'), join(base, 'usr/lib/ssl/openssl.cnf'))
  cpSync(process.execPath, join(base, 'usr/bin/node'))
  await command(['strip', '-s', join(base, 'usr/bin/node')]).catch(() => undefined)
  const needed = new Set([
    ...(await libraries(['chroot', root, 'ldd', '/usr/bin/openssl'])),
    ...(await libraries(['chroot', root, 'ldd', '/usr/bin/docker-registry'])),
    ...(await libraries(['ldd', process.execPath])),
    ...['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'],
  ])
  const from = join(root, 'usr/lib/x86_64-linux-gnu')
  for (const name of needed) {
    if (!existsSync(join(from, name))) throw new Error(`library ${name} is not in the hosts' root`)
    cpSync(join(from, name), join(base, 'lib/x86_64-linux-gnu', name), { dereference: true })
  }
  cpSync(join(from, 'ld-linux-x86-64.so.2'), join(base, 'lib64/ld-linux-x86-64.so.2'), { dereference: true })
  writeFileSync(join(base, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
  writeFileSync(join(base, 'etc/group'), 'root:x:0:\n')
  writeFileSync(join(base, 'etc/nsswitch.conf'), 'hosts: files dns\n')
  await must(['tar', '-C', base, '-cf', join(staging, 'base.tar'), '.'])
  const sample = join(staging, 'sample')
  mkdirSync(sample)
  writeFileSync(join(sample, 'hello.txt'), 'hello from the lab\n')
  cpSync(join(root, 'usr/bin/busybox'), join(sample, 'hello'))
  await must(['tar', '-C', sample, '-cf', join(staging, 'sample.tar'), '.'])
}

async function libraries(ldd: readonly string[]): Promise<readonly string[]> {
  const listed = (await must(ldd)).split('\n')
  return listed.map(line => /(\S+\.so[.\d]*) => /.exec(line)?.[1]).filter(name => name !== undefined)
}

async function buildOn(of: Layout, root: string, staging: string, seed: string): Promise<void> {
  const host: HostSpec = { name: 'builder', index: 250 }
  await powerCut(of, host)
  await removeTree(hostDirectory(of, host.name))
  await makeDisk(of, host, root, undefined)
  await powerOn(of, host)
  await ready(of, host)
  try {
    for (const { tags, dockerfile, files } of builds) {
      writeFileSync(join(staging, 'Dockerfile'), dockerfile)
      await must(['tar', '-C', staging, '-cf', join(staging, 'context.tar'), 'Dockerfile', ...files])
      const input = readFileSync(join(staging, 'context.tar'))
      const [first = '', ...others] = tags
      await inside(of, host, ['docker', 'build', '-q', '-t', first, '-'], input)
      for (const tag of others) await inside(of, host, ['docker', 'tag', first, tag])
    }
    await inside(of, host, ['docker', 'rmi', '--no-prune', 'lab/base'])
    await inside(of, host, ['systemctl', 'stop', 'docker.socket', 'docker.service'])
    const docker = join(hostDirectory(of, host.name), 'docker')
    mkdirSync(`${seed}.new`, { recursive: true })
    for (const part of ['overlay2', 'image'])
      await must(['cp', '-a', join(docker, part), `${seed}.new/${part}`])
    renameSync(`${seed}.new`, seed)
  } finally {
    await powerCut(of, host)
    await removeTree(hostDirectory(of, host.name))
  }
}

async function inside(
  of: Layout,
  host: HostSpec,
  argv: readonly string[],
  input?: Uint8Array,
): Promise<void> {
  const result = await enter(of, host, argv, input === undefined ? {} : { input })
  if (result.code !== 0) throw new Error(`${argv.join(' ')} on ${host.name}: ${result.err.trim()}`)
}
