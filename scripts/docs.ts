import { mkdirSync, writeFileSync } from 'node:fs'
import { reference } from './reference.ts'

/** Writes docs/reference/*.md. `test/docs.test.ts` fails when they are not what this makes. */
const folder = new URL('../docs/reference/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [file, text] of Object.entries(reference())) {
  writeFileSync(new URL(file, folder), text)
  console.log(`docs/reference/${file}: ${text.length} characters`)
}
