import { removeContainer, removeVolume, start } from '../common/engine.ts'
import { Fatal, info } from '../common/log.ts'
import type { Target } from '../common/wire.ts'
import { json, sleep } from '../common/wire.ts'
import type { Settings } from './data.ts'
import { bootstrapper, nfsOptions } from './replica.ts'

const attempts = 3

/** Mounts the export once in a probe container of the documented name. The product tries 60 times, we three times. */
export async function proveNfs(ucp: Target, node: string, settings: Settings): Promise<void> {
  info('Configuring NFS')
  info(`Using NFS storage: ${settings.nfsUrl ?? ''}`)
  info(`Using NFS options: ${settings.nfsOptions ?? ''}`)
  const name = 'dtr-nfs-test'
  let last = ''
  for (let attempt = 0; attempt < attempts; attempt++) {
    await json(ucp, '/volumes/create', { body: { Name: `${node}/${name}`, ...nfsOptions(settings) } })
    try {
      await start(ucp, name, {
        Image: bootstrapper,
        Entrypoint: ['/bin/true'],
        Env: [`constraint:node==${node}`],
        HostConfig: { Binds: [`${name}:/storage`] },
      })
      return
    } catch (error) {
      last = error instanceof Error ? error.message : String(error)
    } finally {
      await removeContainer(ucp, `${node}/${name}`)
      await removeVolume(ucp, `${node}/${name}`)
    }
    await sleep(1000)
  }
  throw new Fatal(
    `Failed to verify NFS: Problem running container '${name}' from image '${bootstrapper}': polling failed with ${String(attempts)} attempts 1s apart: ${last}`,
  )
}
