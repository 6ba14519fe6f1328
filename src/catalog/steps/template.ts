import type { TemplateSpec } from '../../playbook/steps.ts'
import type { Deed, Site } from './action.ts'
import { written } from './file.ts'
import type { Mistake } from './mistake.ts'
import { render } from './render.ts'

/** A file made from a template beside the playbook. @throws Mistake, Undecided */
export function templateDeed(spec: TemplateSpec, site: Site, at: Mistake['path']): Deed {
  const { read } = site
  const variables = Object.fromEntries(
    Object.entries(spec.variables).map(([name, value]) => [
      name,
      read.plain(value, [...at, 'variables', name]),
    ]),
  )
  const content = render(spec.text, spec.source.file, variables, read.scope, [...at, 'source'])
  return written(content, spec, site, at)
}
