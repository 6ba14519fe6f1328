// Bundles src into dist: one small entry and chunks that are loaded only when a verb needs them.
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const outdir = join(root, 'dist')

// Bundled CommonJS code (ssh2) asks for these three, which an ES module has not. The two paths get names of their own,
// for some bundled modules declare what they are usually called.
const banner = [
  "import { createRequire as __createRequire } from 'node:module'",
  "import { fileURLToPath as __fileURLToPath } from 'node:url'",
  "import { dirname as __dirnameOf } from 'node:path'",
  'const require = __createRequire(import.meta.url)',
  'const __bundleFile = __fileURLToPath(import.meta.url)',
  'const __bundleFolder = __dirnameOf(__bundleFile)',
].join('\n')

// Making a segmenter takes as long as Node's own start; string-width makes one on loading, and a command line in plain letters
// needs none.
const eager = 'const segmenter = new Intl.Segmenter();'
const late = 'let made; const segmenter = {segment: text => (made ??= new Intl.Segmenter()).segment(text)};'
const lazySegmenter = {
  name: 'lazy segmenter',
  setup(build) {
    build.onLoad({ filter: /node_modules\/string-width\/index\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      if (!text.includes(eager)) throw new Error(`${path} makes its segmenter in another way now`)
      return { contents: text.replace(eager, late), loader: 'js' }
    })
  },
}

rmSync(outdir, { recursive: true, force: true })
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts'],
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Optional native parts: looked for at run time, done without when they are not there.
  external: ['*.node', 'cpu-features'],
  banner: { js: banner },
  define: { __filename: '__bundleFile', __dirname: '__bundleFolder' },
  legalComments: 'eof',
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
  metafile: true,
  plugins: [lazySegmenter],
})
const entry = join(outdir, 'main.js')
writeFileSync(entry, `#!/usr/bin/env node\n${readFileSync(entry, 'utf8')}`)
chmodSync(entry, 0o755)

// The parser takes as long as Node's own start, and what it says to --help is the same each time.
const help = spawnSync(process.execPath, [entry, '--help'], {
  encoding: 'utf8',
  env: { ...process.env, LC_ALL: 'C' },
})
if (help.status !== 0 || !help.stdout.includes('runbook <command>'))
  throw new Error(`--help: ${help.stdout}${help.stderr}`)
writeFileSync(join(outdir, 'help.txt'), help.stdout)

// What --help and validate load must stay free of the big libraries: seen here, not hoped for.
const lazy = /node_modules\/(ssh2|listr2)\//
const outputs = Object.entries(metafile.outputs)
const reached = new Set()
const reach = name => {
  if (reached.has(name)) return
  reached.add(name)
  for (const { path, kind } of metafile.outputs[name]?.imports ?? [])
    if (kind === 'import-statement') reach(path)
}
for (const [name, { entryPoint }] of outputs) {
  if (/^src\/(main|cli\/commands|cli\/verbs\/(validate|schema))\.ts$/.test(entryPoint ?? '')) reach(name)
}
for (const name of reached) {
  const found = Object.keys(metafile.outputs[name]?.inputs ?? {}).find(input => lazy.test(input))
  if (found !== undefined) throw new Error(`${name}, which every start loads, holds ${found}`)
}
const bytes = outputs.reduce((sum, [, output]) => sum + output.bytes, 0)
process.stdout.write(`dist: ${outputs.length} files, ${Math.round(bytes / 1024)} KB\n`)
