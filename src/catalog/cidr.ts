/** An IPv4 range: its first address and the number of fixed bits. */
export interface Cidr {
  readonly base: number
  readonly bits: number
}

/** Undefined: no IPv4 address at all. */
export function parseIpv4(text: string): number | undefined {
  const parts = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text) ? text.split('.').map(Number) : []
  if (parts.length !== 4 || parts.some(part => part > 255)) return undefined
  return parts.reduce((sum, part) => sum * 256 + part, 0)
}

/** 'a.b.c.d/n'. Undefined: not a range. Host bits may be set; `base` has them cleared. */
export function parseCidr(text: string): Cidr | undefined {
  const [address, length, ...rest] = text.split('/')
  const ip = parseIpv4(address ?? '')
  const bits = /^\d{1,2}$/.test(length ?? '') ? Number(length) : 33
  if (ip === undefined || bits > 32 || rest.length > 0) return undefined
  const size = 2 ** (32 - bits)
  return { base: Math.floor(ip / size) * size, bits }
}

export function showCidr({ base, bits }: Cidr): string {
  return `${[24, 16, 8, 0].map(shift => Math.floor(base / 2 ** shift) % 256).join('.')}/${bits}`
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  const size = 2 ** (32 - Math.min(a.bits, b.bits))
  return Math.floor(a.base / size) === Math.floor(b.base / size)
}

export function contains(range: Cidr, ip: number): boolean {
  return overlaps(range, { base: ip, bits: 32 })
}
