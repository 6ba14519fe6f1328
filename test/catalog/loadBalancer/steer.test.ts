import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { haproxySteerEnd, haproxyWatch, steer } from '../../../src/catalog/loadBalancer/steer.ts'
import { type Facts, factKey } from '../../../src/plan/fact.ts'
import { example } from '../dtr/onTwin.ts'
import { bench } from '../sh.ts'

const names = ['d1', 'd2', 'd3']
const servers = ['dtr_https', 'dtr_http'].flatMap(pool => names.map(name => `${pool}/${name}`))

/** What the script did while members were as the looks say: a letter each, `u` well, `x` failing its checks, `a` refusing connections. */
async function steered(first: string, looks: readonly string[], words: readonly string[] = servers) {
  const one = bench({
    // Each sleep is the next look.
    sleep: 'read -r n < "$BENCH/n"; echo $((n + 1)) > "$BENCH/n"',
    date: 'read -r n < "$BENCH/n"; echo $((n / 4))',
    socat: `read -r line
read -r n < "$BENCH/n"
case $line in
  show*) cat "$BENCH/look.$n" 2>/dev/null || cat "$BENCH/last" ;;
  *) echo "$n $line" >> "$BENCH/said"; echo ;;
esac`,
  })
  const stat = (states: string): string =>
    [
      'Name: none of these lines',
      '# pxname,svname,status,check_status,',
      ...['dtr_https', 'dtr_http'].flatMap(pool =>
        Array.from(states).map((state, i) => {
          const row = { u: 'UP,L7OK', x: 'UP 1/2,L7STS', a: 'DOWN,* L4CON', n: 'UP,INI' }[state] ?? ''
          return `${pool},d${String(i + 1)},${pool === 'dtr_https' ? row : 'UP,L7OK'},`
        }),
      ),
      '',
    ].join('\n')
  writeFileSync(join(one.dir, 'n'), '0\n')
  writeFileSync(join(one.dir, 'said'), '')
  looks.forEach((states, i) => {
    writeFileSync(join(one.dir, `look.${String(i)}`), stat(states))
  })
  writeFileSync(join(one.dir, 'last'), stat(looks.at(-1) ?? ''))
  const end = await one.run(haproxyWatch, [String(Math.ceil(looks.length / 4) + 1), first, ...words])
  const told = readFileSync(join(one.dir, 'said'), 'utf8').split('\n').filter(Boolean)
  one.done()
  expect(end.stderr).toBe('')
  const said = told.map(line => {
    const [at = '', server = '', state = ''] = line
      .replace('set server ', '')
      .replace(' state', '')
      .split(' ')
    return { at: Number(at), server, state }
  })
  /** Who takes new connections at a look, as the balancer was told. */
  const serving = (at: number): string =>
    names
      .filter(name => said.findLast(s => s.at <= at && s.server === `dtr_https/${name}`)?.state !== 'drain')
      .join(' ')
  return { code: end.code, said, serving, log: end.stdout }
}

const times = (count: number, states: string): string[] => Array.from({ length: count }, () => states)

describe('steering while members are renewed one by one', () => {
  it('serves from one that is not renewed yet, then from those that are: nobody meets one whose turn it is', async () => {
    const looks = [
      ...times(2, 'uuu'),
      ...['xuu', 'xuu', 'auu'],
      ...times(9, 'uuu'),
      ...['uxu', 'uau'],
      ...times(9, 'uuu'),
      ...['uux', 'uua'],
      ...times(9, 'uuu'),
    ]
    const { code, serving, said, log } = await steered('d3', looks)
    expect(code).toBe(0)
    looks.forEach((states, at) => {
      for (const [i, name] of names.entries())
        if (states[i] !== 'u') expect(`${String(at)} ${serving(at)}`).not.toContain(name)
      expect(serving(at)).not.toBe('')
    })
    expect([serving(0), serving(14), serving(26), serving(99)]).toEqual(['d3', 'd1', 'd1 d2', 'd1 d2 d3'])
    // Both pools of a host, always.
    expect(said.filter(one => one.server.startsWith('dtr_http/')).length).toBe(said.length / 2)
    expect(log).toBe('new connections go to: d3\nnew connections go to: d1\nnew connections go to: d1 d2\n')
  })

  it('is wrong at first where the one that serves is the first to be renewed, and not again', async () => {
    const { serving } = await steered('d1', ['uuu', 'xuu', 'auu', ...times(9, 'uuu'), 'uxu'])
    expect([serving(0), serving(1), serving(12), serving(13)]).toEqual(['d1', 'd2 d3', 'd1', 'd1'])
  })

  it('does not take a member for renewed that is well for a moment, nor one nobody has checked yet', async () => {
    const { serving } = await steered('d3', [
      'nnu',
      'xuu',
      ...times(5, 'uuu'),
      'xuu',
      ...times(8, 'uuu'),
      ...times(2, 'uuu'),
    ])
    expect([serving(0), serving(6), serving(7), serving(14)]).toEqual(['d3', 'd3', 'd3', 'd3'])
    expect(serving(15)).toBe('d1')
  })

  it('sends to everybody where nobody is well, and has all ready when its time is over', async () => {
    const { serving, code } = await steered('d3', ['uuu', 'xxx', 'xxx'])
    expect(code).toBe(0)
    expect([serving(0), serving(1), serving(1000)]).toEqual(['d3', 'd1 d2 d3', 'd1 d2 d3'])
  })

  it('ends by having every server ready', async () => {
    const one = bench({
      systemctl: 'exit 5',
      socat: 'read -r line; echo "$line" >> "$BENCH/said"; echo',
    })
    expect((await one.run(haproxySteerEnd, servers)).code).toBe(0)
    expect(readFileSync(join(one.dir, 'said'), 'utf8')).toBe(
      servers.map(server => `set server ${server} state ready\n`).join(''),
    )
    one.done()
  })
})

describe('the ops', () => {
  const topology = example('dtr-ha')
  const seen = (states: { readonly [host: string]: string }): Facts =>
    new Map([
      [
        factKey({ fact: 'loadBalancer.haproxy', host: 'lb1' }),
        { description: '', servers: { dtr_https: states, dtr_http: states, ucp_https: { m1: 'up' } } },
      ],
    ])

  it('take the servers that are up, on the balancer, and end with them ready', () => {
    const { begin, end } = steer(topology, seen({ d1: 'up', d2: 'drain', d3: 'up' }), 'd3', 900)
    expect(begin).toHaveLength(1)
    expect(begin[0]).toMatchObject({ on: 'lb1', exec: { stdin: haproxyWatch } })
    const words = (begin[0] as { readonly exec: { readonly argv: readonly string[] } }).exec.argv.slice(3)
    expect(words).toEqual([
      'runbook-haproxy-steer',
      ...['900', 'd3', 'dtr_https/d1', 'dtr_https/d3', 'dtr_http/d1', 'dtr_http/d3'],
    ])
    expect(end).toHaveLength(1)
    expect(end[0]).toMatchObject({
      on: 'lb1',
      exec: { argv: ['sh', '-c', haproxySteerEnd, 'runbook-haproxy-steer-end', ...words.slice(3)] },
    })
  })

  it('are none without a second server, without the first one, and where the balancer does not run', () => {
    const none = { begin: [], end: [] }
    expect(steer(topology, seen({ d1: 'down', d3: 'up' }), 'd3', 9)).toEqual(none)
    expect(steer(topology, seen({ d1: 'up', d2: 'up', d3: 'down' }), 'd3', 9)).toEqual(none)
    expect(steer(topology, new Map(), 'd3', 9)).toEqual(none)
  })
})
