import { createServer } from 'node:net'

const isFree = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const server = createServer()
    server.once('error', () => {
      resolve(false)
    })
    server.listen(port, '0.0.0.0', () => {
      server.close(() => {
        resolve(true)
      })
    })
  })

/** Prints those of the given ports that something else listens on; exit code 1 when there are any. */
export async function ports(words: readonly string[]): Promise<void> {
  const blocked: string[] = []
  for (const word of words) if (!(await isFree(Number(word)))) blocked.push(word)
  process.stdout.write(blocked.join(', '))
  process.exitCode = blocked.length === 0 ? 0 : 1
}
