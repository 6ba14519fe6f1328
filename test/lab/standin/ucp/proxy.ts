import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { createServer } from 'node:tls'
import { proxyPort } from './state.ts'

/** `ucp-proxy`: the engine's socket behind mutual TLS, for the controllers. */
export function proxy(): void {
  const file = (name: string): string => readFileSync(`/node-certs/${name}.pem`, 'utf8')
  const server = createServer(
    { ca: file('ca'), cert: file('cert'), key: file('key'), requestCert: true, rejectUnauthorized: true },
    socket => {
      const engine = connect('/var/run/docker.sock')
      socket.pipe(engine).pipe(socket)
      const end = (): void => {
        socket.destroy()
        engine.destroy()
      }
      socket.on('error', end).on('close', end)
      engine.on('error', end).on('close', end)
    },
  )
  server.listen(proxyPort, '0.0.0.0')
  process.once('SIGTERM', () => process.exit(0))
}
