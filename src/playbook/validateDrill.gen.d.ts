// Made from schemas/drill.schema.json by `npm run types`. Do not edit.
import type { DrillFile } from './drill.gen.ts'
import type { SchemaProblem } from './validate.gen.js'

declare const validate: {
  (data: unknown): data is DrillFile
  errors?: readonly SchemaProblem[] | null
}
export default validate
