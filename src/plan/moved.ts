import { canonical } from './canonical.ts'
import type { Facts } from './fact.ts'
import type { HostName, Json } from './step.ts'

/** One answer that is not what it was. */
export interface Moved {
  readonly host: HostName
  /** The question with its args: `web.node {"port":80}`. */
  readonly question: string
  /** Dotted path of the part that differs; '' for the whole answer. */
  readonly at: string
  /** As canonical JSON; 'nothing' for null, 'could not be told' for what has no answer. */
  readonly was: string
  readonly is: string
}

const MOST_SHOWN = 120

/** What is different between two looks at the same hosts, by host and question, each down to the member that differs. */
export function moved(before: Facts, after: Facts): readonly Moved[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort()
  return keys
    .flatMap(key => {
      const { host, question } = splitKey(key)
      return leaves('', before.get(key), after.get(key)).map(leaf => ({ host, question, ...leaf }))
    })
    .sort((a, b) => (a.host === b.host ? 0 : a.host < b.host ? -1 : 1))
}

/** `web.node@web-1 up was true, is false`. */
export function movedLine({ host, question, at, was, is }: Moved): string {
  const [fact = '', ...args] = question.split(' ')
  const place = [`${fact}@${host}`, ...args, ...(at === '' ? [] : [at])].join(' ')
  return `${place} was ${was}, is ${is}`
}

/** The host and the question of a `factKey`. */
export function splitKey(key: string): { readonly host: HostName; readonly question: string } {
  const [, fact = '', host = '', args = ''] = /^([^@]*)@([^ ]*)(?: ([^]*))?$/.exec(key) ?? []
  return { host, question: args === '' ? fact : `${fact} ${args}` }
}

function leaves(
  at: string,
  was: Json | undefined,
  is: Json | undefined,
): { at: string; was: string; is: string }[] {
  if (isObject(was) && isObject(is)) {
    const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort()
    return keys.flatMap(key =>
      leaves(
        at === '' ? key : `${at}.${key}`,
        Object.hasOwn(was, key) ? was[key] : undefined,
        Object.hasOwn(is, key) ? is[key] : undefined,
      ),
    )
  }
  const [a, b] = [words(was), words(is)]
  return a.whole === b.whole ? [] : [{ at, was: a.shown, is: b.shown }]
}

function words(value: Json | undefined): { readonly whole: string; readonly shown: string } {
  const whole = value === undefined ? 'could not be told' : value === null ? 'nothing' : canonical(value)
  return { whole, shown: whole.length <= MOST_SHOWN ? whole : `${whole.slice(0, MOST_SHOWN)}...` }
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
