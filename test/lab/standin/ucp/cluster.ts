import type { ListedContainer, SwarmNode } from '../common/engine.ts'
import { localEngine, nodeAddress } from '../common/engine.ts'
import type { Answer, Target } from '../common/wire.ts'
import { call, json } from '../common/wire.ts'
import type { NodeCredentials } from './state.ts'
import { proxyPort } from './state.ts'
import { readConfig } from './services.ts'
import { schedulingIsOn } from './toml.ts'

/** The engines of all nodes seen as one, as classic swarm in UCP showed them: names are node/container. */
export interface Cluster {
  nodes(): Promise<readonly SwarmNode[]>
  engineOf(node: SwarmNode): Target
  containers(query: string): Promise<readonly ListedContainer[]>
  /** The engine that has the container of this id, name or node/name, and its id there. */
  find(reference: string): Promise<{ readonly engine: Target; readonly id: string } | undefined>
  /** Makes a container on the node its constraint names. */
  create(name: string, spec: CreateSpec): Promise<Answer>
}

export interface CreateSpec {
  readonly Env?: readonly string[]
}

const refusal = (status: number, message: string): Answer => ({
  status,
  text: JSON.stringify({ message }),
  headers: {},
})

export function clusterOf(credentials: NodeCredentials): Cluster {
  const nodes = (): Promise<readonly SwarmNode[]> =>
    json<readonly SwarmNode[]>(localEngine, '/nodes', { timeoutMs: 5000 })
  const engineOf = (node: SwarmNode): Target => ({
    url: `https://${nodeAddress(node)}:${String(proxyPort)}`,
    ...credentials,
    serverName: '',
  })
  const ready = async (): Promise<readonly SwarmNode[]> =>
    (await nodes()).filter(node => node.Status.State === 'ready')

  const containers = async (query: string): Promise<readonly ListedContainer[]> => {
    const lists = await Promise.all(
      (await ready()).map(async node => {
        // A node that does not answer is left out, as in the product: the list is what is known now.
        const found = await json<readonly ListedContainer[]>(engineOf(node), `/containers/json${query}`, {
          timeoutMs: 4000,
        }).catch(() => [])
        return found.map(each => ({
          ...each,
          Names: each.Names.map(name => `/${node.Description.Hostname}${name}`),
        }))
      }),
    )
    return lists.flat()
  }

  return {
    nodes,
    engineOf,
    containers,
    find: async reference => {
      const [first = '', ...rest] = reference.split('/')
      const among = await ready()
      const named = rest.length > 0 ? among.filter(node => node.Description.Hostname === first) : among
      const wanted = rest.length > 0 ? rest.join('/') : reference
      const answers = await Promise.all(
        named.map(async node => {
          const engine = engineOf(node)
          const answer = await call(engine, `/containers/${wanted}/json`, { timeoutMs: 4000 }).catch(
            () => undefined,
          )
          return answer?.status === 200
            ? { engine, id: (JSON.parse(answer.text) as { Id: string }).Id }
            : undefined
        }),
      )
      return answers.find(answer => answer !== undefined)
    },
    create: async (name, spec) => {
      const constraint = (spec.Env ?? []).find(each => each.startsWith('constraint:node=='))
      const target = constraint?.slice('constraint:node=='.length)
      const among = await ready()
      const node = target === undefined ? among[0] : among.find(each => each.Description.Hostname === target)
      const { toml } = await readConfig(localEngine)
      if (node === undefined || !schedulingIsOn(toml)) {
        return refusal(500, 'could not find any nodes on which the container could be created')
      }
      const taken = (await containers('?all=1')).find(each =>
        each.Names.some(full => full.endsWith(`/${name}`)),
      )
      if (taken !== undefined) {
        return refusal(
          409,
          `Conflict: The name ${name} is already assigned to ${taken.Id}. You have to delete (or rename) that container to be able to assign ${name} to a container again.`,
        )
      }
      const body = { ...spec, Env: (spec.Env ?? []).filter(each => each !== constraint) }
      return call(engineOf(node), `/containers/create?name=${encodeURIComponent(name)}`, {
        body,
        timeoutMs: 60_000,
      })
    },
  }
}
