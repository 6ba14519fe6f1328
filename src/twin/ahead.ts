import { FENCED_CODE, Fenced, type Fence } from '../hosts/custody.ts'
import { LOOK_SECONDS } from '../hosts/ahead.ts'
import type { AheadCall } from '../hosts/aheadWire.ts'
import type { Session } from '../hosts/session.ts'
import { judge } from '../plan/telling.ts'
import type { Exit } from '../plan/fact.ts'

/** What a window needs of the shell it is served by. */
export interface Stage {
  readonly session: Session
  readonly both: (...words: readonly string[]) => void
  readonly say: (stdout: string, stderr: string) => void
  /** Runs a command under its name, or says what became of it. @throws Fenced */
  readonly run: (call: Extract<AheadCall, { call: 'deed' }>, fence: Fence | undefined) => Promise<Exit>
}

/** What `sh` does with the functions of hosts/aheadPrelude.ts, on a Session. One of these is one channel's. */
export function serveAhead(): (call: AheadCall, fence: Fence | undefined, stage: Stage) => Promise<void> {
  let go: 'halt' | 'skip' | 'look' | 'act' = 'halt'
  let need = false

  return async (call, fence, { session, both, say, run }) => {
    if (call.call === 'stride') {
      need = false
      if (go !== 'halt') go = 'look'
      return
    }
    const id = String(call.id)
    both('b', id)
    switch (call.call) {
      case 'ahead':
        go = 'skip'
        both('e', id, 'ok')
        return
      case 'glance': {
        if (call.role === 'after' ? go !== 'act' : go !== 'look') {
          both('e', id, 'skip', '0')
          return
        }
        const [exit] = await session.probe([call.line], { timeoutMs: (call.seconds || LOOK_SECONDS) * 1000 })
        if (exit === undefined) throw new Error('no answer')
        const told = judge(call, exit)
        if (call.role === 'goal' && told === 'lacks') need = true
        else if (told !== 'holds') go = 'halt'
        const [line = ''] = exit.stderr.split('\n')
        say(withEnd(exit.stdout.replace(/\n+$/, '')), withEnd(line))
        both('e', id, told, String(exit.code ?? 137))
        return
      }
      case 'act': {
        if (go !== 'look') {
          both('e', id, go)
          return
        }
        const ours = fence === undefined || (await isHeld(session, fence))
        go = !need ? 'skip' : ours ? 'act' : 'halt'
        both('e', id, need && !ours ? 'fenced' : go)
        return
      }
      case 'deed':
      case 'put': {
        if (go !== 'act') {
          both('e', id, 'skip')
          return
        }
        const exit = await fencedOr(() =>
          call.call === 'deed' ? run(call, fence) : session.write(call.path, call.bytes, call.mode, fence),
        )
        if (exit === FENCED_CODE) {
          go = 'halt'
          both('e', id, 'fenced')
          return
        }
        if (exit.code !== 0 || exit.timedOut) go = 'halt'
        say(exit.stdout, exit.stderr)
        both(
          'e',
          id,
          ...(exit.code === undefined ? ['gone'] : [exit.timedOut ? 'late' : 'rc', String(exit.code)]),
        )
        return
      }
      case 'over':
        go = 'halt'
        both('e', id, '0')
    }
  }
}

async function isHeld(session: Session, { epoch, nonce }: Fence): Promise<boolean> {
  const seen = await session.lease?.({ verb: 'look' })
  return seen?.epoch === epoch && seen.nonce === nonce && seen.ended === undefined
}

async function fencedOr(act: () => Promise<Exit>): Promise<Exit | typeof FENCED_CODE> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof Fenced) return FENCED_CODE
    throw error
  }
}

function withEnd(text: string): string {
  return text === '' ? '' : `${text}\n`
}
