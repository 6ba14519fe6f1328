import { describe, expect, it } from 'vitest'
import { playbookRules, rulePages } from '../../src/catalog/rules.ts'
import { readPlaybook } from '../../src/playbook/read.ts'

/** A cluster of so many managers and replicas that nothing else is wrong with it. */
function cluster(managers: number, replicas: number, more = ''): string {
  const names = (letter: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${letter}${i + 1}`)
  const hosts = [...names('m', managers), ...names('d', replicas), 'lb1'].map(
    (name, i) => `  ${name}: { address: 198.51.100.${i + 10} }`,
  )
  return `runbook: 1
name: sizes
hosts:
${hosts.join('\n')}
docker: { version: '19.03' }
ucp: { version: 3.2.6, managers: [${names('m', managers).join(', ')}], adminPassword: env:A }
dtr: { version: 2.7.6, replicas: [${names('d', replicas)
    .map(host => `{ host: ${host} }`)
    .join(', ')}] }
storage: { kind: nfs, url: nfs://203.0.113.40/x }
loadBalancer: { kind: haproxy, hosts: [lb1], ucp: { name: ucp.example.com, port: 8443 }, dtr: { name: dtr.example.com } }
${more}`
}
const found = (text: string) => readPlaybook(text, 'x.yml', () => 'missing', playbookRules).diagnostics
const codes = (text: string, severity: string) =>
  found(text)
    .filter(one => one.severity === severity)
    .map(({ code }) => code)

describe('how many', () => {
  it.each([
    [1, []],
    [2, ['RB0311']],
    [3, []],
    [4, ['RB0312']],
    [5, []],
    [6, ['RB0312']],
    [7, []],
    [8, ['RB0313']],
    [9, ['RB0313']],
  ])('%i replicas', (count, errors) => {
    expect(codes(cluster(3, count), 'error')).toEqual(errors)
  })

  it.each([
    [1, []],
    [2, ['RB0321']],
    [3, []],
    [4, ['RB0321']],
    [5, []],
    [7, []],
  ])('%i managers', (count, errors) => {
    expect(codes(cluster(count, 1), 'error')).toEqual(errors)
  })

  it.each([
    [3, 3, []],
    [1, 1, []],
    [1, 3, ['RB0325']],
    [3, 1, ['RB0325']],
    [5, 7, []],
    [9, 3, ['RB0322']],
  ])('%i managers with %i replicas', (managers, replicas, warnings) => {
    expect(codes(cluster(managers, replicas), 'warning')).toEqual(warnings)
  })
})

describe('accepting a finding', () => {
  it('makes it a note that says why', () => {
    const text = cluster(3, 4, 'accept: [{ code: RB0312, reason: until the sites have moved }]')
    expect(codes(text, 'error')).toEqual([])
    expect(found(text).find(({ code }) => code === 'RB0312')).toMatchObject({
      severity: 'note',
      message: expect.stringContaining('(accepted: until the sites have moved)') as string,
    })
    expect(readPlaybook(text, 'x.yml', () => 'missing', playbookRules).topology?.accepts).toEqual([
      { code: 'RB0312', reason: 'until the sites have moved' },
    ])
  })

  it('accepts two replicas too, and never more than seven', () => {
    expect(codes(cluster(3, 2, 'accept: [{ code: RB0311, reason: for a demonstration }]'), 'error')).toEqual(
      [],
    )
    expect(codes(cluster(3, 9, 'accept: [{ code: RB0313, reason: for a demonstration }]'), 'error')).toEqual([
      'RB0313',
      'RB0209',
    ])
  })
})

describe('versions', () => {
  const pair = (engine: string, ucp: string, dtr: string) =>
    codes(
      cluster(3, 3).replace("'19.03'", `'${engine}'`).replace('3.2.6', ucp).replace('2.7.6', dtr),
      'warning',
    )

  it.each([
    ['17.06', '3.0.17', '2.5.17'],
    ['18.09.4', '3.1.7', '2.6.6'],
    ['19.03.5', '3.2.6', '2.7.6'],
    ['19.03', '3.3.4', '2.8.3'],
    ['20.10.7', '3.4.5', '2.9.4'],
    ['23.0.8', '3.7.2', '2.9.16'],
    ['25.0.9', '3.8.1', '2.10.0'],
  ])('engine %s, UCP %s and DTR %s go together', (engine, ucp, dtr) => {
    expect(pair(engine, ucp, dtr)).toEqual([])
  })

  it('that were not released for each other are told', () => {
    expect(pair('18.09', '3.2.6', '2.7.6')).toEqual(['RB0401'])
    expect(pair('19.03', '3.2.6', '2.6.14')).toEqual(['RB0402'])
    expect(pair('19.030', '3.2.6', '2.7.6')).toEqual(['RB0401'])
  })

  it('2.6.0 to 2.6.3 with NFS are refused, 2.6.4 is not', () => {
    const nfs = (dtr: string) => codes(cluster(3, 3).replace('2.7.6', dtr), 'error')
    expect([nfs('2.6.0'), nfs('2.6.3')]).toEqual([['RB0502'], ['RB0502']])
    expect([nfs('2.6.4'), nfs('2.5.17'), nfs('2.7.0')]).toEqual([[], [], []])
  })
})

describe('one port of one address', () => {
  const balancer = (ucp: string, dtr: string) =>
    codes(
      cluster(3, 3)
        .replace('{ name: ucp.example.com, port: 8443 }', ucp)
        .replace('{ name: dtr.example.com }', dtr),
      'error',
    )

  it('is never shared by UCP and DTR', () => {
    expect(balancer('{ name: ucp.example.com }', '{ name: dtr.example.com }')).toEqual(['RB0601'])
    expect(balancer('{ name: ucp.example.com, bind: 203.0.113.1 }', '{ name: dtr.example.com }')).toEqual([
      'RB0601',
    ])
    expect(
      balancer(
        '{ name: ucp.example.com, bind: 203.0.113.1 }',
        '{ name: dtr.example.com, bind: 203.0.113.2 }',
      ),
    ).toEqual([])
  })
})

it('pages say which findings may be accepted, and only those of judgement may', () => {
  const acceptable = rulePages.filter(page => page.acceptable === true).map(({ code }) => code)
  expect(acceptable).toContain('RB0312')
  for (const never of ['RB0313', 'RB0314', 'RB0501', 'RB0502', 'RB0601'])
    expect(acceptable).not.toContain(never)
})
