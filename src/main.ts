import module from 'node:module'

// From Node 22.1 on, what was compiled once is kept for the next start; before that this is not there, and nothing is missed.
const { enableCompileCache } = module as { enableCompileCache?: () => unknown }
enableCompileCache?.()

const { start } = await import('./cli/start.ts')
process.exitCode = await start(process.argv.slice(2))
