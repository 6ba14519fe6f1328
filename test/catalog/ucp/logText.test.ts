import { describe, expect, it } from 'vitest'
import { FATAL_LINE } from '../../../src/catalog/docker/api.ts'
import { installLines, installLog, logLine, terminalLine } from '../../../src/catalog/ucp/logText.ts'
import { recordedText } from '../os/recorded.ts'

const told = {
  version: '2.1.4 (10e6c44)',
  address: '172.19.0.2',
  port: 4443,
  username: 'admin',
  nodes: [
    { hostname: 'docker1', id: 'e3w6edykiiqkvtt827a4o9vyn' },
    { hostname: 'docker2', id: 'z6dy36tzdx0hl4rnkbvtbqn29' },
    { hostname: 'docker3', id: 'o09bw6470dqiz0995kuchyhtk' },
  ],
  newSwarm: false,
  licensed: true,
  instance: 'RSJR:KAOC:EA3Q:6JOP:L5VD:7X2E:DQUA:UBJ3:OVMM:HUEO:RQS4:SOWJ',
}

describe("the twin's UCP log", () => {
  it('says what the real one was seen to say, in its order', () => {
    const real = recordedText('ucp', 'install-terminal.txt')
      .split('\n')
      .map(line => line.replace(/^[A-Z]{4}\[\d{4}\] /, ''))
    const ours = installLines(told).map(([, message]) => message)
    expect(real.filter(line => ours.includes(line))).toEqual(ours)
  })

  it('is printed in the key-value form without a terminal', () => {
    expect(installLog(told).split('\n')[0]).toBe(
      'time="2024-01-01T00:00:00Z" level=info msg="Verifying your system is compatible with UCP 2.1.4 (10e6c44)"',
    )
  })
})

describe('fatal lines', () => {
  const fatal = new RegExp(FATAL_LINE)

  it('are seen in every form', () => {
    const recorded = recordedText('ucp', 'install-fatal-terminal.txt').split('\n')
    expect(recorded.filter(line => fatal.test(line))).toEqual([
      'FATA[0461] unable to find local task container ',
    ])
    expect(fatal.test(logLine('fatal', 'no'))).toBe(true)
    expect(fatal.test(terminalLine('fatal', 3, 'no'))).toBe(true)
    expect(fatal.test('\u001b[31mFATA\u001b[0m[0003] no')).toBe(true)
    expect(fatal.test('{"level":"fatal","msg":"no","time":"2024-01-01T00:00:00Z"}')).toBe(true)
  })

  it('are not seen where there are none', () => {
    for (const line of [
      ...recordedText('ucp', 'install-terminal.txt').split('\n'),
      ...installLog(told).split('\n'),
      logLine('error', 'not the end'),
    ]) {
      expect(fatal.test(line), line).toBe(false)
    }
  })
})
