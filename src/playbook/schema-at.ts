import schema from '../../schemas/playbook.schema.json' with { type: 'json' }
import type { Path } from './placed.ts'

/** As much of JSON Schema as the house style uses. */
export interface SchemaNode {
  readonly $ref?: string
  readonly title?: string
  readonly type?: string
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly properties?: { readonly [key: string]: SchemaNode }
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | SchemaNode
  readonly items?: SchemaNode
  readonly oneOf?: readonly SchemaNode[]
  readonly $defs?: { readonly [name: string]: SchemaNode }
}

/** The schema of playbooks, as shipped in `schemas/`. */
export const playbookSchema = schema as unknown as Schema

/** A whole schema with the parts that it refers to. */
export type Schema = SchemaNode & { readonly $defs: { readonly [name: string]: SchemaNode } }

export function deref(node: SchemaNode | undefined, whole: Schema = playbookSchema): SchemaNode | undefined {
  const name = node?.$ref?.replace('#/$defs/', '')
  return name === undefined ? node : whole.$defs[name]
}

/**
 * The schema that applies at a path of this data; variants are chosen by their `kind`. Undefined where the schema knows
 * nothing. ajv's own `schemaPath` loses its way behind a discriminator, so the schema is walked with the data.
 */
export function schemaAt(path: Path, data: unknown, whole: Schema = playbookSchema): SchemaNode | undefined {
  let node: SchemaNode | undefined = whole
  let value = data
  for (const step of path) {
    if (typeof step === 'number') node = deref(node?.items, whole)
    else {
      const more: boolean | SchemaNode | undefined = node?.additionalProperties
      node = deref(node?.properties?.[step] ?? (typeof more === 'object' ? more : undefined), whole)
    }
    value = childOf(value, step)
    node = variantOf(node, value)
  }
  return node
}

/** All values that `kind` may have in a section that comes in several kinds. */
export function kindsOf(section: SchemaNode | undefined): readonly string[] {
  return (section?.oneOf ?? []).flatMap(variant => wordsOf(deref(variant)?.properties?.['kind']))
}

function variantOf(node: SchemaNode | undefined, value: unknown): SchemaNode | undefined {
  if (node?.oneOf === undefined) return node
  const kind = childOf(value, 'kind')
  return (
    node.oneOf
      .map(one => deref(one))
      .find(variant => wordsOf(variant?.properties?.['kind']).includes(String(kind))) ?? node
  )
}

function wordsOf(node: SchemaNode | undefined): readonly string[] {
  return (node?.enum ?? (node?.const === undefined ? [] : [node.const])).map(String)
}

function childOf(value: unknown, step: string | number): unknown {
  return typeof value === 'object' && value !== null
    ? (value as { [key: string | number]: unknown })[step]
    : undefined
}
