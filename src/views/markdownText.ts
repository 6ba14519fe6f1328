/** A block that is folded. */
export function details(summary: string, inside: readonly string[]): readonly string[] {
  return [`<details><summary>${summary}</summary>`, '', ...inside, '', '</details>']
}

/** A fence longer than any run of backticks inside: what a command says can never end it. */
export function fence(language: string, body: string): readonly string[] {
  const longest = Math.max(2, ...[...body.matchAll(/`+/g)].map(found => found[0].length))
  const ticks = '`'.repeat(longest + 1)
  return [`${ticks}${language}`, body, ticks]
}

/** Names from a playbook can neither make a link, nor mention anybody, nor open a tag. */
export function text(words: string): string {
  return words
    .replace(/[\r\n]+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_[\]|#!~]/g, '\\$&')
    .replaceAll('@', '@\u200B')
}
