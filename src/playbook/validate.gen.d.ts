// Made from schemas/playbook.schema.json by `npm run types`. Do not edit.
import type { Playbook } from './schema.gen.ts'

/** One problem, as ajv words it. */
export interface SchemaProblem {
  readonly instancePath: string
  readonly schemaPath: string
  readonly keyword: string
  readonly params: { readonly [name: string]: unknown }
  readonly message?: string
  /** Set where the name of a key is wrong and not its value. */
  readonly propertyName?: string
}

declare const validate: {
  (data: unknown): data is Playbook
  errors?: readonly SchemaProblem[] | null
}
export default validate
