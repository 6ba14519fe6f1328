/** What to write where a value is of another type than it should be. */
export function typeHelp(wanted: string, value: unknown, written: string, like: string): string {
  if (value === null) return `give it a value${like}, or delete the key`
  if (wanted === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return `quote it: '${written}'`
  if (wanted === 'boolean' && typeof value === 'string' && /^(yes|on|y)$/i.test(value)) return 'write true'
  if (wanted === 'boolean' && typeof value === 'string' && /^(no|off|n)$/i.test(value)) return 'write false'
  if (wanted === 'integer' && typeof value === 'string' && /^\d+$/.test(value))
    return `write it without quotes: ${value}`
  if (wanted === 'array' && typeof value === 'string') return `make it a list: [${value}]`
  return `write ${typeName(wanted)}${like}`
}

/** 'a text', for JSON Schema's 'string'. */
export function typeName(type: string): string {
  const names: { [type: string]: string } = {
    string: 'a text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a map',
  }
  // Where several types will do, they come as 'integer,string'.
  return type
    .split(',')
    .map(one => names[one] ?? one)
    .join(' or ')
}

/** What a value is, in the same words. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  if (typeof value === 'string') return 'a text'
  return typeof value === 'number' ? `the number ${value}` : `the truth value ${value === true}`
}
