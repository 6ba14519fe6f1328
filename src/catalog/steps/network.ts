import type { Estate } from '../../twin/estate.ts'
import { pingOf } from '../dtr/state.ts'
import { osOf } from '../os/bareHost.ts'
import { exit } from '../os/model.ts'
import { controllerOn } from '../ucp/estate.ts'
import type { Answer } from './action.ts'

/** How the twin's hosts answer over the network: what is waited for is mostly a product of the catalog. */
export const answerNetwork: Answer = ({ argv }, host, estate) => {
  const [program] = argv
  if (program === 'curl' && argv.at(-1) === 'runbook-step') {
    const url = new URL(argv[1] ?? '')
    const status = statusOf(url, ownerOf(url.hostname, host, estate), estate)
    if (status !== undefined) return exit(0, String(status))
    return exit(7, '000', `curl: (7) Failed to connect to ${url.host}: Connection refused\n`)
  }
  if (program === 'timeout' && argv[2] === 'bash' && argv[4]?.includes('/dev/tcp/')) {
    const [address = '', port = ''] = argv.slice(-2)
    const owner = ownerOf(address, host, estate)
    const isOpen = owner !== undefined && (port === '22' || listens(owner, Number(port), estate))
    return isOpen
      ? exit(0)
      : exit(
          1,
          '',
          `bash: connect: Connection refused\nbash: /dev/tcp/${address}/${port}: Connection refused\n`,
        )
  }
  return undefined
}

/** The host an address belongs to, as seen from another. */
function ownerOf(address: string, from: string, estate: Estate): string | undefined {
  if (['127.0.0.1', 'localhost', '[::1]'].includes(address)) return from
  return Object.keys(estate.hosts).find(name => {
    const { address: own, hostname } = osOf(estate, name)
    return estate.hosts[name]?.up === true && [name, own, hostname].includes(address)
  })
}

function listens(host: string, port: number, estate: Estate): boolean {
  return controllerOn(estate, host)?.ucp.controllerPort === port || pingOf(estate, host, port) !== undefined
}

/** Undefined: nothing listens there. */
function statusOf(url: URL, host: string | undefined, estate: Estate): number | undefined {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  if (host === undefined || !listens(host, port, estate)) return undefined
  if (url.pathname !== '/_ping') return 404
  const controller = controllerOn(estate, host)
  if (controller?.ucp.controllerPort === port) return controller.healthy ? 200 : 500
  return pingOf(estate, host, port)?.code
}
