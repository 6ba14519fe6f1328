import type { Result } from './command.ts'
import type { Lab } from './harness.ts'
import { sampleImage } from './images.ts'
import { adminPassword, registryName } from './playbook.ts'
import { get } from './vendor.ts'

/** What a client saw that pulled all the time. */
export interface Pulls {
  readonly count: number
  /** With time and the client's own words. */
  readonly failed: readonly string[]
  /** The most that failed one right after another. */
  readonly inARow: number
  /** Of the slowest pull that came. */
  readonly slowestMs: number
}

const image = `${registryName}/admin/pulled:1`
const login = `export DOCKER_CONFIG=/tmp/pulls; echo '${adminPassword}' | docker login -u admin --password-stdin ${registryName} >/dev/null`

/** Makes the repository and pushes the image that `pullEverySecond` wants, through the balancer. */
export async function pushForPulls(lab: Lab, host: string): Promise<void> {
  const path = `https://${registryName}/api/v0/repositories/admin`
  await get(lab, path, `-u 'admin:${adminPassword}' -d '{"name":"pulled"}'`)
  const pushed = await lab
    .host(host)
    .exec(`${login} && docker tag ${sampleImage} ${image} && docker push ${image}`)
  if (pushed.code !== 0) throw new Error(`could not push ${image}: ${pushed.err}`)
}

/**
 * A client that pulls through the balancer every second, each time anew: docker's own client, no retries of ours. Goes on while `work` is
 * at it, and once more afterwards.
 */
export async function pullEverySecond<T>(
  lab: Lab,
  host: string,
  work: () => Promise<T>,
): Promise<{ readonly pulls: Pulls; readonly done: T }> {
  const client = lab.host(host)
  await client.exec('rm -f /tmp/pulls.end')
  const pulling: Promise<Result> = client.exec(
    `${login} || exit 1
while :; do
  last=$(ls /tmp/pulls.end 2>/dev/null)
  docker rmi -f ${image} >/dev/null 2>&1
  began=$(date +%s%3N)
  if said=$(timeout 60 docker pull -q ${image} 2>&1); then word=ok; else word="failed: $said"; fi
  took=$(( $(date +%s%3N) - began ))
  echo "$took $(date +%T) $word" | tr '\\n' ' '; echo
  [ -z "$last" ] || exit 0
  [ "$took" -ge 1000 ] || sleep "$(printf '0.%03d' $((1000 - took)))"
done`,
    { timeoutMs: 3_600_000 },
  )
  let done: T
  try {
    done = await work()
  } finally {
    await client.exec('touch /tmp/pulls.end')
  }
  const ended = await pulling
  if (ended.code !== 0) throw new Error(`the client could not pull at all: ${ended.err}`)
  const lines = ended.out.split('\n').filter(Boolean)
  return {
    done,
    pulls: {
      count: lines.length,
      failed: lines.filter(line => !isOk(line)),
      inARow: Math.max(...lines.map((_, at) => failuresUpTo(lines, at))),
      slowestMs: Math.max(...lines.map(line => Number.parseInt(line, 10))),
    },
  }
}

const isOk = (line: string): boolean => /^\d+ \S+ ok\s*$/.test(line)

function failuresUpTo(lines: readonly string[], at: number): number {
  const before = lines.slice(0, at + 1).findLastIndex(isOk)
  return at - before
}

/** What is printed of it. */
export const tell = (what: string, { count, failed, inARow, slowestMs }: Pulls): string =>
  [
    `pulls while ${what}: ${String(count)}, failed: ${String(failed.length)} (at most ${String(inARow)} in a row), slowest ${String(slowestMs)} ms`,
    ...failed,
  ].join('\n  ')
