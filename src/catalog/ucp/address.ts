import { parseIpv4 } from '../cidr.ts'

/** True for an IP address as against a name: IPv4 in four numbers, or anything with the colons of IPv6. */
export function isAddress(text: string): boolean {
  return parseIpv4(text) !== undefined || /^[0-9a-f:.%]*:[0-9a-f:.%]*$/i.test(text)
}
