import { describe, expect, it } from 'vitest'
import { meaningOf, meanings } from '../../src/catalog/meanings.ts'

describe('meaningOf', () => {
  it.each([
    [
      'FATA[0021] This DTR has replicas that are not working correctly. Make sure existing DTR replicas are healthy before joining new ones.',
      /heal or remove/,
    ],
    [
      "Failed to wait for container: failed to poll wait container 'ab': Error response from daemon: 504 Gateway Time-out",
      /load balancer/,
    ],
    [
      "Failed to verify NFS: Problem running container 'dtr-nfs-test' from image 'x': polling failed with 60 attempts 1s apart",
      /NFS export/,
    ],
    [
      'Error response from daemon: {"message":"could not find any nodes on which the container could be created"}',
      /may not schedule/,
    ],
    [
      'docker: Error response from daemon: Conflict. The container name "/ucp" is already in use by container "abc".',
      /left over/,
    ],
    ['Error response from daemon: rpc error: code = 4 desc = context deadline exceeded', /majority/],
    ['write /var/lib/docker/tmp/x: no space left on device', /full/],
  ])('%s', (line, means) => expect(meaningOf(['before', line, 'after'])).toMatch(means))

  it('takes the newest line that is known, and says nothing of others', () => {
    expect(meaningOf(['no space left on device', 'x509: certificate has expired', 'exit'])).toMatch(
      /certificate/,
    )
    expect(meaningOf(['all is well', 'FATA[0001] something new'])).toBeUndefined()
    expect(meaningOf([])).toBeUndefined()
  })

  it('has no pattern that remembers where it stopped', () => {
    for (const { said } of meanings) expect(said.flags).not.toMatch(/[gy]/)
  })
})
