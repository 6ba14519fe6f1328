/**
 * Log lines of the two bootstrappers, on standard error: logrus' key-value form without a terminal, its coloured form
 * with one [docker-enterprise.md 3.3]. `--jsonlog` of UCP gives JSON.
 */

export type Level = 'debug' | 'info' | 'warning' | 'error' | 'fatal'

/** Ends the bootstrapper: one fatal line, exit code 1. */
export class Fatal extends Error {
  override readonly name = 'Fatal'
}

const began = Date.now()
const form = { json: false, debug: false }

export function logForm(options: { readonly json?: boolean; readonly debug?: boolean }): void {
  form.json = options.json ?? form.json
  form.debug = options.debug ?? form.debug
}

export function log(level: Level, text: string): void {
  if (level === 'debug' && !form.debug) return
  const time = `${new Date().toISOString().slice(0, 19)}Z`
  if (form.json) process.stderr.write(`${JSON.stringify({ level, msg: text, time })}\n`)
  else if (process.stderr.isTTY) {
    const seconds = String(Math.floor((Date.now() - began) / 1000)).padStart(4, '0')
    process.stderr.write(`\u001b[36m${level.toUpperCase().slice(0, 4)}\u001b[0m[${seconds}] ${text}\n`)
  } else process.stderr.write(`time="${time}" level=${level} msg=${quoted(text)}\n`)
}

/** logrus quotes a message unless it is one plain word. */
const quoted = (text: string): string => (/^[\w\-./@^+]+$/.test(text) ? text : JSON.stringify(text))

export const info = (text: string): void => {
  log('info', text)
}
export const warn = (text: string): void => {
  log('warning', text)
}
