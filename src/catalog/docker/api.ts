import type { Op, Value } from '../../plan/step.ts'

/**
 * A line of a bootstrapper's log that means failure whatever the exit code says, in every form it is printed: key-value without a
 * terminal, the short form with one (with or without colour), JSON lines [§3.3].
 */
export const FATAL_LINE = String.raw`level=fatal|FATA(\x1b\[0m)?\[|"level":\s*"fatal"`

/**
 * A POST to the host's own engine over its socket. The body goes on standard input, so it may hold secrets, which the docker
 * command would want as arguments. The engine answers errors as {"message": …} with any status: `failsOn` sees that line.
 * curl is there on every host that passed the preflight (RB0801).
 */
export function enginePost(
  path: string,
  body: Value,
  options: { readonly timeoutSeconds: number; readonly failsOn?: string; readonly on?: string },
): Op {
  return {
    exec: {
      argv: [
        'curl',
        '--silent',
        '--show-error',
        '--max-time',
        String(options.timeoutSeconds),
        '--unix-socket',
        '/var/run/docker.sock',
        '--header',
        'Content-Type: application/json',
        '--data-binary',
        '@-',
        `http://localhost${path}`,
      ],
      stdin: body,
    },
    timeoutSeconds: options.timeoutSeconds + 10,
    failsOn: options.failsOn ?? String.raw`"message"\s*:`,
    ...(options.on === undefined ? {} : { on: options.on }),
  }
}

/** JSON text with references in it: strings and numbers are written as JSON, `{json: value}` puts a reference in as a JSON string. */
export function jsonBody(members: { readonly [name: string]: Value | readonly Value[] }): Value {
  const parts: Value[] = []
  for (const [name, value] of Object.entries(members)) {
    parts.push(`${parts.length === 0 ? '{' : ','}${JSON.stringify(name)}:`)
    if (isList(value)) {
      parts.push('[')
      value.forEach((item, i) => parts.push(i === 0 ? '' : ',', { json: item }))
      parts.push(']')
    } else parts.push({ json: value })
  }
  parts.push(parts.length === 0 ? '{}' : '}')
  return { join: parts }
}

function isList(value: Value | readonly Value[]): value is readonly Value[] {
  return Array.isArray(value)
}
