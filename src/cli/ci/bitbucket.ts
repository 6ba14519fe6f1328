import { caller, type Forge, type Found, MOST_PAGES, needed, objects, textOf } from './forge.ts'

/** Bitbucket Cloud, by API 2.0: pull request comments, build statuses. It shows HTML as text, so it gets none. */
export function bitbucket(env: NodeJS.ProcessEnv): Forge {
  const {
    BITBUCKET_WORKSPACE: workspace,
    BITBUCKET_REPO_SLUG: slug,
    BITBUCKET_TOKEN: token,
  } = needed(env, ['BITBUCKET_WORKSPACE', 'BITBUCKET_REPO_SLUG', 'BITBUCKET_TOKEN'])
  const api = env['BITBUCKET_API_URL'] ?? 'https://api.bitbucket.org/2.0'
  const base = `${api}/repositories/${workspace}/${slug}`
  const comments = (): string =>
    `${base}/pullrequests/${needed(env, ['BITBUCKET_PR_ID']).BITBUCKET_PR_ID}/comments`
  const call = caller({ Authorization: `Bearer ${token}`, Accept: 'application/json' })
  return {
    name: 'bitbucket',
    commentBudget: 30_000,
    html: false,
    async find(marker) {
      let url: string | undefined = `${comments()}?pagelen=100`
      for (let page = 1; url !== undefined && page <= MOST_PAGES; page++) {
        const answer = (await call('GET', url)) as {
          readonly values?: unknown
          readonly next?: unknown
        } | null
        const ours = objects(answer?.values)
          .map((one): Found => ({ id: textOf(one, 'id'), body: textOf(content(one), 'raw') }))
          .find(({ body }) => body.startsWith(marker))
        if (ours !== undefined) return ours
        // The token goes only to where the first page was.
        url = typeof answer?.next === 'string' && answer.next.startsWith(`${base}/`) ? answer.next : undefined
      }
      return undefined
    },
    async create(body) {
      await call('POST', comments(), { content: { raw: body } })
    },
    async update({ id }, body) {
      await call('PUT', `${comments()}/${id}`, { content: { raw: body } })
    },
    async check({ name, state, title }) {
      const { BITBUCKET_COMMIT: sha } = needed(env, ['BITBUCKET_COMMIT'])
      await call('POST', `${base}/commit/${sha}/statuses/build`, {
        key: name.slice(0, 40),
        name,
        state: state === 'failure' ? 'FAILED' : 'SUCCESSFUL',
        description: title.slice(0, 255),
        url: `https://bitbucket.org/${workspace}/${slug}/pull-requests/${env['BITBUCKET_PR_ID'] ?? ''}`,
      })
    },
  }
}

function content(comment: {
  readonly [key: string]: unknown
}): { readonly [key: string]: unknown } | undefined {
  return objects([comment['content']])[0]
}
