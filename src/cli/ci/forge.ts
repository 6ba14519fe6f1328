import { Quit } from '../exit.ts'

/** A comment of ours that is there already. */
export interface Found {
  readonly id: string
  readonly body: string
}

/** What is known of a check: its verdict and a few words. */
export interface Verdict {
  readonly name: string
  readonly state: 'success' | 'neutral' | 'failure'
  readonly title: string
  readonly summary: string
  readonly annotations: readonly {
    readonly file: string
    readonly line: number
    readonly severity: 'error' | 'warning' | 'note'
    readonly message: string
    readonly title: string
  }[]
}

/** The pull request that a job runs for, at its forge. */
export interface Forge {
  readonly name: 'github' | 'gitlab' | 'bitbucket' | 'azure' | 'gitea'
  /** Characters a comment may have; below what the forge refuses. */
  readonly commentBudget: number
  /** Whether it draws `<details>` and hides HTML comments. */
  readonly html: boolean
  find(marker: string): Promise<Found | undefined>
  create(body: string): Promise<void>
  update(found: Found, body: string): Promise<void>
  check(verdict: Verdict): Promise<void>
}

/** One request. Answers the parsed body. */
export type Call = (method: 'GET' | 'POST' | 'PUT' | 'PATCH', url: string, body?: object) => Promise<unknown>

const TIMEOUT_MS = 30_000
/** Pages of comments that are looked through; a pull request with more has other troubles. */
export const MOST_PAGES = 30

/**
 * Calls a forge with JSON. A token is in no error.
 * @throws Quit 'unreachable' with what was asked and what came back
 */
export function caller(headers: { readonly [name: string]: string }): Call {
  return async (method, url, body) => {
    const said = (what: string): Quit =>
      new Quit(
        'unreachable',
        `${method} ${url}: ${what}`,
        'look at the token and what it may do; docs/ci.md lists what each forge needs',
      )
    let response: Response
    try {
      response = await fetch(url, {
        method,
        headers: {
          'User-Agent': 'runbook',
          ...headers,
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: 'error',
      })
    } catch (error) {
      throw said(error instanceof Error ? `${error.message}${causeOf(error)}` : String(error))
    }
    const text = await response.text()
    if (!response.ok) throw said(`${response.status} ${text.slice(0, 300)}`)
    try {
      return text === '' ? null : (JSON.parse(text) as unknown)
    } catch {
      throw said('the answer is not JSON')
    }
  }
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? ` (${error.cause.message})` : ''
}

/** The objects of a list that came as JSON; anything else is none. */
export function objects(list: unknown): readonly { readonly [key: string]: unknown }[] {
  if (!Array.isArray(list)) return []
  return list.filter(
    (one): one is { readonly [key: string]: unknown } => typeof one === 'object' && one !== null,
  )
}

/** Text of a member, '' when it is something else. */
export function textOf(object: { readonly [key: string]: unknown } | undefined, key: string): string {
  const value = object?.[key]
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

/** What the environment must say. @throws Quit that names all that is missing */
export function needed<Name extends string>(
  env: NodeJS.ProcessEnv,
  names: readonly Name[],
): { readonly [name in Name]: string } {
  const missing = names.filter(name => (env[name] ?? '') === '')
  if (missing.length > 0)
    throw new Quit(
      'usage',
      `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set`,
      'docs/ci.md says who sets what',
    )
  return Object.fromEntries(names.map(name => [name, env[name] ?? ''])) as { readonly [name in Name]: string }
}
