import { beforeEach } from 'vitest'

/** To be called in a `describe` whose tests build on each other: after one has failed the rest is skipped, saying so. */
export function stopAtFirstFailure(): void {
  let failed: string | undefined
  beforeEach(context => {
    context.skip(failed !== undefined, `builds on '${failed ?? ''}', which failed`)
    context.onTestFailed(() => {
      failed = context.task.name
    })
  })
}
