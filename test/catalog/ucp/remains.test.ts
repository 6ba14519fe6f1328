import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { facts as dockerFacts } from '../../../src/catalog/docker/facts.ts'
import { remains } from '../../../src/catalog/ucp/facts.ts'
import { REMAINS, SWEEP } from '../../../src/catalog/ucp/scripts.ts'
import { bench } from '../sh.ts'

/** A docker of a few lines that has what stands in files beside it. */
const docker = `case "$1 $2" in
"info --format") cat "$BENCH/state" 2>/dev/null || echo inactive ;;
"ps --all") cat "$BENCH/containers" 2>/dev/null || true ;;
"volume ls") printf 'ucp-kv\\nmy-ucp-notes\\n' ;;
*) echo "$*" >> "$BENCH/done" ;;
esac`

describe('what UCP leaves on a host', () => {
  it('is counted, and only what is called so', async () => {
    const one = bench({ docker })
    try {
      const { code, stdout, stderr } = await one.run(REMAINS, [])
      expect(remains.parse({ code: code ?? undefined, stdout, stderr }, undefined)).toEqual({
        containers: 0,
        volumes: 1,
      })
    } finally {
      one.done()
    }
  })

  it('is taken away on a host that left, volumes of others excepted', async () => {
    const one = bench({ docker })
    try {
      expect((await one.run(SWEEP, [])).code).toBe(0)
      expect(readFileSync(join(one.dir, 'done'), 'utf8')).toBe('volume rm ucp-kv\n')
    } finally {
      one.done()
    }
  })

  it('stays where the host is still in a swarm', async () => {
    const one = bench({
      docker: docker.replace('cat "$BENCH/state" 2>/dev/null || echo inactive', 'echo active'),
    })
    try {
      const { code, stderr } = await one.run(SWEEP, [])
      expect([code, stderr]).toEqual([1, 'this host is still in a swarm (active)\n'])
      expect(existsSync(join(one.dir, 'done'))).toBe(false)
    } finally {
      one.done()
    }
  })
})

describe('what a node still does', () => {
  const ask = (name: string, stdout: string, stderr = '', code = 0) =>
    dockerFacts.find(fact => fact.name === name)?.parse({ code, stdout, stderr }, { id: 'n1' })

  it('counts tasks that run, without the agents', () => {
    const lines =
      'web.1|Running 3 hours ago\nucp-worker-agent-x.n1|Running 2 days ago\nweb.2|Shutdown 1 minute ago\n'
    expect(ask('docker.tasks', lines)).toEqual({ running: 1 })
    expect(ask('docker.tasks', '', 'Error: No such node: n1', 1)).toEqual({ running: 0 })
    expect(ask('docker.tasks', '', 'Cannot connect', 1)).toBeUndefined()
    expect(ask('docker.tasks', 'what is this')).toBeUndefined()
  })

  it('says nothing is asked of a node that is gone, and that it cannot tell without a leader', () => {
    const line = { ID: 'n2', Hostname: 'b', Status: 'Ready', Availability: 'Active', ManagerStatus: 'Leader' }
    expect(ask('docker.duty', JSON.stringify(line))).toEqual({ manager: false, drained: true })
    expect(ask('docker.duty', JSON.stringify({ ...line, ID: 'n1' }))).toEqual({
      manager: true,
      drained: false,
    })
    expect(ask('docker.duty', '', 'The swarm does not have a leader', 1)).toBeUndefined()
  })
})
