import { afterEach, describe, expect, it } from 'vitest'
import { FORGET, REFOUND, refoundCommands } from '../../../src/catalog/docker/refound.ts'
import { dataScript, wipeScript } from '../../../src/catalog/dtr/scripts.ts'
import { AUTH_ALONE, benign, CLEAR, ETCD_ALONE, repairCommands } from '../../../src/catalog/ucp/repair.ts'
import { type Bench, bench } from '../sh.ts'

/** The shell texts of recoveries, run by this machine's sh with a pretend docker that writes down what it is asked. */

const open: Bench[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.done()
})

/** @param answers lines of a shell `case` over docker's words, before the default that answers nothing and succeeds */
function host(answers: string) {
  const one = bench({
    docker: `echo "docker $*" >> $BENCH/calls\ncase "$*" in\n${answers}\nesac\nexit 0`,
    systemctl: 'echo "systemctl $*" >> $BENCH/calls',
    sleep: 'echo "sleep $*" >> $BENCH/calls',
  })
  open.push(one)
  const sh = async (text: string): Promise<string> => (await one.run(text, [one.dir])).stdout
  return {
    ...one,
    sh,
    calls: async (pattern: RegExp = /./): Promise<readonly string[]> =>
      (await sh('cat $1/calls')).split('\n').filter(line => line !== '' && pattern.test(line)),
  }
}

describe('founding the swarm anew', () => {
  const answers = `
  "node ls") [ -e $BENCH/leader ] || exit 1 ;;
  "swarm init"*) touch $BENCH/leader; echo "docker swarm join --token SWMTKN-1-canary" ;;
  "info --format"*) echo 5000 ;;
  "network create"*) [ ! -e $BENCH/full ] || exit 1 ;;`

  it('waits for a leader, then founds once, forces a snapshot and puts the interval back; no token is shown', async () => {
    const one = host(answers)
    const { code, stdout, stderr } = await one.run(REFOUND, ['198.51.100.13'])
    expect({ code, said: stdout + stderr }).toEqual({ code: 0, said: '' })
    expect(await one.calls(/sleep 5/)).toHaveLength(3)
    expect(await one.calls(/swarm|network/)).toEqual([
      'docker swarm init --force-new-cluster --advertise-addr 198.51.100.13:2377',
      'docker swarm update --snapshot-interval 1',
      'docker network rm runbook-temporary',
      'docker network create --driver overlay runbook-temporary',
      'docker network rm runbook-temporary',
      'docker swarm update --snapshot-interval 5000',
    ])
  })

  it('founds nothing where there is a leader', async () => {
    const one = host(answers)
    await one.sh('touch $1/leader')
    expect((await one.run(REFOUND, ['198.51.100.13'])).code).toBe(0)
    expect(await one.calls(/swarm init/)).toEqual([])
    expect((await one.calls(/snapshot-interval/)).at(-1)).toBe('docker swarm update --snapshot-interval 5000')
  })

  it('puts the interval back and fails where no network could be made', async () => {
    const one = host(answers)
    await one.sh('touch $1/leader $1/full')
    expect((await one.run(REFOUND, ['198.51.100.13'])).code).toBe(1)
    expect((await one.calls(/snapshot-interval/)).at(-1)).toBe('docker swarm update --snapshot-interval 5000')
  })

  it('strikes off what is not ready under that very name', async () => {
    const one = host(`
  "node ls"*) printf '%s\\n' 'a1 m1 Down' 'a2 m1 Ready' 'a3 m11 Down' 'a4 m1 Unknown' ;;`)
    expect((await one.run(FORGET, ['m1'])).code).toBe(0)
    expect(await one.calls(/node rm/)).toEqual(['docker node rm --force a1', 'docker node rm --force a4'])
  })
})

describe("UCP's databases alone", () => {
  const etcd = `
  "volume inspect"*) echo $BENCH/kv ;;
  "run "*) [ -e $BENCH/tried ] || { touch $BENCH/tried; [ ! -e $BENCH/oci ] || { echo "docker: Error response from daemon: OCI runtime create failed"; exit 125; }; } ;;
  "logs "*) [ -e $BENCH/never ] || echo "etcdserver: ready to serve client requests" ;;`

  it('etcd: paused, stopped, its extra arguments away, alone until ready; then started and let go on', async () => {
    const one = host(etcd)
    await one.sh('mkdir -p $1/kv/datav3; echo x > $1/kv/datav3/extra.args')
    expect((await one.run(ETCD_ALONE, ['docker/ucp-etcd:3.2.6', benign.etcd])).code).toBe(0)
    const calls = (await one.calls(/label|ucp-kv|etcd/)).map(line => line.slice(7))
    expect(calls).toEqual([
      'node update --label-add com.docker.ucp.agent-pause=true self',
      'rm --force runbook-etcd',
      'stop ucp-kv',
      'volume inspect --format {{.Mountpoint}} ucp-kv',
      'run --detach --name runbook-etcd --entrypoint /bin/etcd --volume ucp-kv:/data --volume ucp-kv-certs:/etc/docker/ssl docker/ucp-etcd:3.2.6 --data-dir /data/datav3 --force-new-cluster',
      'logs runbook-etcd',
      'stop runbook-etcd',
      'rm --force runbook-etcd',
      'start ucp-kv',
      'node update --label-rm com.docker.ucp.agent-pause self',
    ])
    expect(await one.sh('ls $1/kv $1/kv/datav3')).toContain('extra.args.before-recovery')
  })

  it('etcd: what is known to happen is answered by one restart of the engine', async () => {
    const one = host(etcd)
    await one.sh('mkdir -p $1/kv; touch $1/oci')
    const { code, stdout } = await one.run(ETCD_ALONE, ['docker/ucp-etcd:3.2.6', benign.etcd])
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('known to happen') as string,
    })
    expect(await one.calls(/systemctl|docker run/)).toHaveLength(3)
  })

  it('etcd: lets ucp-kv and its agent go on also when it never gets ready', async () => {
    const one = host(etcd)
    await one.sh('mkdir -p $1/kv; touch $1/never')
    const soon = ETCD_ALONE.replace('-lt 180', '-lt 3')
    const { code, stderr } = await one.run(soon, ['docker/ucp-etcd:3.2.6', benign.etcd])
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not ready after three minutes') as string,
    })
    expect((await one.calls()).slice(-2)).toEqual([
      'docker start ucp-kv',
      'docker node update --label-rm com.docker.ucp.agent-pause self',
    ])
  })

  it('auth store: restarted and asked again for what is known to happen, given up for anything else', async () => {
    const words = ['docker/ucp-auth:3.2.6', '198.51.100.13', '1', benign.authStore]
    const one = host(`
  *reconfigure-db*) [ -e $BENCH/again ] || { touch $BENCH/again; echo 'level=fatal msg="unable to connect to database cluster: read: connection reset by peer"'; exit 1; } ;;`)
    expect((await one.run(AUTH_ALONE, words)).code).toBe(0)
    expect(await one.calls(/reconfigure-db|restart/)).toEqual([
      'docker container run --rm --volume ucp-auth-store-certs:/tls docker/ucp-auth:3.2.6 --db-addr=198.51.100.13:12383 --debug reconfigure-db --num-replicas 1 --emergency-repair',
      'docker restart ucp-auth-store',
      expect.stringContaining('reconfigure-db'),
    ])
    const other = host(`
  *reconfigure-db*) echo 'level=fatal msg="something else"'; exit 1 ;;`)
    const { code, stderr } = await other.run(AUTH_ALONE, words)
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('something else') as string,
    })
    expect(await other.calls(/restart/)).toEqual([])
  })
})

describe('clearing an old manager', () => {
  const answers = `
  "info --format"*) cat $BENCH/state ;;
  "node ls") [ -e $BENCH/leader ] || exit 1 ;;
  "swarm leave --force") echo inactive > $BENCH/state ;;`

  it('leaves the swarm that only it believes in, then sweeps', async () => {
    const one = host(answers)
    await one.sh('echo active > $1/state')
    expect((await one.run(CLEAR, [])).code).toBe(0)
    const calls = await one.calls(/leave|ps --all|volume ls/)
    expect(calls[0]).toBe('docker swarm leave --force')
    expect(calls).toHaveLength(3)
  })

  it('touches nothing on a host whose swarm has a leader, and does not leave where there is nothing to leave', async () => {
    const leads = host(answers)
    await leads.sh('echo active > $1/state; touch $1/leader')
    expect(await leads.run(CLEAR, [])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing is cleared') as string,
    })
    expect(await leads.calls(/leave| rm /)).toEqual([])
    const outside = host(answers)
    await outside.sh('echo inactive > $1/state')
    expect((await outside.run(CLEAR, [])).code).toBe(0)
    expect(await outside.calls(/leave/)).toEqual([])
  })
})

describe("a replica's data", () => {
  const ID = '0123456789ab'

  it('tells the second of its newest file, none without a volume, and fails where it cannot look', async () => {
    const one = host(`
  "volume ls"*) [ ! -e $BENCH/data ] || echo dtr-rethink-${ID} ;;
  "volume inspect"*) echo $BENCH/data ;;`)
    expect((await one.run(dataScript, [ID])).stdout).toBe('none=1\nend=1\n')
    await one.sh('mkdir $1/data; touch -d @1700000000 $1/data/a; touch -d @1700000060 $1/data/b')
    expect((await one.run(dataScript, [ID])).stdout).toBe('written=1700000060\nend=1\n')
  })

  it('is wiped by its very id', async () => {
    const one = host(`
  "ps "*) printf '%s\\n' dtr-nginx-${ID} dtr-nginx-ffffffffffff dtr-phase2 ;;
  "volume ls"*) printf '%s\\n' dtr-rethink-${ID} dtr-rethink-ffffffffffff ;;`)
    expect((await one.run(wipeScript, [ID])).code).toBe(0)
    expect(await one.calls(/ rm /)).toEqual([
      `docker rm --force dtr-nginx-${ID}`,
      `docker volume rm --force dtr-rethink-${ID}`,
    ])
  })
})

it('names every command with its source and versions', () => {
  for (const one of [...refoundCommands, ...repairCommands]) {
    expect(one.source).toMatch(/\[(D|M|G|L)[:\]]|\[dockerpac\/dr/)
    expect(one.versions).not.toBe('')
  }
})
