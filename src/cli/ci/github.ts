import { readFileSync } from 'node:fs'
import { Quit } from '../exit.ts'
import { type Call, caller, type Forge, MOST_PAGES, needed, objects, textOf } from './forge.ts'

const LEVELS = { error: 'failure', warning: 'warning', note: 'notice' } as const

/** GitHub, by the REST API of 2022-11-28: issue comments, check runs. */
export function github(env: NodeJS.ProcessEnv): Forge {
  const { GITHUB_REPOSITORY: repository, GITHUB_TOKEN: token } = needed(env, [
    'GITHUB_REPOSITORY',
    'GITHUB_TOKEN',
  ])
  const base = `${env['GITHUB_API_URL'] ?? 'https://api.github.com'}/repos/${repository}`
  const call = caller({
    Authorization: `Bearer ${token}`,
    Accept: 'application/vnd.github+json',
    'X-GitHub-Api-Version': '2022-11-28',
  })
  return {
    name: 'github',
    commentBudget: 60_000,
    html: true,
    ...issueComments(base, () => pullNumber(env), call, 'per_page=100'),
    async check({ name, state, title, summary, annotations }) {
      await call('POST', `${base}/check-runs`, {
        name,
        head_sha: headSha(env),
        status: 'completed',
        conclusion: state,
        output: {
          title,
          summary,
          annotations: annotations.map(one => ({
            path: one.file,
            start_line: one.line,
            end_line: one.line,
            annotation_level: LEVELS[one.severity],
            message: one.message,
            title: one.title,
          })),
        },
      })
    },
  }
}

/** Gitea and Forgejo, by API v1: the same comments, commit statuses in place of checks. */
export function gitea(env: NodeJS.ProcessEnv): Forge {
  const {
    GITHUB_REPOSITORY: repository,
    GITHUB_TOKEN: token,
    GITHUB_SERVER_URL: server,
  } = needed(env, ['GITHUB_REPOSITORY', 'GITHUB_TOKEN', 'GITHUB_SERVER_URL'])
  const base = `${server}/api/v1/repos/${repository}`
  const call = caller({ Authorization: `token ${token}`, Accept: 'application/json' })
  return {
    name: 'gitea',
    commentBudget: 60_000,
    html: true,
    ...issueComments(base, () => pullNumber(env), call, 'limit=50'),
    async check({ name, state, title }) {
      await call('POST', `${base}/statuses/${headSha(env)}`, {
        context: name,
        state: state === 'failure' ? 'failure' : 'success',
        description: title.slice(0, 140),
      })
    },
  }
}

function issueComments(
  base: string,
  number: () => string,
  call: Call,
  pageSize: string,
): Pick<Forge, 'find' | 'create' | 'update'> {
  return {
    async find(marker) {
      for (let page = 1; page <= MOST_PAGES; page++) {
        const list = objects(
          await call('GET', `${base}/issues/${number()}/comments?${pageSize}&page=${page}`),
        )
        const ours = list.find(one => textOf(one, 'body').startsWith(marker))
        if (ours !== undefined) return { id: textOf(ours, 'id'), body: textOf(ours, 'body') }
        if (list.length === 0) return undefined
      }
      return undefined
    },
    async create(body) {
      await call('POST', `${base}/issues/${number()}/comments`, { body })
    },
    async update({ id }, body) {
      await call('PATCH', `${base}/issues/comments/${id}`, { body })
    },
  }
}

function pullNumber(env: NodeJS.ProcessEnv): string {
  const number = /^refs\/pull\/(\d+)\//.exec(env['GITHUB_REF'] ?? '')?.[1] ?? textOf(pullOf(env), 'number')
  if (number !== '') return number
  throw new Quit('usage', 'this job runs for no pull request', 'run it on the event pull_request')
}

/** Of a pull request the head itself: GITHUB_SHA is then a merge that nobody pushed. */
function headSha(env: NodeJS.ProcessEnv): string {
  const head = pullOf(env)?.['head']
  const sha = typeof head === 'object' && head !== null ? textOf(head as { sha: unknown }, 'sha') : ''
  return sha === '' ? needed(env, ['GITHUB_SHA']).GITHUB_SHA : sha
}

function pullOf(env: NodeJS.ProcessEnv): { readonly [key: string]: unknown } | undefined {
  try {
    const event = JSON.parse(readFileSync(env['GITHUB_EVENT_PATH'] ?? '', 'utf8')) as {
      readonly pull_request?: { readonly [key: string]: unknown }
    }
    return event.pull_request
  } catch {
    return undefined
  }
}
