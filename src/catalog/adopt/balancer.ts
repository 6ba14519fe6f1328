import { type Facts, factKey } from '../../plan/fact.ts'
import type { FactRef, HostName } from '../../plan/step.ts'
import type { Remark } from '../../playbook/draft.ts'
import type { FrontendSpec, Playbook } from '../../playbook/schema.gen.ts'
import { haproxyPaths } from '../loadBalancer/haproxyConfig.ts'
import { member, shown } from '../os/text.ts'

type Say = (path: Remark['path'], text: string) => void
type BalancerSection = NonNullable<Playbook['loadBalancer']>

const askConfig = (host: HostName): FactRef => ({
  fact: 'os.filetext',
  host,
  args: { path: haproxyPaths.config },
})

/** What is asked of hosts that a person says are balancers. */
export function balancerQuestions(hosts: readonly HostName[]): readonly FactRef[] {
  return hosts.map(askConfig)
}

/** The balancer section for hosts whose HAProxy runbook has configured; undefined, and said why, for any other. */
export function balancerOf(hosts: readonly HostName[], facts: Facts, todo: Say): BalancerSection | undefined {
  const texts = hosts.map(host => member(facts.get(factKey(askConfig(host))), 'text'))
  const foreign = hosts.filter((_, i) => !shown(texts[i]).startsWith('# Written by runbook for '))
  if (foreign.length > 0) {
    todo(
      ['loadBalancer'],
      `loadBalancer: ${foreign.join(', ')} has no HAProxy that runbook configured. Declare it when runbook shall replace its configuration, or as kind external with commands that take members in and out.`,
    )
    return undefined
  }
  const fronts = texts.map(text => ({
    ucp: frontend(shown(text), 'ucp_https'),
    dtr: frontend(shown(text), 'dtr_https'),
  }))
  const [first] = fronts
  if (first === undefined) return undefined
  if (fronts.some(one => JSON.stringify(one) !== JSON.stringify(first)))
    todo(['loadBalancer'], 'the balancers are not configured alike; the first one is written here')
  return {
    kind: 'haproxy',
    hosts: [...hosts],
    ...(first.ucp && { ucp: first.ucp }),
    ...(first.dtr && { dtr: first.dtr }),
  }
}

/** Where a pool listens and under which name its members are checked, in a configuration that runbook wrote. */
function frontend(text: string, pool: string): FrontendSpec | undefined {
  const listens = new RegExp(`^frontend ${pool}\\n\\s+bind (\\S+):(\\d+)$`, 'm').exec(text)
  const name = new RegExp(`^backend ${pool}\\n(?:.*\\n)*?.*Host:\\\\ (\\S+)$`, 'm').exec(text)?.[1]
  const [, bind, port] = listens ?? []
  if (bind === undefined || port === undefined || name === undefined) return undefined
  return { name, ...(port !== '443' && { port: Number(port) }), ...(bind !== '*' && { bind }) }
}
