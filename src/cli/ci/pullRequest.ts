import { Quit } from '../exit.ts'
import { azure } from './azure.ts'
import { bitbucket } from './bitbucket.ts'
import type { Forge } from './forge.ts'
import { gitea, github } from './github.ts'
import { gitlab } from './gitlab.ts'

/** The forge a job runs at, by the variables it sets. @throws Quit when there is none, or something it needs is missing */
export function forgeOf(env: NodeJS.ProcessEnv): Forge {
  if (isSet(env, 'GITEA_ACTIONS') || isSet(env, 'FORGEJO_ACTIONS')) return gitea(env)
  if (isSet(env, 'GITHUB_ACTIONS')) return github(env)
  if (isSet(env, 'GITLAB_CI')) return gitlab(env)
  if (isSet(env, 'BITBUCKET_BUILD_NUMBER')) return bitbucket(env)
  if (isSet(env, 'TF_BUILD')) return azure(env)
  throw new Quit(
    'usage',
    'this is no job of GitHub, GitLab, Bitbucket, Azure DevOps or Gitea',
    'runbook show PLAN --format md prints what a comment would say',
  )
}

/**
 * Changing hosts from a job of `pull_request_target` would let anybody who can open a pull request do it: the job has the
 * secrets of the target and the files of the source.
 * @throws Quit in such a job
 */
export function insistOnTrusted(env: NodeJS.ProcessEnv): void {
  if (env['GITHUB_EVENT_NAME'] !== 'pull_request_target') return
  throw new Quit(
    'refused',
    'apply never runs on pull_request_target: strangers could change your hosts',
    'docs/ci.md shows a job that applies after the merge; nothing was changed',
  )
}

function isSet(env: NodeJS.ProcessEnv, name: string): boolean {
  return (env[name] ?? '') !== '' && env[name] !== 'false'
}
