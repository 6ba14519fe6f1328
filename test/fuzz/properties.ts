import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { products } from '../../src/catalog/index.ts'
import { questions } from '../../src/catalog/compile.ts'
import { playbookRules } from '../../src/catalog/rules.ts'
import { loadStepTools } from '../../src/catalog/steps/tools.ts'
import { offline } from '../../src/cli/survey.ts'
import { parseLease } from '../../src/hosts/custody.ts'
import { algorithmsFor, judge, parseKnownHosts } from '../../src/hosts/known_hosts.ts'
import { parseLog } from '../../src/hosts/master.ts'
import { masterFailure } from '../../src/hosts/masterFailure.ts'
import { scanner } from '../../src/hosts/scan.ts'
import { expandTokens, parseSshConfig } from '../../src/hosts/ssh_config.ts'
import { callReader } from '../../src/hosts/unwire.ts'
import { parseHop } from '../../src/hosts/way.ts'
import { canonical } from '../../src/plan/canonical.ts'
import type { Fact } from '../../src/plan/fact.ts'
import type { Json } from '../../src/plan/step.ts'
import { localReader, readPlaybook } from '../../src/playbook/read.ts'
import type { Event } from '../../src/run/event.ts'
import { openJournal, readJournal } from '../../src/run/journal.ts'
import { mutated } from './mutated.ts'

/** What no input may break. `make` is called once, so that what it reads is read once; `end` takes away what it made. */
export interface Law {
  readonly name: string
  make(): { readonly property: fc.IRawProperty<unknown, false>; readonly end?: () => void }
}

const root = join(import.meta.dirname, '..', '..')

/** All that stands in a folder and ends so. */
function texts(folder: string, end: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(end))
    .sort()
    .map(name => readFileSync(join(root, folder, name), 'utf8'))
}

/** Only errors of a class that says what is wrong with the input; a TypeError says what is wrong with us. */
function onlySays<T>(kinds: readonly (new (message: string) => Error)[], task: () => T): T | undefined {
  try {
    return task()
  } catch (error) {
    if (kinds.some(kind => error instanceof kind && error.constructor === kind)) return undefined
    throw error
  }
}

const key = 'AAAAC3NzaC1lZDI1NTE5AAAAIGJZXrlwVRkZbRFhqPBTqdRCWLY4ZLD9Hv6A8dCq4T3J'
const knownHosts = [
  `m1,192.0.2.1 ssh-ed25519 ${key}\n`,
  `|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 ${key} comment\n`,
  `@revoked * ssh-ed25519 ${key}\n@cert-authority *.example.com,!x.example.com ssh-ed25519 ${key}\n`,
  `[m1]:2222,[::1]:22 ssh-ed25519 ${key}\n# a comment\n\n`,
]
const sshConfigs = [
  'host m1\nuser root\nhostname 10.0.0.1\nport 22\nidentityfile ~/.ssh/%h\nproxyjump a@b:22,[::1]:2222\n',
  'proxycommand nc %h %p\nuserknownhostsfile /a /b\nstricthostkeychecking accept-new\nidentityagent $SOCK\n',
]
const logs = [
  'OpenSSH_9.2p1\ndebug1: Server host key: ssh-ed25519 SHA256:abc\nroot@m1: Permission denied (publickey).\n',
  '@@@@@\nWARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\nOffending ED25519 key in /nowhere:3\nHost key verification failed.\n',
]

const at = '2026-01-01T00:00:00.000Z'
const events: readonly Event[] = [
  { at, kind: 'run-started', run: 'R', plan: 'p', name: 'Zürich', steps: 1, resumed: false },
  { at, kind: 'step-started', step: 's', attempt: 1 },
  { at, kind: 'op-started', step: 's', op: 0, host: 'a', shown: 'x "y" \\' },
  { at, kind: 'op-ended', step: 's', op: 0, code: 0 },
  { at, kind: 'step-done', step: 's', how: 'changed' },
]

await loadStepTools()

export const laws: readonly Law[] = [
  {
    name: 'known_hosts',
    make: () => ({
      property: fc.property(mutated(knownHosts), fc.string(), fc.nat(70_000), (text, host, port) => {
        const known = parseKnownHosts(text, 'file')
        judge(known, host, port, Buffer.from(key, 'base64'))
        judge(known, 'm1', 22, Buffer.from(text.slice(0, 40)))
        algorithmsFor(known, host, port)
      }),
    }),
  },
  {
    name: 'what ssh -G and ssh -v print',
    make: () => ({
      property: fc.property(mutated(sshConfigs), mutated(logs), (config, said) => {
        const { identityFiles, proxyJump, port } = parseSshConfig(config, 'm1')
        if (port < 1 || port > 65_535) throw new Error(`port ${String(port)}`)
        proxyJump?.split(',').forEach(parseHop)
        const values = { asked: 'm1', hostname: 'h', port, user: 'u', home: '/', keyName: 'k' }
        for (const file of identityFiles) expandTokens(file, values)
        parseLog(said)
        masterFailure({ host: 'm1', where: 'm1', code: 255, late: false, said, seconds: 1 })
      }),
    }),
  },
  {
    name: 'journal files',
    make() {
      const folder = mkdtempSync(join(tmpdir(), 'runbook-fuzz-'))
      const journal = openJournal(join(folder, 'good'))
      for (const event of events) journal.append(event)
      journal.close()
      const file = join(folder, 'bad')
      return {
        end: () => {
          rmSync(folder, { recursive: true })
        },
        property: fc.property(mutated([readFileSync(join(folder, 'good'), 'latin1')]), text => {
          writeFileSync(file, Buffer.from(text, 'latin1'))
          let past
          try {
            past = readJournal(file)
          } catch (error) {
            // It says the file and the line.
            if (error instanceof Error && error.message.startsWith(`${file}:`)) return
            throw error
          }
          // What it takes is the beginning of what was written.
          const taken = JSON.stringify(past.events)
          if (taken !== JSON.stringify(events.slice(0, past.events.length)))
            throw new Error(`a changed journal was taken: ${taken}`)
        }),
      }
    },
  },
  {
    name: 'playbooks',
    make() {
      const samples = [...texts('playbooks', '.yml'), ...texts('test/playbook/corpus', '.yml')]
      const read = localReader(join(root, 'playbooks'))
      return {
        property: fc.property(mutated(samples), text => {
          const { diagnostics, topology } = readPlaybook(text, 'fuzz.yml', read, playbookRules)
          for (const { code, line, message } of diagnostics)
            if (!/^RB\d{4}$/.test(code) || !(line >= 1) || message === '')
              throw new Error(`a diagnostic without place or code: ${code} ${String(line)} ${message}`)
          if (topology !== undefined) canonical(offline(topology, 'd', products).plan)
        }),
      }
    },
  },
  {
    name: 'answers of the products',
    make() {
      const source = readFileSync(join(root, 'playbooks', 'dtr-ha.yml'), 'utf8')
      const { topology } = readPlaybook(source, 'dtr-ha.yml', localReader(join(root, 'playbooks')))
      if (topology === undefined) throw new Error('the example playbook is broken')
      const { plan } = offline(topology, 'd', products)
      const facts = new Map<string, Fact>(
        products.flatMap(product => product.facts.map(fact => [fact.name, fact])),
      )
      const asked = questions(topology, products, plan)
      const recorded = [...texts('test/fixtures', '.json'), ...texts('test/fixtures', '.txt')].map(stdoutOf)
      return {
        property: fc.property(
          fc.constantFrom(...asked),
          fc.constantFrom(0, 0, 0, 1, 7, 125, 127, undefined),
          fc.oneof(mutated(recorded), fc.json(), fc.constantFrom(...recorded)),
          fc.string(),
          (ref, code, stdout, stderr) => {
            const answer = facts.get(ref.fact)?.parse({ code, stdout, stderr }, ref.args)
            if (answer !== undefined) canonical(answer)
          },
        ),
      }
    },
  },
  {
    name: 'what hosts send',
    make: () => ({
      property: fc.property(
        mutated([
          '\u0001nonce b 1\n',
          '3 17\nabc\nwho\n',
          "{ rb_probe 1 2 - 0 'echo' x; }\n{ rb_hello n; }\n",
        ]),
        fc.integer({ min: 1, max: 9 }),
        (text, size) => {
          const scan = scanner('nonce')
          const read = callReader()
          for (let from = 0; from < text.length; from += size) {
            const chunk = text.slice(from, from + size)
            onlySays([SyntaxError], () => scan(Buffer.from(chunk)))
            onlySays([SyntaxError, RangeError, URIError], () => read(chunk))
          }
          onlySays([SyntaxError], () => parseLease(text))
        },
      ),
    }),
  },
]

/** Recordings are JSON around what was printed, or just that. */
function stdoutOf(text: string): string {
  try {
    const { exit } = JSON.parse(text) as { readonly exit?: { readonly stdout?: Json } }
    return typeof exit?.stdout === 'string' ? exit.stdout : text
  } catch {
    return text
  }
}
