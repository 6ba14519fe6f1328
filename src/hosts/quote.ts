/** The only shell quoting of the project. */

const SAFE = /^[A-Za-z0-9_@%+=:,./-]+$/

/**
 * One word for a POSIX shell: harmless words as they are, all others in single quotes, in which a shell reads nothing.
 * @throws RangeError when the word contains NUL, which no argument of any program can hold
 */
export function quote(word: string): string {
  if (word.includes('\0'))
    throw new RangeError(`a word for a command contains a NUL byte: ${JSON.stringify(word.slice(0, 80))}`)
  return SAFE.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** The words as one shell line, for people to read and paste. */
export function quoteAll(argv: readonly string[]): string {
  return argv.map(quote).join(' ')
}
