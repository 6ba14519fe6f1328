import { describe, expect, it } from 'vitest'
import { readParts } from '../../../src/catalog/dtr/containers.ts'
import { replicaScript, runScript, startScript } from '../../../src/catalog/dtr/scripts.ts'
import { bench } from '../sh.ts'

const ID = '0123456789ab'
/** Containers and volumes are files; the bootstrapper is a program that does what the test says. */
const docker = `
case "$1 $2" in
  "ps "*) ls $BENCH/containers 2>/dev/null | while read -r n; do case "$*" in *Label*) echo "$n|2.7.6|Up 3 minutes" ;; *) echo "$n" ;; esac; done ;;
  "volume ls") ls $BENCH/volumes 2>/dev/null ;;
  "volume rm") shift 3; for v; do rm "$BENCH/volumes/$v"; done ;;
  "rm "*) shift; [ "$1" = --force ] && shift; for c; do rm "$BENCH/containers/$c"; done ;;
  "inspect "*) cat $BENCH/helper 2>/dev/null || exit 1 ;;
  "start "*) echo "$@" >> $BENCH/started ;;
esac; exit 0`
const bootstrapper = 'echo ran >> $BENCH/ran; exit $(cat $BENCH/exit 2>/dev/null || echo 0)'

function host(id: string) {
  const one = bench({ docker, bootstrapper })
  const sh = (script: string) => one.run(script, [one.dir])
  // The mark lies under /run on a host; here under the test's own folder.
  const script = runScript.replace('/run/runbook-dtr-', `${one.dir}/mark-`)
  return { ...one, sh, script, go: () => one.run(script, [id, 'bootstrapper']) }
}

describe('the wrapper of install and join', () => {
  it('leaves no mark behind when the bootstrapper ends well', async () => {
    const one = host(ID)
    expect((await one.go()).code).toBe(0)
    expect((await one.sh('cat $1/ran; ls $1/mark-* 2>&1')).stdout).toMatch(/^ran\n.*No such file/s)
    one.done()
  })

  it('refuses parts of the id that no run of ours explains, and touches nothing', async () => {
    const one = host(ID)
    await one.sh(
      `mkdir $1/containers $1/volumes; touch $1/containers/dtr-nginx-${ID} $1/volumes/dtr-rethink-${ID}`,
    )
    const { code, stderr } = await one.go()
    expect(code).toBe(3)
    expect(stderr).toContain(`dtr-rethink-${ID}`)
    expect((await one.sh('ls $1/containers $1/volumes $1/ran 2>&1')).stdout).toContain(`dtr-nginx-${ID}`)
    expect((await one.sh('cat $1/ran')).code).not.toBe(0)
    one.done()
  })

  it('clears what a failed run of ours left, of this very id only, then runs again', async () => {
    const one = host(ID)
    await one.sh('echo 1 > $1/exit')
    expect((await one.go()).code).toBe(1)
    await one.sh(
      `mkdir $1/containers $1/volumes; touch $1/containers/dtr-nginx-${ID} $1/volumes/dtr-rethink-${ID} $1/volumes/dtr-rethink-ffffffffffff $1/containers/dtr-phase2; echo false > $1/helper; rm $1/exit`,
    )
    const again = await one.go()
    expect(again.code).toBe(0)
    expect(again.stdout).toContain('clearing what an interrupted run left')
    expect((await one.sh('ls $1/containers $1/volumes; cat $1/ran')).stdout).toBe(
      `${one.dir}/containers:\n\n${one.dir}/volumes:\ndtr-rethink-ffffffffffff\nran\nran\n`,
    )
    one.done()
  })

  it('does not trust a mark older than a day', async () => {
    const one = host(ID)
    await one.sh(
      `mkdir $1/volumes; touch $1/volumes/dtr-rethink-${ID}; touch -d '25 hours ago' $1/mark-${ID}`,
    )
    expect((await one.go()).code).toBe(3)
    expect((await one.sh('ls $1/volumes')).stdout).toBe(`dtr-rethink-${ID}\n`)
    one.done()
  })

  it('keeps the exit code and the mark of a failed run', async () => {
    const one = host(ID)
    await one.sh('echo 17 > $1/exit')
    expect((await one.go()).code).toBe(17)
    expect((await one.sh('ls $1/mark-*')).code).toBe(0)
    one.done()
  })
})

describe('the listing of a host', () => {
  it('is read whole', async () => {
    const one = host(ID)
    await one.sh(
      `mkdir $1/containers $1/volumes; for n in api garant nginx registry rethinkdb; do touch $1/containers/dtr-$n-${ID}; done; touch $1/volumes/dtr-ca-${ID}`,
    )
    const { stdout } = await one.run(replicaScript, [])
    expect(readParts(stdout)).toEqual({
      replicas: { [ID]: { version: '2.7.6', running: true, containers: 5, up: 5, volumes: 1 } },
      helper: 'none',
    })
    one.done()
  })

  it('starts a stopped replica, its database first', async () => {
    const one = host(ID)
    await one.sh(`mkdir $1/containers; for n in nginx rethinkdb; do touch $1/containers/dtr-$n-${ID}; done`)
    expect((await one.run(startScript, [ID])).code).toBe(0)
    expect((await one.sh('cat $1/started')).stdout).toBe(
      `start dtr-rethinkdb-${ID}\nstart dtr-nginx-${ID} dtr-rethinkdb-${ID}\n`,
    )
    expect((await one.run(startScript, ['ffffffffffff'])).code).toBe(3)
    one.done()
  })
})
