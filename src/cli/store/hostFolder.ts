import type { Session } from '../../hosts/session.ts'
import { BLOCK_BYTES } from '../../hosts/wire.ts'
import { DepotError } from '../../run/depot.ts'
import { pieces } from '../../run/haul.ts'
import type { Raw } from './raw.ts'

/** 4 MiB a message. */
const PIECE_BLOCKS = 64

/**
 * A folder of a host of the playbook, reached through the controller. What lies there counts only with the record that is written after
 * it, so a file that grew half-way is none.
 */
export function hostFolder(host: string, path: string, session: () => Promise<Session>): Raw {
  const at = (name: string): string => `${path}/${name}`
  const unable = (what: string, said = ''): DepotError =>
    new DepotError(
      `${host}: ${what}${said === '' ? '' : `: ${said.trim()}`}`,
      'look at the disk of that host, then resume',
    )
  const look = async (
    argv: readonly string[],
  ): Promise<{ readonly code: number | undefined; readonly stdout: string }> => {
    const [exit] = await (await session()).probe([{ argv, env: {} }], { timeoutMs: 30_000 })
    if (exit === undefined) throw unable('it does not answer')
    return exit
  }
  return {
    async put(name, bytes) {
      const to = await session()
      if (to.take === undefined) throw unable('this way to it takes no large files')
      let from = 0
      for await (const piece of pieces(bytes, PIECE_BLOCKS * BLOCK_BYTES)) {
        const exit = await to.take(at(name), from, piece, '0600')
        if (exit.code !== 0) throw unable(`${at(name)} could not be written`, exit.stderr)
        from += PIECE_BLOCKS
      }
    },
    async *get(name) {
      const of = await session()
      for (let from = 0; ; from += PIECE_BLOCKS) {
        const piece = await of.read?.(at(name), from, PIECE_BLOCKS)
        if (piece === undefined) throw unable(`${at(name)} cannot be read`)
        if (piece.bytes.length > 0) yield piece.bytes
        if (from * BLOCK_BYTES + piece.bytes.length >= piece.size) return
        if (piece.bytes.length < PIECE_BLOCKS * BLOCK_BYTES) throw unable(`${at(name)} ends before its end`)
      }
    },
    async text(name) {
      const piece = await (await session()).read?.(at(name), 0, PIECE_BLOCKS)
      return piece === undefined ? undefined : Buffer.from(piece.bytes).toString('utf8')
    },
    async folders() {
      const { code, stdout } = await look(['sh', '-c', FOLDERS, 'runbook-store-folders', path])
      if (code !== 0) throw unable(`${path} cannot be listed`)
      return stdout.split('\n').filter(line => line !== '')
    },
    async remove(name) {
      const exit = await (
        await session()
      ).exec(
        { argv: ['rm', '-rf', '--', at(name)], env: {} },
        { job: `store.remove.${name}`, timeoutMs: 600_000, onLine: () => undefined },
      )
      if (exit.code !== 0) throw unable(`${at(name)} could not be removed`, exit.stderr)
    },
  }
}

const FOLDERS = `[ -d "$1" ] || exit 0
for one in "$1"/*/; do
  [ -d "$one" ] || continue
  one=\${one%/}
  echo "\${one##*/}"
done`
