import { info } from './log.ts'
import type { Target } from './wire.ts'
import { call, json, open, sleep, words } from './wire.ts'

/** The engine of this node, through the socket that is mounted into the container. */
export const localEngine: Target = { socketPath: '/var/run/docker.sock' }

/** A container to be made: the engine API's own form, as far as it is used here. */
export interface ContainerSpec {
  readonly Image: string
  readonly Entrypoint?: readonly string[]
  readonly Cmd?: readonly string[]
  readonly Env?: readonly string[]
  readonly Labels?: Readonly<Record<string, string>>
  readonly ExposedPorts?: Readonly<Record<string, object>>
  readonly Healthcheck?: object
  readonly StopSignal?: string
  readonly Hostname?: string
  readonly HostConfig?: {
    readonly Binds?: readonly string[]
    readonly NetworkMode?: string
    readonly RestartPolicy?: { readonly Name: string }
    readonly PortBindings?: Readonly<Record<string, readonly { readonly HostPort: string }[]>>
    readonly Init?: boolean
    readonly LogConfig?: { readonly Type: string }
  }
}

export interface ListedContainer {
  readonly Id: string
  readonly Names: readonly string[]
  readonly Image: string
  readonly State: string
  readonly Status: string
  readonly Labels: Readonly<Record<string, string>>
  readonly Ports: readonly { readonly PublicPort?: number }[]
}

export interface SwarmNode {
  readonly ID: string
  readonly Version: { readonly Index: number }
  readonly Spec: { readonly Role: 'manager' | 'worker'; readonly Labels?: Readonly<Record<string, string>> }
  readonly Description: { readonly Hostname: string }
  readonly Status: { readonly State: string; readonly Addr: string }
  readonly ManagerStatus?: { readonly Addr: string; readonly Leader?: boolean; readonly Reachability: string }
}

/** The node's own address: a manager's Status.Addr may be 0.0.0.0, its ManagerStatus is right. */
export function nodeAddress(node: SwarmNode): string {
  const manager = node.ManagerStatus?.Addr.replace(/:\d+$/, '')
  return manager ?? node.Status.Addr
}

export interface EngineInfo {
  readonly Name: string
  readonly ServerVersion: string
  readonly MemTotal: number
  readonly Swarm: {
    readonly NodeID: string
    readonly NodeAddr: string
    readonly LocalNodeState: string
    readonly ControlAvailable: boolean
    readonly RemoteManagers: readonly { readonly Addr: string }[] | null
    readonly Cluster?: { readonly ID: string }
  }
}

/** Makes and starts a container. `name` may have the form node/name when the engine is UCP. @throws in the engine's words */
export async function start(engine: Target, name: string, spec: ContainerSpec): Promise<string> {
  const made = await json<{ readonly Id: string }>(
    engine,
    `/containers/create?name=${encodeURIComponent(name)}`,
    {
      body: spec,
      timeoutMs: 120_000,
    },
  )
  await untilAttached(async () => {
    const started = await call(engine, `/containers/${made.Id}/start`, { method: 'POST', timeoutMs: 120_000 })
    if (started.status >= 300) throw new Error(words(started))
  })
  return made.Id
}

/** Attaches a running container to a network. @throws in the engine's words */
export async function attachTo(engine: Target, network: string, container: string): Promise<void> {
  await untilAttached(() =>
    json(engine, `/networks/${network}/connect`, { body: { Container: container }, timeoutMs: 60_000 }),
  )
}

/** An engine waits 20 s for the swarm to let it attach a container and then gives up (moby/moby#32607). */
const attachTries = 4

async function untilAttached(attach: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await attach()
      return
    } catch (error) {
      const isLate =
        error instanceof Error && /attaching to network failed.*deadline exceeded/.test(error.message)
      if (!isLate || tries === attachTries) throw error
      info(`the engine could not attach the container in time, trying again (${String(tries)})`)
    }
  }
}

/** Removes a container, running or not. Does no harm when there is none. */
export async function removeContainer(engine: Target, name: string): Promise<void> {
  const answer = await call(engine, `/containers/${name}?force=1`, { method: 'DELETE', timeoutMs: 60_000 })
  if (answer.status >= 300 && answer.status !== 404) throw new Error(words(answer))
}

/** Removes a volume. Does no harm when there is none. */
export async function removeVolume(engine: Target, name: string): Promise<void> {
  const answer = await call(engine, `/volumes/${name}?force=1`, { method: 'DELETE' })
  if (answer.status >= 300 && answer.status !== 404) throw new Error(words(answer))
}

/** Gets pieces of a container's output, with the stream they came on. */
type Listener = (stream: 'out' | 'err', piece: Buffer) => void

/**
 * Streams a container's output as it comes, until it ends. Of one that ends at once the engine may leave out what it has not written yet:
 * what has to be whole is read afterwards, by `outputOf`.
 */
export const follow = (engine: Target, id: string, each: Listener): Promise<void> =>
  logs(engine, id, 'follow=1&stdout=1&stderr=1', each)

/** What a container that has ended printed on standard output. */
export async function outputOf(engine: Target, id: string): Promise<Buffer> {
  const pieces: Buffer[] = []
  await logs(engine, id, 'stdout=1', (_, piece) => pieces.push(piece))
  return Buffer.concat(pieces)
}

async function logs(engine: Target, id: string, query: string, each: Listener): Promise<void> {
  const message = await open(engine, `/containers/${id}/logs?${query}`, { timeoutMs: 3_600_000 })
  let rest = Buffer.alloc(0)
  for await (const chunk of message) {
    rest = Buffer.concat([rest, chunk as Buffer])
    while (rest.length >= 8 && rest.length >= 8 + rest.readUInt32BE(4)) {
      const size = rest.readUInt32BE(4)
      each(rest[0] === 2 ? 'err' : 'out', rest.subarray(8, 8 + size))
      rest = rest.subarray(8 + size)
    }
  }
}

/** Waits for a container to end and answers its exit code. */
export async function exitOf(engine: Target, id: string): Promise<number> {
  for (;;) {
    const { State: state } = await json<{
      readonly State: { readonly Status: string; readonly ExitCode: number }
    }>(engine, `/containers/${id}/json`)
    if (state.Status === 'exited' || state.Status === 'dead') return state.ExitCode
    await sleep(200)
  }
}

/** Runs a short container to its end, answers what it printed on standard output and removes it. */
export async function runOnce(
  engine: Target,
  name: string,
  spec: ContainerSpec,
): Promise<{ readonly code: number; readonly out: string }> {
  const id = await start(engine, name, spec)
  const code = await exitOf(engine, id)
  const out = (await outputOf(engine, id)).toString()
  await removeContainer(engine, id)
  return { code, out }
}

/** A container that is there and does nothing: stands for a component whose work the lab does not need. */
export const idle = (image: string): Pick<ContainerSpec, 'Image' | 'Entrypoint' | 'Cmd'> => ({
  Image: image,
  Entrypoint: ['/bin/sh', '-c'],
  Cmd: ['trap "exit 0" TERM INT; while :; do sleep 86400 & wait $!; done'],
})
