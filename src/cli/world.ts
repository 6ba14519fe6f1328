import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { userInfo } from 'node:os'
import type { Product } from '../catalog/product.ts'
import { readonly } from '../hosts/readonly.ts'
import { type Connect, Unreachable } from '../hosts/session.ts'
import { connectSsh } from '../hosts/ssh.ts'
import type { Fact } from '../plan/fact.ts'
import type { Digest, HostName, Json, Plan } from '../plan/step.ts'
import type { SshSpec } from '../playbook/topology.ts'
import { createRedact } from '../run/redact.ts'
import type { World } from '../run/world.ts'
import { Quit } from './exit.ts'
import type { Io } from './io.ts'
import { sshOptions } from './sshOptions.ts'
import { openStore } from './store/open.ts'

export interface WorldOptions {
  readonly hosts: Plan['hosts']
  /** Hosts that are never connected to. */
  readonly without?: readonly HostName[]
  readonly ssh: SshSpec
  /** The playbook's folder. */
  readonly folder: string
  readonly products: readonly Product[]
  readonly secret: (reference: string) => string
  /** Whether sessions may change anything, or only look. */
  readonly may: 'look' | 'change'
  readonly io: Io
}

/** Real hosts over SSH, real time, secrets and files of this machine. */
export function realWorld({
  hosts,
  without = [],
  ssh,
  folder,
  products,
  secret,
  may,
  io,
}: WorldOptions): World {
  const redact = createRedact()
  const masked = (reference: string): string => {
    const value = secret(reference)
    redact.add(value)
    return value
  }
  const { detour } = io
  const direct = connectSsh(sshOptions(hosts, ssh, masked, io))
  const there: Connect = detour === undefined ? direct : host => direct(detour.at(host))
  const connect: Connect = host =>
    without.includes(host.name)
      ? Promise.reject(
          new Unreachable(
            host.name,
            'lost',
            `${host.name} is left out`,
            'run it again without --without when it is back',
          ),
        )
      : there(host)
  return {
    hosts,
    connect: may === 'look' ? readonly(connect) : connect,
    facts: factsOf(products),
    secret: masked,
    file: (file, sha256) => pinned(isAbsolute(file) ? file : join(folder, file), file, sha256),
    ask: (question, answer) => ask(question, answer, io),
    clock: io.clock,
    redact,
    depot: (store, sessions) => openStore(store, { folder, secret: masked, sessions }),
  }
}

export function factsOf(products: readonly Product[]): ReadonlyMap<string, Fact> {
  return new Map(products.flatMap(product => product.facts).map(fact => [fact.name, fact]))
}

function pinned(path: string, named: string, sha256: Digest): string {
  const content = readFileSync(path)
  const now = createHash('sha256').update(content).digest('hex')
  if (now === sha256) return content.toString('utf8')
  throw new Quit(
    'stale',
    `${named} was changed since the plan was made (sha256 ${now.slice(0, 12)}, was ${sha256.slice(0, 12)})`,
    'put it back, or make a new plan',
  )
}

/** A person decides. Answers of the schema `{enum: […]}` and `{type: 'boolean'}` are checked; anything else is text. */
async function ask(
  question: string,
  answer: Json,
  io: Io,
): Promise<{ readonly by: string; readonly answer: Json }> {
  const by = userInfo().username
  const schema =
    typeof answer === 'object' && answer !== null && !Array.isArray(answer)
      ? (answer as { readonly [key: string]: Json })
      : {}
  const choices = Array.isArray(schema['enum'])
    ? schema['enum'].map(String)
    : schema['type'] === 'boolean'
      ? ['yes', 'no']
      : undefined
  for (;;) {
    const given = (
      await io.question(`${question}${choices === undefined ? '' : ` (${choices.join(' / ')})`} `)
    ).trim()
    if (choices === undefined) return { by, answer: given }
    if (choices.includes(given)) return { by, answer: schema['type'] === 'boolean' ? given === 'yes' : given }
    io.err(`one of: ${choices.join(', ')}\n`)
  }
}
