import { playbookRules } from '../catalog/rules.ts'
import { loadPlaybook, type Loaded } from '../playbook/read.ts'

/**
 * Reads a playbook and everything that any rule has to say about it. Interpreters of expressions and templates, and the
 * catalog that own steps are put into, are loaded only for a playbook that has steps of its own.
 */
export async function checkPlaybook(path: string): Promise<Loaded> {
  const seen = { steps: false }
  const loaded = loadPlaybook(path, topology => {
    seen.steps = (topology.steps ?? []).length > 0
    return playbookRules(topology)
  })
  if (!seen.steps) return loaded
  const [{ loadStepTools }, { products }] = await Promise.all([
    import('../catalog/steps/tools.ts'),
    import('../catalog/index.ts'),
  ])
  await loadStepTools()
  const own = products.filter(product => product.place)
  return loadPlaybook(path, topology =>
    playbookRules(
      topology,
      own.flatMap(product => product.rules(topology)),
    ),
  )
}
