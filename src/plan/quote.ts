/** The only shell quoting: a word as POSIX sh reads it back. @throws RangeError on NUL, which no argument can carry */
export function quote(word: string): string {
  if (word.includes('\0')) throw new RangeError('a command argument cannot contain a NUL character')
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}
