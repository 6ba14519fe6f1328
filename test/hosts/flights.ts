import { type AddressInfo, type Socket, connect, createServer } from 'node:net'

export interface SlowLine {
  readonly port: number
  /** Groups of packets from the client that followed something new from the server: what each costs is a round trip. */
  flights(): number
  reset(): void
  /** Cuts all connections. */
  cut(): void
  close(): Promise<void>
}

/**
 * A line to a port (of loopback, unless a host is named) that takes `halfMs` each way, so that flights are told apart as they are
 * on a real one, and counts them. The TCP handshake of the line itself is not among them.
 */
export async function slowLine(port: number, halfMs: number, host = '127.0.0.1'): Promise<SlowLine> {
  let flights = 0
  let answered = true
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, client => {
    const far = connect({ port, host, noDelay: true })
    for (const socket of [client, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        far.destroy()
      })
    }
    client.on('data', data => {
      if (answered) flights += 1
      answered = false
      setTimeout(() => far.write(data), halfMs)
    })
    far.on('data', data => {
      setTimeout(() => {
        answered = true
        client.write(data)
      }, halfMs)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    flights: () => flights,
    reset() {
      flights = 0
      answered = true
    },
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise(resolve =>
        server.close(() => {
          resolve()
        }),
      )
    },
  }
}
