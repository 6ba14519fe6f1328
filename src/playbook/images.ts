import { atLeast, components } from '../plan/version.ts'

/** For one minor line, the first version whose images are in Mirantis' repository. */
const moved = {
  /** [L: pkg/product/mke/config/mke_config.go] */
  ucp: { '3.1': '3.1.15', '3.2': '3.2.8', '3.3': '3.3.2' },
  /** [L: pkg/product/mke/config/msr_config.go] */
  dtr: { '2.6': '2.6.15', '2.7': '2.7.8', '2.8': '2.8.2' },
} as const
const firstAlwaysMoved = { ucp: '3.4.0', dtr: '2.9.0' }

/** The public repository that holds a version's bootstrapper image: what stands before '/ucp:VERSION' or '/dtr:VERSION'. */
export function publicRepository(
  product: 'ucp' | 'dtr',
  version: string,
): 'docker' | 'mirantis' | 'registry.mirantis.com/msr' {
  // MSR 2.10 moved once more [M: msr/2.10/cli-ref].
  if (product === 'dtr' && atLeast(version, '2.10.0')) return 'registry.mirantis.com/msr'
  if (atLeast(version, firstAlwaysMoved[product])) return 'mirantis'
  const line: string = components(version).slice(0, 2).join('.')
  const first = (moved[product] as { readonly [line: string]: string })[line]
  return first !== undefined && atLeast(version, first) ? 'mirantis' : 'docker'
}

/** Whether a repository is one of the vendor's own, of which each holds only some versions. A mirror may hold any. */
export function isPublicRepository(repository: string): boolean {
  return /^(?:(?:docker\.io|index\.docker\.io)\/)?(?:docker|mirantis)$|^registry\.mirantis\.com\/msr$/.test(
    repository,
  )
}
