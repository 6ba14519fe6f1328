import { type AddressInfo, type Server, type Socket, createServer } from 'node:net'
import type ssh2 from 'ssh2'
import type { Exit } from '../plan/fact.ts'
import type { Host, HostName } from '../plan/step.ts'
import { PRELUDE } from '../hosts/prelude.ts'
import { FENCED_CODE, Fenced, type Fence, showLease } from '../hosts/custody.ts'
import { mark } from '../hosts/scan.ts'
import type { Connect, Line, Session } from '../hosts/session.ts'
import { SUDO_WORDS, bootCommand } from '../hosts/sudo.ts'
import { callReader } from '../hosts/unwire.ts'
import type { Call } from '../hosts/wire.ts'

export interface ServeOptions {
  /** Channels at once on one connection, as sshd's MaxSessions. Default 10. */
  readonly maxSessions?: number
  /** Shown before the login. */
  readonly banner?: string
  /** What sudo wants where a host's `sudo` is a password. Absent: any password is right. */
  readonly sudoPassword?: string
  /** Called for each message that a host gets, before it is acted on: `drop()` cuts that connection there. */
  readonly onCall?: (host: HostName, call: Call, drop: () => void) => void
}

export interface Served {
  /** Port on 127.0.0.1 by host. */
  readonly ports: { readonly [name: HostName]: number }
  /** All hosts' keys in known_hosts form. */
  readonly knownHosts: string
  /** The private key that all hosts let in, in OpenSSH's form. */
  readonly clientKey: string
  /** The same host as it is reached here. */
  at(host: Host): Host
  /** Cuts all connections, or those of one host, as a broken line does. What runs goes on. */
  dropConnections(name?: HostName): void
  close(): Promise<void>
}

/**
 * Real SSH servers on loopback, one a host, in front of the sessions of a pretend estate. They let in one key, and no shell ever
 * runs: a channel must ask for the very command and prelude that hosts/ssh.ts sends, and messages are read as data. So what is
 * rehearsed is the real transport.
 */
export async function serveTwin(
  connect: Connect,
  hosts: readonly Host[],
  options: ServeOptions = {},
): Promise<Served> {
  const { default: lib } = await import('ssh2')
  const client = keyPair(lib)
  const allowed = parsed(lib, client.public)
  const ports: { [name: HostName]: number } = {}
  const listeners: Server[] = []
  const sockets = new Map<HostName, Set<Socket>>()
  let knownHosts = ''

  for (const host of hosts) {
    const key = keyPair(lib)
    const jobs = new Map<string, Job>()
    const open = new Set<Socket>()
    sockets.set(host.name, open)
    // One ssh2 server a connection: it never tells which socket a connection has, and we must be able to cut just that one.
    const listener = createServer({ noDelay: true }, socket => {
      open.add(socket)
      socket.on('close', () => open.delete(socket))
      const server = new lib.Server({
        hostKeys: [key.private],
        ...(options.banner === undefined ? {} : { banner: options.banner }),
      })
      server.on('error', () => undefined)
      server.on('connection', connection => {
        serveConnection(connection, host, connect(host), jobs, allowed, options, () => socket.destroy())
      })
      server.injectSocket(socket)
    })
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject)
      listener.listen(0, '127.0.0.1', resolve)
    })
    const port = (listener.address() as AddressInfo).port
    ports[host.name] = port
    listeners.push(listener)
    const publicKey = parsed(lib, key.public)
    knownHosts += `[127.0.0.1]:${String(port)} ${publicKey.type} ${publicKey.getPublicSSH().toString('base64')}\n`
  }

  const dropConnections = (name?: HostName): void => {
    for (const [host, open] of sockets) {
      if (name !== undefined && name !== host) continue
      for (const socket of open) socket.destroy()
    }
  }
  return {
    ports,
    knownHosts,
    clientKey: client.private,
    at: ({ name, user, roles, sudo, site }) => ({
      name,
      address: '127.0.0.1',
      port: ports[name] ?? 0,
      user,
      roles,
      sudo,
      ...(site === undefined ? {} : { site }),
    }),
    dropConnections,
    async close() {
      dropConnections()
      await Promise.all(
        listeners.map(
          listener =>
            new Promise<void>(resolve =>
              listener.close(() => {
                resolve()
              }),
            ),
        ),
      )
    },
  }
}

/** Now and then ssh2 makes a key that it cannot read itself. */
function keyPair(lib: typeof ssh2): { readonly private: string; readonly public: string } {
  for (;;) {
    const made = lib.utils.generateKeyPairSync('ed25519')
    const both = [lib.utils.parseKey(made.public), lib.utils.parseKey(made.private)]
    if (!both.some(key => key instanceof Error)) return made
  }
}

function parsed(lib: typeof ssh2, key: string): ssh2.ParsedKey {
  const result = lib.utils.parseKey(key)
  if (result instanceof Error) throw result
  return result
}

function serveConnection(
  connection: ssh2.Connection,
  host: Host,
  session: Promise<Session>,
  jobs: Map<string, Job>,
  allowed: ssh2.ParsedKey,
  options: ServeOptions,
  drop: () => void,
): void {
  // A host that is down has no SSH server either.
  session.catch(drop)
  admit(connection, host, allowed)
  let sessions = 0
  connection.on('error', () => undefined)
  connection.on('session', (accept, reject) => {
    if (sessions >= (options.maxSessions ?? 10)) {
      reject()
      return
    }
    sessions += 1
    const channelSession = accept()
    channelSession.on('close', () => {
      sessions -= 1
    })
    channelSession.on('exec', (acceptExec, rejectExec, { command }) => {
      if (command === bootCommand(host.sudo)) serveShell(acceptExec(), host, session, jobs, options, drop)
      else rejectExec()
    })
  })
  connection.on('tcpip', (_accept, reject) => {
    reject()
  })
}

function admit(connection: ssh2.Connection, host: Host, allowed: ssh2.ParsedKey): void {
  connection.on('authentication', context => {
    if (context.method !== 'publickey' || context.username !== host.user) {
      context.reject(['publickey'])
      return
    }
    const right = context.key.data.equals(allowed.getPublicSSH())
    if (
      right &&
      (context.signature === undefined ||
        allowed.verify(context.blob ?? Buffer.alloc(0), context.signature, context.hashAlgo))
    ) {
      context.accept()
    } else context.reject(['publickey'])
  })
}

/** A job that was started through this server; it goes on when the connection does not. */
interface Job {
  exit?: Exit
  failed?: Error
  readonly done: Promise<void>
}

/** One channel: what `sh` with the prelude does on a real host, on a Session. */
function serveShell(
  channel: ssh2.ServerChannel,
  host: Host,
  connected: Promise<Session>,
  jobs: Map<string, Job>,
  options: ServeOptions,
  drop: () => void,
): void {
  const decoder = new TextDecoder()
  const read = callReader()
  let expected = typeof host.sudo === 'object' ? undefined : PRELUDE
  let text = ''
  let nonce = ''
  let gone = false
  let turn = Promise.resolve()
  let fence: Fence | undefined
  let file: { readonly path: string; readonly mode: string; readonly parts: Uint8Array[] } | undefined

  const stop = (reason: string): void => {
    gone = true
    channel.stderr.write(`twin: ${reason}\n`)
    channel.exit(2)
    channel.end()
  }
  const both = (...words: readonly string[]): void => {
    if (gone) return
    channel.write(mark(nonce, words))
    channel.stderr.write(mark(nonce, words))
  }
  const say = (stdout: string | Uint8Array, stderr: string | Uint8Array): void => {
    if (gone) return
    if (stdout.length > 0) channel.write(stdout)
    if (stderr.length > 0) channel.stderr.write(stderr)
  }

  const act = async (call: Call): Promise<void> => {
    const session = await connected
    switch (call.call) {
      case 'hello':
        nonce = call.nonce
        both('hello', '0')
        return
      case 'probe': {
        both('b', String(call.id))
        const [exit] = await session.probe([call.line], { timeoutMs: call.seconds * 1000 })
        if (exit === undefined) throw new Error('no answer')
        say(exit.stdout, exit.stderr)
        both('e', String(call.id), String(exit.code ?? 137))
        return
      }
      case 'job': {
        both('b', String(call.id))
        if (jobs.get(call.name)?.exit !== undefined || !jobs.has(call.name))
          jobs.set(call.name, begin(session, call.name, call.line, call.seconds, fence))
        fence = undefined
        both('e', String(call.id), '0')
        return
      }
      case 'follow': {
        both('b', String(call.id))
        const job = jobs.get(call.name)
        const limitMs = 1000 * call.delays.reduce((sum, delay) => sum + delay, 0)
        if (job !== undefined) await settled(job.done, limitMs)
        if (job?.failed instanceof Fenced) {
          jobs.delete(call.name)
          both('e', String(call.id), 'fenced')
          return
        }
        if (job?.failed !== undefined) throw job.failed
        say(after(job?.exit?.stdout, call.out), after(job?.exit?.stderr, call.err))
        both('e', String(call.id), ...state(job))
        return
      }
      case 'open':
        both('b', String(call.id))
        file = { path: call.path, mode: call.mode, parts: [] }
        both('e', String(call.id), '0')
        return
      case 'data':
        file?.parts.push(call.bytes)
        return
      case 'close': {
        both('b', String(call.id))
        const written = file
        file = undefined
        const under = fence
        fence = undefined
        try {
          const exit =
            written === undefined
              ? undefined
              : await session.write(written.path, Buffer.concat(written.parts), written.mode, under)
          say(exit?.stdout ?? '', exit?.stderr ?? '')
          both('e', String(call.id), String(exit?.code ?? 1))
        } catch (error) {
          if (!(error instanceof Fenced)) throw error
          both('e', String(call.id), String(FENCED_CODE))
        }
        return
      }
      case 'fence':
        fence = { epoch: call.epoch, nonce: call.nonce }
        return
      case 'lease': {
        both('b', String(call.id))
        const seen = await session.lease?.(call.act)
        say(seen === undefined ? '' : showLease(seen), seen?.trouble ?? '')
        both('e', String(call.id), seen === undefined || seen.trouble !== undefined ? '1' : '0')
        return
      }
      case 'audit': {
        both('b', String(call.id))
        say((await session.audit?.(call.lines)) ?? '', '')
        both('e', String(call.id), '0')
        return
      }
      case 'keep': {
        both('b', String(call.id))
        const kept = await session.keep?.(call.act)
        say(kept ?? '', '')
        both('e', String(call.id), kept === undefined ? '1' : '0')
      }
    }
  }

  channel.on('data', (chunk: Buffer) => {
    if (gone) return
    text += decoder.decode(chunk, { stream: true })
    if (expected === undefined) {
      const end = text.indexOf('\n')
      if (end === -1) return
      const password = text.slice(0, end)
      text = text.slice(end + 1)
      if (options.sudoPassword !== undefined && password !== options.sudoPassword) {
        channel.stderr.write(`Sorry, try again.\n${SUDO_WORDS.prompt}`)
        return
      }
      expected = PRELUDE
      channel.write(`${SUDO_WORDS.ready}\n`)
    }
    if (expected !== '') {
      const length = Math.min(expected.length, text.length)
      if (!text.startsWith(expected.slice(0, length))) {
        stop('this is not the prelude of this version')
        return
      }
      expected = expected.slice(length)
      text = text.slice(length)
    }
    try {
      for (const call of read(text)) {
        turn = turn.then(async () => {
          if (gone) return
          options.onCall?.(host.name, call, drop)
          await act(call)
        })
        turn.catch(() => {
          // A session that is unreachable is a line that is dead.
          gone = true
          drop()
        })
      }
      text = ''
    } catch (error) {
      stop(error instanceof Error ? error.message : String(error))
    }
  })
  channel.on('close', () => {
    gone = true
  })
  channel.on('error', () => {
    gone = true
  })
  if (expected === undefined) channel.stderr.write(SUDO_WORDS.prompt)
}

/** Output is sent when the job has ended: a session's lines need not be a beginning of its whole output, byte for byte. */
function begin(session: Session, name: string, line: Line, seconds: number, fence: Fence | undefined): Job {
  const running = session.exec(line, {
    job: name,
    timeoutMs: seconds * 1000,
    onLine: () => undefined,
    ...(fence && { fence }),
  })
  const job: Job = {
    done: running.then(
      exit => {
        job.exit = exit
      },
      (error: unknown) => {
        job.failed = error instanceof Error ? error : new Error(String(error))
      },
    ),
  }
  return job
}

function state(job: Job | undefined): string[] {
  if (job === undefined) return ['wait']
  if (job.exit === undefined) return ['run']
  if (job.exit.code === undefined) return ['gone']
  return [job.exit.timedOut ? 'late' : 'rc', String(job.exit.code)]
}

/** What follows after the first `from` bytes. */
function after(text: string | undefined, from: number): Uint8Array {
  return Buffer.from(text ?? '').subarray(from)
}

/** Resolves with the promise, or after the time. */
async function settled(promise: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([promise, new Promise<void>(resolve => (timer = setTimeout(resolve, limitMs)))])
  clearTimeout(timer)
}
