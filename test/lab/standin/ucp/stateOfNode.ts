import { localEngine, runOnce } from '../common/engine.ts'
import { Fatal } from '../common/log.ts'
import type { ClusterState } from './state.ts'

/** What all controllers share, from the volume of this manager's controller: a bootstrapper has the engine's socket and nothing else. */
export async function stateOfNode(): Promise<ClusterState> {
  const helper = await runOnce(localEngine, 'ucp-read-state', {
    Image: `${process.env['STANDIN_REPOSITORY'] ?? 'docker'}/ucp:${process.env['STANDIN_VERSION'] ?? '3.2.6'}`,
    Entrypoint: ['/bin/cat', '/client-root-ca/state.json'],
    Cmd: [],
    HostConfig: { Binds: ['ucp-client-root-ca:/client-root-ca:ro'] },
  })
  if (helper.code !== 0) throw new Fatal('This node has no UCP controller: run this on a manager')
  return JSON.parse(helper.out) as ClusterState
}
