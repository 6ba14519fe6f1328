import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds schemas/ and playbooks/: of the checkout or of the installed package alike. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder)
    if (above === folder) throw new Error('the package.json of runbook is gone: install it again')
    folder = above
  }
  return folder
}

/** '0.1.0'. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    version: string
  }
  return version
}

/** What the bundled program says to `--help`, kept by the build beside the bundle. Undefined: this is no bundle, so ask the parser. */
export function helpText(): string | undefined {
  try {
    return readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'help.txt'), 'utf8')
  } catch {
    return undefined
  }
}
