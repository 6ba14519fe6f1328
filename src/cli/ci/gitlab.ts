import { caller, type Forge, MOST_PAGES, needed, objects, textOf } from './forge.ts'

/** GitLab, by API v4: notes of a merge request, commit statuses. A job token may not write notes, so it needs a token of its own. */
export function gitlab(env: NodeJS.ProcessEnv): Forge {
  const {
    CI_API_V4_URL: api,
    CI_PROJECT_ID: project,
    GITLAB_TOKEN: token,
  } = needed(env, ['CI_API_V4_URL', 'CI_PROJECT_ID', 'GITLAB_TOKEN'])
  const base = `${api}/projects/${encodeURIComponent(project)}`
  const notes = (): string =>
    `${base}/merge_requests/${needed(env, ['CI_MERGE_REQUEST_IID']).CI_MERGE_REQUEST_IID}/notes`
  const call = caller({ 'PRIVATE-TOKEN': token, Accept: 'application/json' })
  return {
    name: 'gitlab',
    commentBudget: 900_000,
    html: true,
    async find(marker) {
      for (let page = 1; page <= MOST_PAGES; page++) {
        const list = objects(await call('GET', `${notes()}?per_page=100&page=${page}`))
        const ours = list.find(one => textOf(one, 'body').startsWith(marker))
        if (ours !== undefined) return { id: textOf(ours, 'id'), body: textOf(ours, 'body') }
        if (list.length === 0) return undefined
      }
      return undefined
    },
    async create(body) {
      await call('POST', notes(), { body })
    },
    async update({ id }, body) {
      await call('PUT', `${notes()}/${id}`, { body })
    },
    async check({ name, state, title }) {
      const { CI_COMMIT_SHA: sha } = needed(env, ['CI_COMMIT_SHA'])
      await call('POST', `${base}/statuses/${sha}`, {
        state: state === 'failure' ? 'failed' : 'success',
        name,
        description: title.slice(0, 255),
      })
    },
  }
}
