import { mkdirSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { BenchHost, BenchHosts } from './hosts.ts'
import type { Task, Workload } from './workloads.ts'

/** A program that is given the same work. */
export interface Tool {
  readonly id: string
  readonly title: string
  /** Minutes and not seconds: measured less often. */
  readonly slow: boolean
  /** Lays its files into the folder. Answers the command line of one cold run. */
  readonly command: (workload: Workload, at: BenchHosts, directory: string) => readonly string[]
}

const bundle = join(import.meta.dirname, '..', 'dist', 'main.js')
const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** One task as a line of shell that looks first. */
export function shellOf(task: Task): string {
  if (task.kind === 'directory')
    return `[ "$(stat -c %F:%a ${task.path} 2>/dev/null)" = directory:${task.mode.slice(1)} ] || install -d -m ${task.mode} ${task.path}`
  if (task.kind === 'command')
    return task.creates === undefined ? task.shell : `[ -e ${task.creates} ] || { ${task.shell}; }`
  const sum = createHash('sha256').update(task.content).digest('hex')
  const { path, mode } = task
  return `{ echo '${sum}  ${path}' | sha256sum -c --status 2>/dev/null && [ "$(stat -c %a ${path})" = ${mode.slice(1)} ]; } || { printf %s ${quote(task.content)} > ${path}.new && chmod ${mode} ${path}.new && mv -f ${path}.new ${path}; }`
}

const hostsOf = (workload: Workload, at: BenchHosts): readonly BenchHost[] =>
  at.hosts.slice(0, workload.hosts)

function sshConfig(at: BenchHosts, directory: string, more: readonly string[] = []): string {
  const path = join(directory, `ssh_config${more.length === 0 ? '' : '_mux'}`)
  const lines = [
    'User root',
    `IdentityFile ${at.keyPath}`,
    'IdentitiesOnly yes',
    `UserKnownHostsFile ${at.knownHostsPath}`,
  ]
  writeFileSync(path, `Host *\n${[...lines, 'BatchMode yes', ...more].map(line => `  ${line}\n`).join('')}`)
  return path
}

/** Runs one script per host, at most 50 at once. Ends with an error when any of them does. */
function everywhere(hosts: readonly BenchHost[], script: string): readonly string[] {
  const addresses = hosts.map(({ address }) => address).join('\n')
  return ['sh', '-c', `printf '%s\\n' ${quote(addresses)} | xargs -P 50 -I{} sh ${script} {}`]
}

function runbook(id: string, title: string, ...flags: readonly string[]): Tool {
  return {
    id,
    title,
    slow: false,
    command(workload, at, directory) {
      const file = join(directory, 'site.yml')
      const steps = workload.tasks.map((task, i) => {
        const name = `Step ${i + 1}`
        if (task.kind === 'directory')
          return { name, file: { path: task.path, state: 'directory', mode: task.mode } }
        if (task.kind === 'file')
          return { name, file: { path: task.path, mode: task.mode, content: task.content } }
        const { shell, creates } = task
        // Declared short: a command that may take long is a job of its own.
        return { name, command: { shell, timeoutSeconds: 10, ...(creates !== undefined && { creates }) } }
      })
      writeFileSync(
        file,
        stringify({
          runbook: 1,
          name: 'bench',
          ssh: { user: 'root', port: 22, identityFile: at.keyPath, knownHosts: [at.knownHostsPath] },
          hosts: Object.fromEntries(hostsOf(workload, at).map(({ name, address }) => [name, { address }])),
          steps,
        }),
      )
      return [
        process.execPath,
        bundle,
        'apply',
        file,
        '--yes',
        '--parallel',
        '50',
        '--runs-dir',
        join(directory, 'runs'),
        ...flags,
      ]
    },
  }
}

const sshBatch: Tool = {
  id: 'ssh-batch',
  title: 'OpenSSH, one script per host',
  slow: false,
  command(workload, at, directory) {
    const remote = join(directory, 'remote.sh')
    writeFileSync(remote, `set -e\n${workload.tasks.map(task => `${shellOf(task)}\n`).join('')}`)
    const script = join(directory, 'batch.sh')
    writeFileSync(script, `exec ssh -F ${sshConfig(at, directory)} "$1" sh -s < ${remote}\n`)
    return everywhere(hostsOf(workload, at), script)
  },
}

const sshMux: Tool = {
  id: 'ssh-mux',
  title: 'OpenSSH ControlMaster, a command each',
  slow: false,
  command(workload, at, directory) {
    const sockets = join(directory, 'mux')
    mkdirSync(sockets, { recursive: true })
    const mux = ['ControlMaster auto', `ControlPath ${sockets}/%h`, 'ControlPersist 60']
    const config = sshConfig(at, directory, mux)
    const script = join(directory, 'mux.sh')
    const lines = workload.tasks.map(task => `ssh -F ${config} "$1" ${quote(shellOf(task))} </dev/null\n`)
    writeFileSync(script, `set -e\n${lines.join('')}`)
    return everywhere(hostsOf(workload, at), script)
  },
}

type Flavour = 'default' | 'tuned' | 'mitogen'

function ansible(flavour: Flavour, title: string): Tool {
  return {
    id: flavour === 'mitogen' ? 'mitogen' : `ansible-${flavour}`,
    title,
    slow: true,
    command(workload, at, directory) {
      const sockets = join(directory, 'cp')
      mkdirSync(sockets, { recursive: true })
      const tuned = flavour !== 'default'
      const plugins = '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy'
      const config = [
        '[defaults]',
        `inventory = ${join(directory, 'inventory')}`,
        `local_tmp = ${join(directory, 'ansible-tmp')}`,
        'retry_files_enabled = False',
        'nocows = True',
        ...(tuned ? ['forks = 50'] : []),
        ...(flavour === 'mitogen' ? [`strategy_plugins = ${plugins}`, 'strategy = mitogen_linear'] : []),
        '[ssh_connection]',
        `ssh_args = -F ${sshConfig(at, directory)} -o ControlMaster=auto -o ControlPersist=60s`,
        `control_path_dir = ${sockets}`,
        ...(tuned ? ['pipelining = True'] : []),
      ]
      writeFileSync(join(directory, 'ansible.cfg'), `${config.join('\n')}\n`)
      const hosts = hostsOf(workload, at).map(({ name, address }) =>
        [
          ...[
            name,
            `ansible_host=${address}`,
            'ansible_user=root',
            `ansible_ssh_private_key_file=${at.keyPath}`,
          ],
          ...[
            'ansible_python_interpreter=/usr/bin/python3',
            `ansible_ssh_common_args='-F ${sshConfig(at, directory)}'`,
          ],
        ].join(' '),
      )
      writeFileSync(join(directory, 'inventory'), `${hosts.join('\n')}\n`)
      const tasks = workload.tasks.map(task => {
        if (task.kind === 'directory')
          return { file: { path: task.path, state: 'directory', mode: task.mode } }
        if (task.kind === 'file') return { copy: { dest: task.path, mode: task.mode, content: task.content } }
        return { shell: task.shell, ...(task.creates !== undefined && { args: { creates: task.creates } }) }
      })
      const book = join(directory, 'play.yml')
      writeFileSync(book, stringify([{ hosts: 'all', gather_facts: false, tasks }]))
      const environment = [
        `ANSIBLE_CONFIG=${join(directory, 'ansible.cfg')}`,
        `HOME=${directory}`,
        'LC_ALL=C.UTF-8',
      ]
      return ['env', ...environment, '/usr/bin/python3', '/usr/bin/ansible-playbook', book]
    },
  }
}

export const tools: readonly Tool[] = [
  runbook('runbook', 'runbook apply'),
  runbook('runbook-awaited', 'runbook apply --one-by-one', '--one-by-one'),
  sshBatch,
  sshMux,
  ansible('tuned', 'Ansible, pipelining and forks'),
  ansible('mitogen', 'Ansible with Mitogen'),
  ansible('default', 'Ansible as it comes'),
]
