import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import * as scripts from '../../../src/catalog/backup/scripts.ts'
import { part, set, sets } from '../../../src/catalog/backup/facts.ts'
import { type Bench, bench } from '../sh.ts'

/** The shell texts of backup and restore, run by this machine's sh, with pretend docker, systemctl and curl that write down what they are asked. */

const open: Bench[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.done()
})

function host(answers = '', more: { readonly [program: string]: string } = {}) {
  const one = bench({
    docker: `echo "docker $*" >> $BENCH/calls\ncase "$*" in\n${answers}\n*'{{.DockerRootDir}}'*) echo $BENCH/root ;;\nesac\nexit 0`,
    systemctl: 'echo "systemctl $*" >> $BENCH/calls\n[ "$1" != is-active ] || [ -e $BENCH/socket ]',
    sleep: 'echo "sleep $*" >> $BENCH/calls',
    ...more,
  })
  open.push(one)
  const at = (path: string): string => join(one.dir, path)
  const put = (path: string, text: string): void => {
    mkdirSync(join(at(path), '..'), { recursive: true })
    writeFileSync(at(path), text)
  }
  const calls = (pattern: RegExp): readonly string[] =>
    existsSync(at('calls'))
      ? readFileSync(at('calls'), 'utf8')
          .split('\n')
          .filter(line => pattern.test(line))
      : []
  const listed = async (tar: string): Promise<readonly string[]> =>
    (await one.run('tar -tf "$1"', [at(tar)])).stdout.split('\n').filter(line => /[^/]$/.test(line))
  return { ...one, at, put, calls, listed }
}

describe('the swarm', () => {
  it('is archived with the engine and its socket stopped, and both come back', async () => {
    const one = host()
    one.put('root/swarm/state.json', '[]')
    one.put('root/swarm/raft/wal', 'x')
    one.put('socket', '')
    const end = await one.run(scripts.SWARM, [one.at('spool')])
    expect(end).toMatchObject({ code: 0, stderr: '' })
    expect((await one.listed('spool/swarm.tar')).slice().sort()).toEqual([
      'swarm/raft/wal',
      'swarm/state.json',
    ])
    expect(statSync(one.at('spool/swarm.tar')).mode & 0o777).toBe(0o600)
    expect(one.calls(/systemctl st/)).toEqual([
      'systemctl stop docker.socket docker',
      'systemctl start docker.socket docker',
    ])
  })

  it('the engine comes back when the archive cannot be written, and nothing that looks like one is there', async () => {
    const one = host('', { tar: 'echo "no space left" >&2; exit 2' })
    one.put('root/swarm/state.json', '[]')
    const end = await one.run(scripts.SWARM, [one.at('spool')])
    expect(end.code).toBe(2)
    expect(one.calls(/systemctl st/)).toEqual(['systemctl stop docker', 'systemctl start docker'])
    expect(existsSync(one.at('spool/swarm.tar'))).toBe(false)
  })

  it('comes back on a host that is in none, as its only manager; one that is in a swarm is left alone', async () => {
    const one = host(`*LocalNodeState*) if [ -e $BENCH/there ]; then echo active; else echo inactive; fi ;;
*--force-new-cluster*) [ -e $BENCH/tried ] || { touch $BENCH/tried; echo "no leader yet" >&2; exit 1; } ;;`)
    one.put('root/swarm/state.json', '["new"]')
    await one.run('mkdir -p "$1" && tar -C "$2" -cf "$1/swarm.tar" swarm', [one.at('spool'), one.at('root')])
    one.put('root/swarm/state.json', '["old"]')
    one.put('root/swarm/worker/left-over', 'x')
    const end = await one.run(scripts.RESTORE_SWARM, [one.at('spool'), '198.51.100.13'])
    expect(end).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(one.at('root/swarm/state.json'), 'utf8')).toBe('["new"]')
    expect(existsSync(one.at('root/swarm/worker'))).toBe(false)
    expect(one.calls(/force-new-cluster/)).toEqual(
      Array(2).fill('docker swarm init --force-new-cluster --advertise-addr 198.51.100.13'),
    )
    expect(existsSync(one.at('spool/swarm.tar'))).toBe(false)
    one.put('there', '')
    const again = await one.run(scripts.RESTORE_SWARM, [one.at('spool'), '198.51.100.13'])
    expect(again).toMatchObject({ code: 3, stderr: 'runbook: this host is in a swarm (active)\n' })
    expect(one.calls(/systemctl stop/)).toHaveLength(1)
  })
})

describe('papers', () => {
  const answers = `"swarm ca") echo CA ;;
"config ls"*) printf 'com.docker.license-1\\ncom.docker.license-2\\nother\\n' ;;
*"config inspect"*com.docker.license-2) printf '"bGljZW5jZQ=="\\n' ;;`
  const curl = { curl: 'echo UCPCA' }

  it('hold the newest licence, and no key where the swarm has none', async () => {
    const one = host(
      `${answers}\n"swarm unlock-key"*) echo 'Error: no unlock key is set' >&2; exit 1 ;;`,
      curl,
    )
    one.put('spool/papers/playbook.yml', 'runbook: 1\n')
    const end = await one.run(scripts.PAPERS, [one.at('spool'), '443'])
    expect(end).toMatchObject({ code: 0, stderr: '' })
    expect((await one.listed('spool/papers.tar')).slice().sort()).toEqual([
      'license.lic',
      'playbook.yml',
      'swarm-ca.pem',
      'ucp-ca.pem',
    ])
    expect((await one.run('tar -xOf "$1" license.lic', [one.at('spool/papers.tar')])).stdout).toBe('licence')
    expect(existsSync(one.at('spool/papers'))).toBe(false)
  })

  it('hold the unlock key of a swarm that is locked, which is taken out again for a restore', async () => {
    const one = host(`${answers}\n"swarm unlock-key"*) echo SWMKEY-1-x ;;`, curl)
    one.put('spool/papers/playbook.yml', 'runbook: 1\n')
    const end = await one.run(scripts.PAPERS, [one.at('spool'), '443'])
    expect(end.stdout).not.toContain('SWMKEY')
    expect(await one.listed('spool/papers.tar')).toContain('unlock-key')
    expect(await one.run(scripts.UNLOCK_KEY, [one.at('spool')])).toMatchObject({ code: 0, stdout: '' })
    expect(readFileSync(one.at('spool/unlock-key'), 'utf8')).toBe('SWMKEY-1-x\n')
    expect(existsSync(one.at('spool/papers.tar'))).toBe(false)
  })

  it('fail where nobody can tell whether there is a key', async () => {
    const one = host(`${answers}\n"swarm unlock-key"*) echo 'rpc error: no leader' >&2; exit 1 ;;`, curl)
    one.put('spool/papers/playbook.yml', 'runbook: 1\n')
    const end = await one.run(scripts.PAPERS, [one.at('spool'), '443'])
    expect(end).toMatchObject({ code: 1, stderr: 'rpc error: no leader\n' })
    expect(existsSync(one.at('spool/papers.tar'))).toBe(false)
  })
})

describe('UCP by its API', () => {
  const login = '{"username":"admin","password":"k4n4ry-secret"}'
  const request = '{"noPassphrase":false,"passphrase":"k4n4ry-phrase","hostPath":"x"}'
  const curl = (state: string): string => `echo "curl $*" >> $BENCH/calls
case "$*" in
*/auth/login) cat >/dev/null; echo '{"auth_token":"T"}' ;;
*/api/ucp/backup) cat >/dev/null; for word in "$@"; do case $word in @*) cat "\${word#@}" > $BENCH/asked ;; esac; done; echo '{"id":"abc-1"}' ;;
*/api/ucp/backup/abc-1) cat >/dev/null; n=$(cat $BENCH/n 2>/dev/null); echo x$n > $BENCH/n
  if [ -z "$n" ]; then echo '{"backupState":"IN_PROGRESS"}'; else ${state}; fi ;;
esac`

  it('waits until it is made, takes it over, and puts no secret into any argument', async () => {
    const one = host('', {
      curl: curl(`echo tar > $BENCH/spool/ucp/ucp.tar; echo '{"backupState":"SUCCESS"}'`),
      chown: 'exit 0',
    })
    const end = await one.run(scripts.UCP, ['443', one.at('spool')], `${login}\n${request}\n`)
    expect(end).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(one.at('asked'), 'utf8')).toBe(request)
    expect(readFileSync(one.at('spool/ucp.tar'), 'utf8')).toBe('tar\n')
    expect(statSync(one.at('spool/ucp.tar')).mode & 0o777).toBe(0o600)
    expect(existsSync(one.at('spool/ucp'))).toBe(false)
    expect(one.calls(/k4n4ry/)).toEqual([])
    expect(one.calls(/sleep/)).toEqual(['sleep 3'])
  })

  it('fails with its words when UCP could not', async () => {
    const one = host('', {
      curl: curl(`echo '{"backupState":"FAILED","shortError":"disk full"}'`),
      chown: 'exit 0',
    })
    const end = await one.run(scripts.UCP, ['443', one.at('spool')], `${login}\n${request}\n`)
    expect(end.code).toBe(1)
    expect(end.stderr).toContain('disk full')
  })
})

describe('what a bootstrapper prints', () => {
  it('is an archive only when it ended well and printed something', async () => {
    const one = host()
    const run = (command: string) =>
      one.run(scripts.PRINTED, [one.at('spool'), 'dtr.tar', 'sh', '-c', command])
    expect(await run('echo half; exit 1')).toMatchObject({ code: 1 })
    expect(await run('true')).toMatchObject({ code: 1, stderr: 'runbook: nothing was printed\n' })
    expect(existsSync(one.at('spool/dtr.tar'))).toBe(false)
    expect(await run('cat; echo whole')).toMatchObject({ code: 0, stdout: '' })
    expect(readFileSync(one.at('spool/dtr.tar'), 'utf8')).toBe('whole\n')
  })

  it('is fed back, and goes when it was taken', async () => {
    const one = host()
    one.put('spool/dtr.tar', 'whole')
    expect(await one.run(scripts.FED, [one.at('spool/dtr.tar'), 'sh', '-c', 'cat; exit 4'])).toMatchObject({
      code: 4,
      stdout: 'whole',
    })
    expect(existsSync(one.at('spool/dtr.tar'))).toBe(true)
    expect(await one.run(scripts.FED, [one.at('spool/dtr.tar'), 'cat'])).toMatchObject({
      code: 0,
      stdout: 'whole',
    })
    expect(existsSync(one.at('spool/dtr.tar'))).toBe(false)
  })
})

it('images are taken from the volume that the replica has, or the folder of the playbook, and put back there', async () => {
  const one = host(
    `*"volume inspect"*dtr-registry-nfs-0123456789ab) echo $BENCH/nfs ;;\n*"volume inspect"*) exit 1 ;;`,
  )
  one.put('nfs/docker/registry/v2/blob', 'blob')
  expect(await one.run(scripts.IMAGES, [one.at('spool'), '0123456789ab', ''])).toMatchObject({
    code: 0,
    stderr: '',
  })
  expect(await one.listed('spool/images.tar')).toEqual(['./docker/registry/v2/blob'])
  mkdirSync(one.at('folder'))
  const back = await one.run(scripts.RESTORE_IMAGES, [one.at('spool'), '0123456789ab', one.at('folder')])
  expect(back).toMatchObject({ code: 0, stderr: '' })
  expect(readFileSync(one.at('folder/docker/registry/v2/blob'), 'utf8')).toBe('blob')
  expect(existsSync(one.at('spool/images.restored.kept'))).toBe(true)
  const none = await one.run(scripts.IMAGES, [one.at('spool'), 'ffffffffffff', ''])
  expect(none).toMatchObject({
    code: 3,
    stderr: 'runbook: no volume of replica ffffffffffff holds images here\n',
  })
})

it('what came back of UCP goes, with the nodes that are no more, managers demoted first', async () => {
  const one = host(`"service ls"*) printf 'ucp-manager-agent\\nmine\\n' ;;
"node ls"*Status*ManagerStatus*) printf 'a Ready Leader\\nb Down Unreachable\\nc Down \\n' ;;
"node ls"*) printf 'Ready\\nDown\\n' ;;
"ps --all --quiet"*) [ -e $BENCH/gone ] || echo c1 ;;
"rm --force"*) touch $BENCH/gone ;;
"volume ls"*) [ -e $BENCH/gone2 ] || printf 'ucp-kv\\nmy-ucp-notes\\n' ;;
"volume rm"*) touch $BENCH/gone2 ;;
"config ls"*) printf 'com.docker.ucp.config-1\\ncom.docker.license-1\\n' ;;`)
  expect(await one.run(scripts.CLEAR, [])).toMatchObject({ code: 0, stderr: '' })
  expect(one.calls(/docker (service rm|node (rm|demote)|rm|volume rm|config rm)/)).toEqual([
    'docker service rm ucp-manager-agent',
    'docker node demote b',
    'docker node rm --force b',
    'docker node rm --force c',
    'docker rm --force --volumes c1',
    'docker volume rm ucp-kv',
    'docker config rm com.docker.ucp.config-1',
  ])
})

it('what a host remembers is read by the facts', async () => {
  const one = host()
  const ask = async (script: string, words: readonly string[]) => {
    const { code, stdout, stderr } = await one.run(script, words)
    return { code: code ?? undefined, stdout, stderr }
  }
  const args = { folder: one.at('spool'), file: 'dtr.tar' }
  const words = [args.folder, args.file]
  expect(part.parse(await ask(scripts.PART, words), args)).toBeNull()
  one.put('spool/dtr.tar', 'x')
  expect(part.parse(await ask(scripts.PART, words), args)).toEqual({ kept: false, staged: true })
  await ask(scripts.KEPT, words)
  expect(part.parse(await ask(scripts.PART, words), args)).toEqual({ kept: true, staged: false })
  const ledger = [one.at('ledger')]
  expect(sets.parse(await ask(scripts.SETS, ledger), undefined)).toEqual([])
  one.put('ledger/a.json', '{"set":"a","complete":true,"verified":true}\n')
  one.put('ledger/b.json', 'torn{')
  await one.run('touch -d "2 hours ago" "$1"', [one.at('ledger/a.json')])
  const seen = sets.parse(await ask(scripts.SETS, ledger), undefined) as readonly { ageSeconds: number }[]
  expect(seen).toMatchObject([{ set: 'a', complete: true }])
  expect(Math.abs((seen[0]?.ageSeconds ?? 0) - 7200)).toBeLessThan(60)
  expect(set.parse(await ask(scripts.SET, [...ledger, 'a']), { set: 'a' })).toMatchObject({ verified: true })
  expect(set.parse(await ask(scripts.SET, [...ledger, 'none']), { set: 'none' })).toBeNull()
  expect(set.parse(await ask(scripts.SET, [...ledger, 'b']), { set: 'b' })).toBeUndefined()
})
