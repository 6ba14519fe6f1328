import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a forge documents of one request: anything else is answered with 422 and kept in `wrong`. */
interface Shape {
  readonly method: string
  readonly path: RegExp
  readonly header: readonly [name: string, value: string]
  /** Paths of the body's strings and what they hold; '' anything. */
  readonly body?: readonly string[]
  readonly answer: (comments: Comment[], seen: { path: string; body: unknown; base: string }) => unknown
}

interface Comment {
  readonly id: number
  text: string
}

const longest = { github: 65_536, gitlab: 1_000_000, bitbucket: 32_768, azure: 150_000, gitea: 65_536 }
export type ForgeName = keyof typeof longest

/** A forge on loopback that knows only the requests its documentation shows. */
export async function standIn(forge: ForgeName): Promise<{
  readonly url: string
  readonly comments: Comment[]
  readonly requests: string[]
  readonly checks: unknown[]
  readonly wrong: string[]
  readonly close: () => Promise<void>
}> {
  const comments: Comment[] = Array.from({ length: 3 }, (_, i) => ({
    id: i + 1,
    text: `a reviewer says ${i}`,
  }))
  const requests: string[] = []
  const checks: unknown[] = []
  const wrong: string[] = []
  const shapes = shapesOf(forge, checks)
  const server = createServer((request, response) => {
    void read(request).then(text => {
      const path = request.url ?? ''
      requests.push(`${request.method ?? ''} ${path}`)
      const body: unknown = text === '' ? undefined : JSON.parse(text)
      const shape = shapes.find(one => one.method === request.method && one.path.test(path))
      const fault =
        shape === undefined
          ? 'no such request is documented'
          : request.headers[shape.header[0].toLowerCase()] !== shape.header[1]
            ? `the header ${shape.header[0]} is wrong`
            : (shape.body ?? []).find(member => at(body, member) === undefined)
      if (shape === undefined || fault !== undefined) {
        wrong.push(`${request.method ?? ''} ${path}: ${fault ?? ''}`)
        response.writeHead(422).end(JSON.stringify({ message: fault }))
        return
      }
      if (text.length > longest[forge] * 1.2) wrong.push('too long')
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const answer = shape.answer(comments, { path, body, base })
      if (comments.some(one => one.text.length > longest[forge])) wrong.push('a comment is over the limit')
      response.writeHead(request.method === 'POST' ? 201 : 200).end(JSON.stringify(answer))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    comments,
    requests,
    checks,
    wrong,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function shapesOf(forge: ForgeName, checks: unknown[]): readonly Shape[] {
  const add =
    (member: string) =>
    (comments: Comment[], { body }: { body: unknown }) => {
      const comment = { id: comments.length + 1, text: at(body, member) ?? '' }
      comments.push(comment)
      return { id: comment.id }
    }
  const put =
    (member: string, id: RegExp) => (comments: Comment[], seen: { path: string; body: unknown }) => {
      const found = comments.find(one => String(one.id) === id.exec(seen.path)?.[1])
      if (found !== undefined) found.text = at(seen.body, member) ?? ''
      return {}
    }
  const keep = (_: unknown, { body }: { body: unknown }): unknown => {
    checks.push(body)
    return {}
  }
  // Two to a page, so that whoever reads only the first one is found out.
  const page = (list: readonly unknown[], path: string): readonly unknown[] => {
    const number = Number(/[?&]page=(\d+)/.exec(path)?.[1] ?? '1')
    return list.slice((number - 1) * 2, number * 2)
  }
  switch (forge) {
    case 'github':
    case 'gitea': {
      const root = forge === 'github' ? '/repos/o/r' : '/api/v1/repos/o/r'
      const header: Shape['header'] = ['Authorization', forge === 'github' ? 'Bearer t0ken' : 'token t0ken']
      return [
        {
          method: 'GET',
          path: new RegExp(`^${root}/issues/7/comments\\?`),
          header,
          answer: (list, { path }) =>
            page(
              list.map(({ id, text }) => ({ id, body: text })),
              path,
            ),
        },
        {
          method: 'POST',
          path: new RegExp(`^${root}/issues/7/comments$`),
          header,
          body: ['body'],
          answer: add('body'),
        },
        {
          method: 'PATCH',
          path: new RegExp(`^${root}/issues/comments/\\d+$`),
          header,
          body: ['body'],
          answer: put('body', /(\d+)$/),
        },
        forge === 'github'
          ? {
              method: 'POST',
              path: /^\/repos\/o\/r\/check-runs$/,
              header,
              body: ['name', 'head_sha', 'status', 'conclusion', 'output.title', 'output.summary'],
              answer: keep,
            }
          : {
              method: 'POST',
              path: /^\/api\/v1\/repos\/o\/r\/statuses\/[0-9a-f]+$/,
              header,
              body: ['context', 'state', 'description'],
              answer: keep,
            },
      ]
    }
    case 'gitlab': {
      const header: Shape['header'] = ['PRIVATE-TOKEN', 't0ken']
      const notes = '/api/v4/projects/42/merge_requests/7/notes'
      return [
        {
          method: 'GET',
          path: new RegExp(`^${notes}\\?`),
          header,
          answer: (list, { path }) =>
            page(
              list.map(({ id, text }) => ({ id, body: text })),
              path,
            ),
        },
        { method: 'POST', path: new RegExp(`^${notes}$`), header, body: ['body'], answer: add('body') },
        {
          method: 'PUT',
          path: new RegExp(`^${notes}/\\d+$`),
          header,
          body: ['body'],
          answer: put('body', /(\d+)$/),
        },
        {
          method: 'POST',
          path: /^\/api\/v4\/projects\/42\/statuses\/[0-9a-f]+$/,
          header,
          body: ['state', 'name', 'description'],
          answer: keep,
        },
      ]
    }
    case 'bitbucket': {
      const header: Shape['header'] = ['Authorization', 'Bearer t0ken']
      const root = '/2.0/repositories/w/r'
      return [
        {
          method: 'GET',
          path: new RegExp(`^${root}/pullrequests/7/comments\\?`),
          header,
          answer: (list, { path, base }) => {
            const values = page(
              list.map(({ id, text }) => ({ id, content: { raw: text } })),
              path,
            )
            const number = Number(/[?&]page=(\d+)/.exec(path)?.[1] ?? '1')
            const next = `${base}${root}/pullrequests/7/comments?page=${number + 1}`
            return { values, ...(number * 2 < list.length && { next }) }
          },
        },
        {
          method: 'POST',
          path: new RegExp(`^${root}/pullrequests/7/comments$`),
          header,
          body: ['content.raw'],
          answer: add('content.raw'),
        },
        {
          method: 'PUT',
          path: new RegExp(`^${root}/pullrequests/7/comments/\\d+$`),
          header,
          body: ['content.raw'],
          answer: put('content.raw', /(\d+)$/),
        },
        {
          method: 'POST',
          path: new RegExp(`^${root}/commit/[0-9a-f]+/statuses/build$`),
          header,
          body: ['key', 'state', 'url'],
          answer: keep,
        },
      ]
    }
    case 'azure': {
      const header: Shape['header'] = ['Authorization', 'Bearer t0ken']
      const root = '/org/My%20Project/_apis/git/repositories/rid/pullRequests/7'
      const version = '\\?api-version=7\\.1$'
      return [
        {
          method: 'GET',
          path: new RegExp(`^${root}/threads${version}`),
          header,
          answer: list => ({
            value: list.map(({ id, text }) => ({
              id: id + 100,
              isDeleted: false,
              comments: [{ id, content: text }],
            })),
          }),
        },
        {
          method: 'POST',
          path: new RegExp(`^${root}/threads${version}`),
          header,
          body: ['comments.0.content'],
          answer: add('comments.0.content'),
        },
        {
          method: 'PATCH',
          path: new RegExp(`^${root}/threads/1\\d\\d/comments/\\d+${version}`),
          header,
          body: ['content'],
          answer: put('content', /comments\/(\d+)\?/),
        },
        {
          method: 'POST',
          path: new RegExp(`^${root}/statuses${version}`),
          header,
          body: ['state', 'description', 'context.name', 'context.genre'],
          answer: keep,
        },
      ]
    }
  }
}

function at(body: unknown, path: string): string | undefined {
  let seen: unknown = body
  for (const key of path.split('.')) {
    if (typeof seen !== 'object' || seen === null) return undefined
    seen = (seen as { readonly [key: string]: unknown })[key]
  }
  return typeof seen === 'string' ? seen : undefined
}

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
  return text
}
