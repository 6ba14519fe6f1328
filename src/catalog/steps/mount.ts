import type { Fact } from '../../plan/fact.ts'
import type { Json } from '../../plan/step.ts'
import type { MountSpec } from '../../playbook/steps.ts'
import { exit } from '../os/model.ts'
import { textArg } from '../os/text.ts'
import { type Answer, type Deed, type Site, scriptOf } from './action.ts'
import { Mistake } from './mistake.ts'
import { absolute } from './paths.ts'
import { pretend, pretended } from './pretend.ts'

const LOOK =
  'cat /proc/self/mounts && echo "# fstab" && if [ -e /etc/fstab ]; then cat /etc/fstab; fi && echo "# end"'
/** Words: path, source, type, options; no source: only taken away. The table is replaced whole, by rename. */
const SET = `set -e
path=$1 source=$2 type=$3 options=$4
touch /etc/fstab
new=$(mktemp /etc/.fstab.XXXXXX)
trap 'rm -f "$new"' EXIT
awk -v path="$path" '/^[ \\t]*#/ || $2 != path' /etc/fstab >"$new"
[ -z "$source" ] || printf '%s %s %s %s 0 0\\n' "$source" "$path" "$type" "$options" >>"$new"
chmod 0644 "$new"
mv "$new" /etc/fstab
now=$(awk -v path="$path" '$2 == path { print $1 }' /proc/self/mounts | tail -n 1)
if [ -z "$source" ]; then [ -z "$now" ] || umount "$path"
elif [ -z "$now" ]; then mkdir -p "$path" && mount "$path"
elif [ "$now" != "$source" ]; then echo "$path is the mount of $now already; unmount that first" >&2; exit 1; fi`

/** What is mounted at `{path}` and what the table of the system says of it: `{now, boot}`, each null or `{source, type}`; boot also `options`. */
export const mountFact: Fact = {
  name: 'step.mount',
  about:
    'What is mounted at args {path}: {now: null|{source, type}, boot: null|{source, type, options}} (boot: /etc/fstab).',
  scope: 'host',
  // No word of it depends on the path, so that a host's mounts are read once for all questions.
  probe: () => ({ argv: ['sh', '-c', LOOK, 'runbook-step-mounts'] }),
  parse({ code, stdout }, args) {
    if (code !== 0 || !stdout.trimEnd().endsWith('# end')) return undefined
    const path = textArg(args, 'path')
    const [mounts = '', table = ''] = stdout.split('\n# fstab\n')
    const [now] = entries(mounts, path).slice(-1)
    const [boot] = entries(table, path).slice(-1)
    const shown = (entry: Entry): { readonly [name: string]: Json } => ({
      source: entry.source,
      type: kindOf(entry.type),
    })
    return {
      now: now === undefined ? null : shown(now),
      boot: boot === undefined ? null : { ...shown(boot), options: boot.options },
    }
  },
}

interface Entry {
  readonly source: string
  readonly type: string
  readonly options: string
}

function entries(text: string, path: string): readonly Entry[] {
  return text
    .split('\n')
    .filter(line => !/^\s*(#|$)/.test(line))
    .map(line => line.trim().split(/\s+/).map(unescape))
    .filter(fields => fields[1] === path)
    .map(([source = '', , type = '', options = '']) => ({ source, type, options }))
}

/** The kernel writes blanks in octal. */
function unescape(field: string): string {
  return field.replaceAll(/\\(040|011|012|134)/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
}

/** The kernel calls an `nfs` mount of version 4 `nfs4`. */
function kindOf(type: string): string {
  return type === 'nfs4' ? 'nfs' : type
}

/** A file system that is mounted now and at every start, or neither. @throws Mistake */
export function mountDeed(spec: MountSpec, { host, read }: Site, at: Mistake['path']): Deed {
  const path = absolute(read.text(spec.path, [...at, 'path']), [...at, 'path'])
  if (path === '/' || /\s/.test(path))
    throw new Mistake('RB0907', [...at, 'path'], `'${path}' cannot be mounted on by a step`)
  const takes = { p50Seconds: 2, p90Seconds: 30 }
  if (spec.state === 'absent') {
    return {
      goal: [{ fact: mountFact.name, host, args: { path }, is: { now: null, boot: null } }],
      run: [
        { exec: { argv: ['sh', '-c', SET, 'runbook-step-mount', path, '', '', ''] }, timeoutSeconds: 120 },
      ],
      withinSeconds: 5,
      takes,
      risk: 'interrupts',
    }
  }
  const [source, type] = (['source', 'type'] as const).map(key => {
    const words = spec[key]
    if (words === undefined)
      throw new Mistake(
        'RB0903',
        at,
        `a mount needs '${key}'`,
        key === 'type' ? "as mount -t has it, as in 'nfs'" : "what is mounted, as in 'nas:/export/data'",
      )
    return word(read.text(words, [...at, key]), [...at, key])
  }) as [string, string]
  const options = word(read.text(spec.options, [...at, 'options']), [...at, 'options'])
  return {
    goal: [
      {
        fact: mountFact.name,
        host,
        args: { path },
        is: { now: { source, type: kindOf(type) }, boot: { source, type: kindOf(type), options } },
      },
    ],
    run: [
      {
        exec: { argv: ['sh', '-c', SET, 'runbook-step-mount', path, source, type, options] },
        timeoutSeconds: 120,
      },
    ],
    withinSeconds: 5,
    takes,
  }
}

function word(text: string, at: Mistake['path']): string {
  if (/^[^\s#]+$/.test(text)) return text
  throw new Mistake('RB0907', at, `'${text}' cannot stand in /etc/fstab`, "one word without blanks and '#'")
}

/** Mounts on the twin; its table is the file /etc/fstab. */
export const answerMounts: Answer = (line, host, estate) => {
  const script = scriptOf(line)
  const files = estate.hosts[host]?.files ?? {}
  const table = files['/etc/fstab']?.content ?? ''
  if (script?.name === 'runbook-step-mounts') {
    const mounted = Object.entries(pretended(estate, host).mounts).map(
      ([path, one]) => `${one.source} ${path} ${one.type} rw,relatime 0 0\n`,
    )
    return exit(0, `/dev/sda1 / ext4 rw,relatime 0 0\n${mounted.join('')}# fstab\n${table}# end\n`)
  }
  if (script?.name !== 'runbook-step-mount') return undefined
  const [path = '', source = '', type = '', options = ''] = script.words
  const others = table.split('\n').filter(one => one !== '' && one.split(/\s+/)[1] !== path)
  const lines = source === '' ? others : [...others, `${source} ${path} ${type} ${options} 0 0`]
  files['/etc/fstab'] = { content: lines.map(one => `${one}\n`).join(''), mode: '0644' }
  const { mounts } = pretend(estate, host)
  const now = mounts[path]
  if (source === '') Reflect.deleteProperty(mounts, path)
  else if (now === undefined) mounts[path] = { source, type }
  else if (now.source !== source)
    return exit(1, '', `${path} is the mount of ${now.source} already; unmount that first\n`)
  return exit(0)
}
