import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contains, overlaps, parseCidr, parseIpv4, showCidr, type Cidr } from '../../src/catalog/cidr.ts'

const range = (text: string): Cidr => {
  const made = parseCidr(text)
  if (made === undefined) throw new Error(text)
  return made
}

describe('address ranges', () => {
  it('are read strictly', () => {
    expect(parseIpv4('255.255.255.255')).toBe(2 ** 32 - 1)
    for (const wrong of ['256.0.0.1', '1.2.3', '1.2.3.4.5', 'a.b.c.d', '', '1.2.3.-4'])
      expect(parseIpv4(wrong)).toBeUndefined()
    for (const wrong of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'x/8'])
      expect(parseCidr(wrong)).toBeUndefined()
    expect(showCidr(range('10.1.2.3/8'))).toBe('10.0.0.0/8')
    expect(showCidr(range('200.1.2.3/32'))).toBe('200.1.2.3/32')
    expect(showCidr(range('200.1.2.3/0'))).toBe('0.0.0.0/0')
  })

  it('overlap when one holds the other', () => {
    expect(overlaps(range('10.0.0.0/8'), range('10.96.0.0/16'))).toBe(true)
    expect(overlaps(range('192.168.0.0/16'), range('192.169.0.0/16'))).toBe(false)
    expect(overlaps(range('0.0.0.0/0'), range('203.0.113.0/24'))).toBe(true)
    expect(contains(range('198.51.100.0/25'), parseIpv4('198.51.100.127') ?? 0)).toBe(true)
    expect(contains(range('198.51.100.0/25'), parseIpv4('198.51.100.128') ?? 0)).toBe(false)
  })

  it('overlap exactly when they have an address in common', () => {
    // Ranges inside one /24, so that all their addresses can be listed.
    const small = fc
      .record({ last: fc.integer({ min: 0, max: 255 }), bits: fc.integer({ min: 24, max: 32 }) })
      .map(({ last, bits }) => range(`198.51.100.${last}/${bits}`))
    const listed = ({ base, bits }: Cidr) => Array.from({ length: 2 ** (32 - bits) }, (_, i) => base + i)
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(overlaps(a, b)).toBe(listed(a).some(ip => listed(b).includes(ip)))
      }),
    )
  })
})
