import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { openStore } from '../../src/cli/store/open.ts'
import { BLOCK_BYTES } from '../../src/hosts/wire.ts'
import type { Session } from '../../src/hosts/session.ts'
import type { Step, Store } from '../../src/plan/step.ts'
import { haul } from '../../src/run/haul.ts'
import { createRedact } from '../../src/run/redact.ts'
import type { Workplace } from '../../src/run/workplace.ts'
import type { Sessions, World } from '../../src/run/world.ts'

/**
 * One archive of so many gigabytes through the real op: from a session that makes it up as it goes, into a folder, and read back whole.
 * Words: FOLDER GIGABYTES [RECIPIENT IDENTITY]. Prints what the kernel says was the most memory this process ever had.
 */
const [folder = '', gigabytes = '5', recipient, identity = ''] = process.argv.slice(2)
const size = Math.round(Number(gigabytes) * 1e9)
const noise = createHash('sha512').update('noise').digest()
const block = Buffer.alloc(BLOCK_BYTES, noise)

/** The archive: one entry, made up block by block. */
const header = Buffer.alloc(512)
header.write('images/blob')
header.write('0000600\0' + '0000000\0' + '0000000\0', 100)
header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
header.write('00000000000\0' + '        ' + '0', 136)
header.write('ustar\x0000', 257)
header.write(
  `${header
    .reduce((sum, byte) => sum + byte, 0)
    .toString(8)
    .padStart(6, '0')}\0 `,
  148,
)
const whole = 512 + Math.ceil(size / 512) * 512 + 1024

function piece(from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; at += block.length) block.copy(bytes, at)
  // Each piece is another one, so that nothing can be put together from an earlier one.
  bytes.writeDoubleLE(from, Math.min(64, Math.max(0, length - 8)))
  if (from === 0) header.copy(bytes)
  if (from + length > whole - 1536) bytes.fill(0, Math.max(0, 512 + size - from))
  return bytes
}

const session = {
  read: (_: string, from: number, blocks: number) => {
    const at = from * BLOCK_BYTES
    return Promise.resolve({ bytes: piece(at, Math.min(blocks * BLOCK_BYTES, whole - at)), size: whole })
  },
} as unknown as Session
const sessions: Sessions = { to: () => Promise.resolve(session), closeAll: () => Promise.resolve() }
const store: Store = {
  directory: folder,
  ...(recipient !== undefined && { age: { recipients: [recipient], identity: { secret: 'identity' } } }),
}
const step = { id: 'backup.images@d1', host: 'd1' } as Step
const lines: string[] = []
const place = {
  sessions,
  world: {
    clock: { now: () => Date.now() },
    redact: createRedact(),
    depot: (of: Store, by: Sessions) => openStore(of, { folder, secret: () => identity, sessions: by }),
  } as unknown as World,
  record: (happening: { readonly kind: string; readonly line?: string }) => {
    if (happening.kind === 'output' && happening.line !== undefined) lines.push(happening.line)
  },
  unlessBroken: <T>(doing: Promise<T>) => doing,
} as unknown as Workplace

/** Kernel's word for the most, or the present, memory of this process, in kB. */
function memoryKb(name: 'VmHWM' | 'VmRSS'): number {
  return Number(
    new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1],
  )
}

const beforeKb = memoryKb('VmRSS')
const began = Date.now()
await haul(step, { keep: '/spool/images.tar', as: 'set/images.tar', store, timeoutSeconds: 7200 }, 0, place)
const keptMs = Date.now() - began
await haul(
  step,
  {
    prove: [{ name: 'set/images.tar', proof: { form: 'tar', entries: ['^images/blob$'], atLeast: 1 } }],
    manifest: 'set/SHA256SUMS',
    store,
    timeoutSeconds: 7200,
  },
  1,
  place,
)
const provenMs = Date.now() - began - keptMs
const peakKb = memoryKb('VmHWM')
process.stdout.write(`${JSON.stringify({ bytes: whole, keptMs, provenMs, beforeKb, peakKb, lines })}\n`)
