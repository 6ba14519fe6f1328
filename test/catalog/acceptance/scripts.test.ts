import { afterEach, describe, expect, it } from 'vitest'
import { pullScript } from '../../../src/catalog/acceptance/scripts.ts'
import { type Bench, bench } from '../sh.ts'

let made: Bench | undefined
afterEach(() => {
  made?.done()
  made = undefined
})

/**
 * A registry as curl meets it: `/v2/` with a challenge or without, a token endpoint, and the status a manifest is answered with.
 * @param grants what the token endpoint says; undefined: the registry wants no token
 */
function pull(status: number, grants?: string) {
  const challenge =
    grants === undefined
      ? ''
      : 'Www-Authenticate: Bearer realm="https://dtr.example.com/auth/token",service="dtr.example.com"'
  made = bench({
    curl: `config=$(cat); for word; do last=$word; done
case $last in
  */v2/) printf '%s\\n' 'HTTP/1.1 401 Unauthorized' '${challenge}' ;;
  */auth/token) printf '%s' "$config" | grep -q '^user = ' || exit 22; printf '%s' '${grants ?? ''}' ;;
  */manifests/*) ${grants === undefined ? '' : `printf '%s' "$config" | grep -q 'Bearer t0ken' || exit 22; `}printf '%s\\n' 'status ${status}' ;;
esac`,
  })
  return made.run(pullScript, ['dtr.example.com', '443', 'admin/proof', 'latest'], 'user = "admin:pw"\n')
}

describe('the proof image seen through one replica', () => {
  it('is absent when a login that was given a token is then refused: nobody made the repository', async () => {
    for (const status of [401, 403, 404])
      expect(await pull(status, '{"token":"t0ken"}'), String(status)).toMatchObject({
        code: 0,
        stdout: 'absent\n',
      })
  })

  it('cannot be told when no token was given, or the login itself is refused', async () => {
    expect(await pull(401)).toMatchObject({ code: 22, stdout: '' })
    expect(await pull(403)).toMatchObject({ code: 22, stdout: '' })
    expect(await pull(404)).toMatchObject({ code: 0, stdout: 'absent\n' })
    const refused = await pull(401, '{"errors":[{"code":"UNAUTHORIZED"}]}')
    expect(refused).toMatchObject({ code: 22, stdout: '' })
    expect(refused.stderr).toContain('UNAUTHORIZED')
  })

  it('cannot be told from an answer that is none', async () => {
    expect(await pull(500, '{"token":"t0ken"}')).toMatchObject({ code: 22, stdout: '' })
  })
})
