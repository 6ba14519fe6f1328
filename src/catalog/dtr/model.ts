import type { Exit } from '../../plan/fact.ts'
import type { Line } from '../../hosts/session.ts'
import type { Estate, Model, Pending } from '../../twin/estate.ts'
import { containersOn, engineIsUp, engineState, engineVersion, peekEngine } from '../docker/estate.ts'
import { notFound, statusText } from '../docker/model.ts'
import { osOf } from '../os/bareHost.ts'
import { exit } from '../os/model.ts'
import { nobodyListens, request, secondsLine } from './modelApi.ts'
import { bootstrapper, marked } from './modelBootstrapper.ts'
import { dataLines, wipe } from './modelRepair.ts'
import { pingOf, replicaOn, twinDtr } from './state.ts'

/** How the twin's registry answers: bootstrapper, API over a replica's loopback, and our named scripts. */
export const model: Model = (line, host, estate) => {
  const [program, ...words] = line.argv
  if (program === 'docker' && words.includes('run') && words.some(word => /(^|\/)dtr:\d/.test(word)))
    return bootstrapper(line, estate)
  if (program === 'curl') return overHttp(words, host, estate)
  if (program !== 'sh' || words[0] !== '-c') return undefined
  const named = words[2] ?? ''
  return named.startsWith('runbook-dtr-') ? script(named, words.slice(3), line, host, estate) : undefined
}

function script(
  named: string,
  words: readonly string[],
  line: Line,
  host: string,
  estate: Estate,
): Exit | Pending | undefined {
  const stdin = line.stdin ?? ''
  switch (named) {
    case 'runbook-dtr-cluster':
    case 'runbook-dtr-unknown':
    case 'runbook-dtr-settings':
    case 'runbook-dtr-api':
      if (!osOf(estate, host).curl) return notFound('curl')
      return api(named, words, stdin, host, estate)
  }
  if (named === 'runbook-dtr-mark')
    return exit(0, estate.hosts[host]?.files[`/run/runbook-dtr-${words[0] ?? ''}`] ? 'ours\n' : 'none\n')
  if (named === 'runbook-dtr-webcertificate')
    return replicaOn(estate, host, Number(words[0])) === undefined
      ? exit(4, '', 'nothing answers with a certificate\n')
      : exit(
          0,
          `notAfter=${twinDtr(estate)?.certificateEnds ?? 'Jan  1 00:00:00 2031 GMT'}\nnames=DNS:dtr.example.com\nend=1\n`,
        )
  if (engineVersion(estate, host) === undefined) return notFound('docker')
  if (!engineIsUp(estate, host))
    return exit(
      1,
      '',
      'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n',
    )
  switch (named) {
    case 'runbook-dtr-replica':
      return parts(host, estate)
    case 'runbook-dtr-sweep':
      return sweepAway(host, estate)
    case 'runbook-dtr-ports':
      return frontLines(host, estate)
    case 'runbook-dtr-image':
      return {
        tookMs: 20_000,
        finish: () => exit(0, `Status: Downloaded newer image for ${words[0] ?? ''}\n`),
      }
    case 'runbook-dtr-install':
    case 'runbook-dtr-restore':
    case 'runbook-dtr-join':
      return marked(line, host, estate)
    case 'runbook-dtr-clear': {
      const { containers } = engineState(estate, host)
      const left = containers['dtr-phase2']
      if (left?.exitCode === null) return exit(3, '', 'runbook: dtr-phase2 runs\n')
      Reflect.deleteProperty(containers, 'dtr-phase2')
      return exit(0)
    }
    case 'runbook-dtr-data':
      return dataLines(estate, host, words[0] ?? '')
    case 'runbook-dtr-wipe':
      return wipe(estate, host, words[0] ?? '')
    case 'runbook-dtr-leave': {
      const known = api('runbook-dtr-unknown', words, stdin, host, estate)
      return known.code === 3 ? bootstrapper({ ...line, argv: words.slice(2) }, estate) : known
    }
    case 'runbook-dtr-start':
    case 'runbook-dtr-restart':
      return start(words[0] ?? '', host, estate)
  }
  return undefined
}

function parts(host: string, estate: Estate): Exit {
  const names = Object.entries(containersOn(estate, host))
    .filter(([name]) => name.includes('dtr-'))
    .map(
      ([name, one]) =>
        `${name}|${one.labels['com.docker.dtr.version'] ?? ''}|${statusText(one, estate.clockMs)}\n`,
    )
  const volumes = Object.keys(peekEngine(estate, host).volumes)
    .filter(name => name.includes('dtr-'))
    .map(name => `${name}\n`)
  return exit(0, `${names.join('')}volumes\n${volumes.join('')}end\n`)
}

function sweepAway(host: string, estate: Estate): Exit {
  const { containers, volumes } = engineState(estate, host)
  if (containers['dtr-phase2']?.exitCode === null)
    return exit(3, '', 'runbook: dtr-phase2 runs: a bootstrapper is at work\n')
  for (const kind of [containers, volumes])
    for (const name of Object.keys(kind))
      if (/^dtr-([a-z-]+-[0-9a-f]{12}|phase2)$/.test(name)) Reflect.deleteProperty(kind, name)
  const left = Object.keys(estate.hosts).some(name =>
    Object.keys(peekEngine(estate, name).containers).some(one => one.startsWith('dtr-rethinkdb-')),
  )
  // The database is gone with the last of its members.
  if (!left) Reflect.deleteProperty(estate.shared, 'dtr')
  return exit(0)
}

function frontLines(host: string, estate: Estate): Exit {
  const lines = Object.entries(containersOn(estate, host)).flatMap(([name, one]) => {
    const known = twinDtr(estate)?.members[name.replace('dtr-nginx-', '')]
    if (!name.startsWith('dtr-nginx-')) return []
    const ports =
      one.exitCode === null && known
        ? `0.0.0.0:${known.httpPort}->80/tcp, 0.0.0.0:${known.httpsPort}->443/tcp`
        : ''
    return [`${name}|${one.image}|${ports}\n`]
  })
  return exit(0, `${lines.join('')}end\n`)
}

function start(id: string, host: string, estate: Estate): Exit | Pending {
  const own = Object.entries(engineState(estate, host).containers).filter(
    ([name]) => name.startsWith('dtr-') && name.endsWith(`-${id}`),
  )
  if (own.length === 0) return exit(3, '', `runbook: no container of replica ${id} is on this host\n`)
  return {
    tookMs: 15_000,
    finish: now => {
      for (const [name] of own) {
        const one = engineState(now, host).containers[name]
        if (one)
          Object.assign(one, {
            exitCode: null,
            startsMs: now.clockMs,
            healthyMs: one.healthyMs === null ? null : now.clockMs + 20_000,
          })
      }
      const known = twinDtr(now)?.members[id]
      if (known) Reflect.deleteProperty(known, 'stoppedMs')
      if (known) Reflect.deleteProperty(known, 'staleMount')
      return exit(0, own.map(([name]) => `${name}\n`).join(''))
    },
  }
}

function api(named: string, words: readonly string[], stdin: string, host: string, estate: Estate): Exit {
  if (named === 'runbook-dtr-api') {
    const [method = '', port = '', path = '', codes = ''] = words
    const answer = request(estate, host, Number(port), stdin, method, path)
    if (!answer) return nobodyListens(Number(port))
    return codes.split(' ').includes(String(answer.code))
      ? exit(0)
      : exit(22, '', `${answer.body}\n${answer.code}\n`)
  }
  const port = Number(words[0])
  const get = (path: string) => request(estate, host, port, stdin, 'GET', path)
  const status = get('/api/v0/meta/cluster_status')
  if (!status)
    return {
      ...nobodyListens(port),
      stdout: named === 'runbook-dtr-cluster' ? secondsLine(estate, host) : '',
    }
  if (named === 'runbook-dtr-cluster')
    return exit(0, `${secondsLine(estate, host)}${status.body}\n${status.code}\n`)
  if (named === 'runbook-dtr-unknown') {
    if (status.code !== 200) return exit(22, '', `${status.body}\n${status.code}\n`)
    const known = twinDtr(estate)?.members[words[1] ?? ''] !== undefined
    return known
      ? exit(3, '', `runbook: the registry already knows replica ${words[1] ?? ''}, and it is not healthy.\n`)
      : exit(0)
  }
  const three = [
    '/api/v0/meta/settings',
    '/api/v0/admin/settings/registry',
    '/api/v0/repositories?pageSize=1',
  ].map(get)
  return exit(0, `${three.map(one => `${one?.body ?? ''}\n${one?.code ?? 0}\n`).join('')}end\n`)
}

function overHttp(words: readonly string[], host: string, estate: Estate): Exit | undefined {
  const address = words.at(-1) ?? ''
  const found = /^https:\/\/127\.0\.0\.1:(\d+)(\/_ping|\/ca)$/.exec(address)
  if (!found || words.includes('runbook-ucp')) return undefined
  if (!osOf(estate, host).curl) return notFound('curl')
  const port = Number(found[1])
  const ping = pingOf(estate, host, port)
  if (!ping || replicaOn(estate, host, port) === undefined) return nobodyListens(port)
  if (found[2] === '/ca') return exit(0, twinDtr(estate)?.ca ?? '')
  return exit(0, `${JSON.stringify({ Error: ping.error, Healthy: ping.code === 200 })}\n\n${ping.code}\n`)
}
