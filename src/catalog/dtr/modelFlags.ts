/** Flags that take no value; all others take the next word, even one that begins with dashes (a PEM text does). */
const SWITCHES = [
  '--debug',
  '--ucp-insecure-tls',
  '--async-nfs',
  '--skip-network-test',
  '--unsafe-join',
  '--prune',
  '--yes',
  '--nocolor',
  '--dtr-use-default-storage',
]

/** The flags of a bootstrapper's command line, `--name value` and `--name=value`; switches have the value 'true'. */
export function flagsOf(words: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>()
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    if (!word.startsWith('--')) continue
    const [name = '', ...rest] = word.split('=')
    if (rest.length > 0) flags.set(name, rest.join('='))
    else if (SWITCHES.includes(name)) flags.set(name, 'true')
    else flags.set(name, words[++i] ?? '')
  }
  return flags
}
