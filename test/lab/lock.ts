import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Runs `work` while no other process holds the lock file. The lock is flock(2)'s, held by a child whose standard input
 * we keep open: it ends with us, however we end.
 */
export async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true })
  const script = 'echo locked; cat > /dev/null'
  const child = spawn('flock', ['--exclusive', '--timeout', '600', path, 'sh', '-c', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => {
      resolve()
    })
    child.once('error', reject)
    child.once('exit', () => {
      reject(new Error(`another process has held ${path} for ten minutes`))
    })
  })
  try {
    return await work()
  } finally {
    child.stdin.end()
  }
}
