import { Quit } from './exit.ts'

const units: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3600, d: 86_400 }

/** '90s', '10m', '4h', '1h30m' as seconds. @param flag names what was wrong @throws Quit */
export function secondsOf(text: string, flag: string): number {
  const parts = [...text.matchAll(/(\d+)([smhd])/g)]
  if (text === '0') return 0
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text)
    throw new Quit('usage', `${flag} takes a time like 90s, 10m or 4h, not '${text}'`)
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0), 0)
}
