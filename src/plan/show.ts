import { canonical } from './canonical.ts'
import { quote } from './quote.ts'
import type { Check, Command, Haul, Op, Store, Value } from './step.ts'

/** A value as a reader sees it: references stay references. */
export function showValue(value: Value): string {
  if (typeof value === 'string') return value
  if ('secret' in value) return `secret://${value.secret}`
  if ('fact' in value) return `fact://${value.fact.fact}@${value.fact.host}/${value.pick}`
  if ('file' in value) return `file://${value.file}#sha256:${value.sha256.slice(0, 12)}`
  if ('join' in value) return value.join.map(showValue).join('')
  return `"${showValue(value.json)}"`
}

/** A command as one would type it, with references in place of what is not known or not to be shown. */
export function showCommand(command: Command): string {
  const env = Object.entries(command.env ?? {}).map(([name, value]) => `${name}=${showWord(value)}`)
  const line = [...env, ...command.argv.map(showWord)].join(' ')
  return command.stdin === undefined ? line : `${line} <<< ${showWord(command.stdin)}`
}

/** An op on one or more lines. */
export function showOp(op: Op): string {
  if ('exec' in op) return showCommand(op.exec)
  if ('write' in op) return `write ${op.write} (mode ${op.mode})`
  if ('await' in op) return `wait up to ${op.withinSeconds} s until ${op.await.map(showCheck).join(' and ')}`
  if ('ask' in op) return `ask: ${op.ask}`
  return showHaul(op)
}

function showHaul(op: Haul): string {
  const place = showStore(op.store)
  if ('keep' in op) return `keep ${op.keep} as ${op.as} in ${place}`
  if ('fetch' in op)
    return `fetch ${op.fetch} from ${place} to ${op.to} (mode ${op.mode}, sha256 ${op.sha256.slice(0, 12)})`
  return `prove ${op.prove.map(({ name }) => name).join(', ')} in ${place}: read back whole, digests and contents looked at`
}

/** A place to keep files as a reader knows it. */
export function showStore(store: Store): string {
  const place =
    'directory' in store
      ? store.directory
      : 'host' in store
        ? `${store.host}:${store.path}`
        : `s3://${store.s3.bucket}/${store.s3.prefix}`
  return store.age === undefined ? place : `${place} (age)`
}

/** A check as a phrase: `web.ping@d1 is {"code":200}`. */
export function showCheck(check: Check): string {
  const args = check.args === undefined ? '' : ` ${canonical(check.args)}`
  return `${check.fact}@${check.host}${args} is ${canonical(check.is)}`
}

function showWord(value: Value): string {
  const shown = showValue(value)
  return typeof value === 'string' ? quote(shown) : shown
}
