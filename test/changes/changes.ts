import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Document, parseDocument } from 'yaml'
import type { Io } from '../../src/cli/io.ts'
import { type Good, loadGood } from '../../src/cli/load.ts'
import { packageRoot } from '../../src/cli/package.ts'
import { pretendedHosts, rehearsePlan, surveyTwin } from '../../src/cli/rehearsal.ts'
import { toSave } from '../../src/cli/review.ts'
import type { Rehearsed } from '../../src/plan/rehearsed.ts'
import type { SavedPlan } from '../../src/plan/saved.ts'
import type { Estate } from '../../src/twin/estate.ts'

type Edit = (playbook: Document) => void

/** One thing that happens to a cluster in its life: the playbook dtr-ha before and after. */
export interface Change {
  readonly name: string
  readonly before?: Edit
  readonly after: Edit
  readonly prune?: true
}

export const set = (path: string, value: unknown): Edit => {
  const keys = path.split('.')
  return playbook => {
    playbook.setIn(keys, playbook.createNode(value))
  }
}
const drop = (path: string): Edit => {
  return playbook => {
    playbook.deleteIn(path.split('.'))
  }
}
const all =
  (...edits: readonly Edit[]): Edit =>
  playbook => {
    for (const edit of edits) edit(playbook)
  }
const replicas = (...hosts: readonly string[]): Edit =>
  set(
    'dtr.replicas',
    hosts.map(host => ({ host })),
  )
const more = all(
  set('hosts.d4', { address: '198.51.100.24', site: 'a' }),
  set('hosts.d5', { address: '198.51.100.25', site: 'b' }),
)
const backedUp = (...codes: readonly string[]): Edit =>
  set(
    'accept',
    codes.map(code => ({ code, reason: 'backed up by hand before this change' })),
  )
const certificates = (product: string, which = ''): Edit =>
  set(`${product}.certificates`, {
    ca: 'files/ca.pem',
    cert: `files/${which}${product}-cert.pem`,
    key: `file:files/${product}-key.pem`,
  })

/** Every one of them is planned in `test/golden/changes`. */
export const changes: readonly Change[] = [
  { name: 'grow-3-to-5', after: all(more, replicas('d1', 'd2', 'd3', 'd4', 'd5')) },
  {
    name: 'shrink-5-to-3',
    before: all(more, replicas('d1', 'd2', 'd3', 'd4', 'd5')),
    after: all(more, drop('hosts.d4'), drop('hosts.d5')),
    prune: true,
  },
  {
    name: 'replace-a-replica',
    after: all(more, drop('hosts.d5'), drop('hosts.d3'), replicas('d1', 'd2', 'd4')),
    prune: true,
  },
  {
    name: 'remove-a-worker',
    after: all(set('ucp.workers', ['w1']), drop('hosts.w2'), set('absent', { nodes: ['w2'] })),
  },
  {
    name: 'upgrade-ucp',
    after: all(
      set('ucp.version', '3.3.4'),
      set('ucp.upgrade', { forceRecentBackup: true }),
      backedUp('RB0830'),
    ),
  },
  {
    name: 'upgrade-ucp-in-waves',
    before: set('ucp.config', { trust_configuration: { require_content_trust: true } }),
    after: all(
      set('ucp.version', '3.2.8'),
      set('ucp.upgrade', { workersAtOnce: 2 }),
      set('ucp.config', { trust_configuration: { require_content_trust: false } }),
      backedUp('RB0830'),
    ),
  },
  { name: 'upgrade-dtr', after: all(set('dtr.version', '2.8.2'), backedUp('RB0882')) },
  {
    name: 'upgrade-engines',
    before: all(
      set('docker.version', '18.09'),
      set('docker.install.packages', ['docker-ee=5:18.09.9~3-0~ubuntu-bionic']),
    ),
    after: () => undefined,
  },
  {
    name: 'change-certificates',
    before: certificates('dtr'),
    after: certificates('dtr', 'renewed-'),
  },
  {
    name: 'renew-ucp-certificate',
    before: certificates('ucp'),
    after: certificates('ucp', 'renewed-'),
  },
  {
    name: 'move-ports',
    after: set(
      'dtr.replicas',
      ['d1', 'd2', 'd3'].map(host => ({ host, httpPort: 8080, httpsPort: host === 'd1' ? 443 : 4443 })),
    ),
  },
  {
    name: 'replace-a-manager',
    after: all(
      set('hosts.m4', { address: '198.51.100.14', site: 'c' }),
      set('ucp.managers', ['m1', 'm2', 'm4']),
      drop('hosts.m3'),
      set('absent', { nodes: ['m3'] }),
    ),
  },
  {
    name: 'move-storage',
    after: all(
      set('storage.url', 'nfs://198.51.100.41/export/images'),
      set('accept', [{ code: 'RB0858', reason: 'images were copied to the new export, read-only since' }]),
    ),
  },
  {
    name: 'second-balancer',
    after: all(
      set('hosts.lb2', { address: '198.51.100.9' }),
      set('loadBalancer.hosts', ['lb1', 'lb2']),
      set('loadBalancer.ucp.port', 9443),
    ),
  },
  {
    name: 'change-url',
    after: all(
      set('dtr.externalUrl', 'https://registry.example.com'),
      set('loadBalancer.dtr.name', 'registry.example.com'),
    ),
  },
  {
    name: 'own-steps',
    after: set('steps', [
      { name: 'Say what this machine is', file: { path: '/etc/motd', source: 'files/motd' } },
      {
        name: 'Let databases map enough memory',
        hosts: ['dtr'],
        sysctl: { name: 'vm.max_map_count', value: 262144 },
      },
      { name: 'Clear the cache', hosts: ['m1'], command: { argv: ['/opt/clear-cache'] } },
    ]),
  },
]

/** What `plan after.yml --offline --after before.yml` saves. `turned`: hosts stand in the file the other way round. */
export async function planOf(change: Change, turned = false): Promise<SavedPlan> {
  return staged(change, turned, async (after, before, estate) =>
    toSave(after, await surveyTwin(after, estate), 'offline', { after: before.file }),
  )
}

/** The change on pretended hosts, with so many failures. */
export async function rehearsed(change: Change, most: number): Promise<Rehearsed> {
  return staged(change, false, async (after, before, estate) => {
    const seen = await surveyTwin(after, estate)
    return rehearsePlan(
      after,
      { ...seen, level: 'offline' },
      { from: before.file, estate },
      { most, seed: 1 },
    )
  })
}

/** The playbooks before and after, and the texts that lie beside them, for whoever stages the change himself. */
export async function playbooksOf(
  change: Change,
): Promise<{ readonly before: Good; readonly after: Good; readonly files: ReadonlyMap<string, string> }> {
  return inFolder(change, false, (after, before, folder) => {
    const names = readdirSync(join(folder, 'files'))
    const files = new Map(
      names.map(name => [`files/${name}`, readFileSync(join(folder, 'files', name), 'utf8')]),
    )
    return Promise.resolve({ before, after, files })
  })
}

async function staged<T>(
  change: Change,
  turned: boolean,
  act: (after: Good, before: Good, estate: Estate) => Promise<T>,
): Promise<T> {
  return inFolder(change, turned, async (after, before) =>
    act(after, before, (await pretendedHosts(after, before)).estate),
  )
}

async function inFolder<T>(
  change: Change,
  turned: boolean,
  act: (after: Good, before: Good, folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-change-'))
  try {
    const playbooks = join(packageRoot(), 'playbooks')
    cpSync(join(playbooks, 'files'), join(folder, 'files'), { recursive: true })
    // With its issuer behind it: another certificate as far as a plan can see.
    for (const product of ['dtr', 'ucp']) {
      const cert = readFileSync(join(folder, 'files', `${product}-cert.pem`), 'utf8')
      writeFileSync(
        join(folder, 'files', `renewed-${product}-cert.pem`),
        `${cert}${readFileSync(join(folder, 'files/ca.pem'), 'utf8')}`,
      )
    }
    const text = readFileSync(join(playbooks, 'dtr-ha.yml'), 'utf8')
    const write = (name: string, edit: Edit): void => {
      const playbook = parseDocument(text)
      edit(playbook)
      if (turned) (playbook.get('hosts') as { items: unknown[] }).items.reverse()
      writeFileSync(join(folder, name), playbook.toString())
    }
    write('before.yml', change.before ?? (() => undefined))
    write('after.yml', change.after)
    const io = {
      cwd: folder,
      env: {},
      err: (said: string) => {
        throw new Error(`${change.name}: ${said}`)
      },
      coloured: { out: false, err: false },
    } as unknown as Io
    const before = await loadGood('before.yml', io)
    const after = await loadGood('after.yml', io, change.prune)
    return await act(after, before, folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
