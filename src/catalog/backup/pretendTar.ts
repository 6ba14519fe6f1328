/** A tar of small texts, as the twin's archives are: ASCII only, so that it is the same as text and as bytes. */
export function pretendTar(files: { readonly [name: string]: string }): string {
  const blocks = Object.entries(files).map(([name, text]) => {
    const padded = text.padEnd(Math.ceil(text.length / 512) * 512, '\0')
    return header(name, text.length) + (text === '' ? '' : padded)
  })
  return `${blocks.join('')}${'\0'.repeat(1024)}`
}

/** The texts in such a tar; undefined when it is none. */
export function pretendUntar(tar: string): { readonly [name: string]: string } | undefined {
  const files: { [name: string]: string } = {}
  for (let at = 0; ;) {
    const head = tar.slice(at, at + 512)
    if (head.length < 512) return undefined
    const name = head.slice(0, 100).replace(/\0.*$/s, '')
    if (name === '') return files
    const size = Number.parseInt(head.slice(124, 135), 8)
    if (Number.isNaN(size) || head.slice(257, 262) !== 'ustar') return undefined
    files[name] = tar.slice(at + 512, at + 512 + size)
    at += 512 + Math.ceil(size / 512) * 512
  }
}

function header(name: string, size: number): string {
  const fields = [
    name.padEnd(100, '\0'),
    '0000600\0',
    '0000000\0',
    '0000000\0',
    `${size.toString(8).padStart(11, '0')}\0`,
    '00000000000\0',
    '        ',
    '0',
    '\0'.repeat(100),
    'ustar\0',
    '00',
    '\0'.repeat(64),
    '0000000\0',
    '0000000\0',
    '\0'.repeat(155),
    '\0'.repeat(12),
  ]
  const text = fields.join('')
  const sum = Buffer.from(text, 'latin1').reduce((all, byte) => all + byte, 0)
  return `${text.slice(0, 148)}${sum.toString(8).padStart(6, '0')}\0 ${text.slice(156)}`
}
