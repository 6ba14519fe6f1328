import { caller, type Forge, needed, objects, textOf } from './forge.ts'

const VERSION = 'api-version=7.1'

/** Azure DevOps, by REST API 7.1: a thread of the pull request, pull request statuses. */
export function azure(env: NodeJS.ProcessEnv): Forge {
  const {
    SYSTEM_COLLECTIONURI: collection,
    SYSTEM_TEAMPROJECT: project,
    BUILD_REPOSITORY_ID: repository,
    SYSTEM_PULLREQUEST_PULLREQUESTID: number,
    SYSTEM_ACCESSTOKEN: token,
  } = needed(env, [
    'SYSTEM_COLLECTIONURI',
    'SYSTEM_TEAMPROJECT',
    'BUILD_REPOSITORY_ID',
    'SYSTEM_PULLREQUEST_PULLREQUESTID',
    'SYSTEM_ACCESSTOKEN',
  ])
  const pull = `${collection.replace(/\/$/, '')}/${encodeURIComponent(project)}/_apis/git/repositories/${repository}/pullRequests/${number}`
  const call = caller({ Authorization: `Bearer ${token}`, Accept: 'application/json' })
  return {
    name: 'azure',
    commentBudget: 140_000,
    html: true,
    async find(marker) {
      const answer = (await call('GET', `${pull}/threads?${VERSION}`)) as { readonly value?: unknown } | null
      for (const thread of objects(answer?.value)) {
        const first = objects(thread['comments'])[0]
        if (thread['isDeleted'] === true || !textOf(first, 'content').startsWith(marker)) continue
        return {
          id: `${textOf(thread, 'id')}/comments/${textOf(first, 'id')}`,
          body: textOf(first, 'content'),
        }
      }
      return undefined
    },
    async create(body) {
      await call('POST', `${pull}/threads?${VERSION}`, {
        comments: [{ parentCommentId: 0, content: body, commentType: 1 }],
        // Closed: a plan is information, and no open question that blocks the merge.
        status: 4,
      })
    },
    async update({ id }, body) {
      await call('PATCH', `${pull}/threads/${id}?${VERSION}`, { content: body })
    },
    async check({ name, state, title }) {
      await call('POST', `${pull}/statuses?${VERSION}`, {
        state: state === 'failure' ? 'failed' : 'succeeded',
        description: title,
        context: { name, genre: 'runbook' },
      })
    },
  }
}
