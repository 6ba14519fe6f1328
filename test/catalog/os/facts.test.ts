import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { facts } from '../../../src/catalog/os/facts.ts'
import { allRecorded, answer } from './recorded.ts'

const of = (name: string) => answer(facts, 'os', name)

describe('facts of a machine, on recordings', () => {
  it('tells what the machine is', () => {
    expect(of('machine')).toEqual({
      hostname: 'm1',
      distribution: 'debian',
      release: '12',
      cpus: 2,
      memoryMb: 24_105,
      curl: true,
      root: true,
    })
    expect(of('clock')).toEqual({ epochSeconds: 1_795_364_791 })
    expect(of('disk')).toEqual({ freeMb: 80_363 })
  })

  it('tells files from folders and from nothing, and none from unreadable', () => {
    expect(of('file')).toMatchObject({ kind: 'file', mode: '0644' })
    expect(of('file-directory')).toEqual({ kind: 'directory', mode: '0755', sha256: '' })
    expect(of('file-none')).toBeNull()
    expect(of('file-unreadable')).toBeUndefined()
  })

  it('tells units and packages of both kinds', () => {
    expect(of('service')).toEqual({ active: true, enabled: true })
    expect(of('service-none')).toBeNull()
    expect(of('package')).toEqual({ version: '20.10.24+dfsg1-1+deb12u1+b6' })
    expect(of('package-none')).toBeNull()
    expect(of('package-rpm')).toEqual({ version: '19.03.15-3.el7' })
    expect(of('package-rpm-none')).toBeNull()
    expect(of('package-removed')).toBeNull()
  })

  it('reads listening ports from the kernel', () => {
    expect(of('listening')).toEqual({ listening: true })
    const found = facts.find(({ name }) => name === 'os.listening')
    const recording = allRecorded('os').find(([name]) => name === 'listening')?.[1]
    if (!found || !recording) throw new Error('the recording is gone')
    expect(found.parse(recording.exit, { port: 9 })).toEqual({ listening: false })
  })
})

describe('facts of a machine, on what cannot be told', () => {
  it('never takes silence, noise or a lost link for an answer', () => {
    for (const fact of facts) {
      const args = { path: '/x', name: 'x', port: 1 }
      expect(fact.parse({ code: undefined, stdout: '', stderr: '' }, args), fact.name).toBeUndefined()
      expect(fact.parse({ code: 0, stdout: '', stderr: '' }, args), fact.name).toBeUndefined()
      expect(fact.parse({ code: 0, stdout: '!!|', stderr: '' }, args), fact.name).toBeUndefined()
      fc.assert(
        fc.property(fc.string(), fc.integer({ min: 0, max: 255 }), (text, code) => {
          const seen = fact.parse({ code, stdout: text, stderr: '' }, args)
          return seen === undefined || /^(package .* is not installed|\d{9,}\s*$)/.test(text)
        }),
        { numRuns: 200 },
      )
    }
  })

  it('never gives half an answer to half an output', () => {
    for (const [name, { args, exit, fact }] of allRecorded('os')) {
      const found = facts.find(one => one.name === fact)
      if (
        !found ||
        exit.code !== 0 ||
        fact === 'os.clock' ||
        fact === 'os.listening' ||
        fact === 'os.package'
      )
        continue
      const whole = found.parse(exit, args)
      for (let length = 0; length < exit.stdout.length - 1; length++) {
        const seen = found.parse({ ...exit, stdout: exit.stdout.slice(0, length) }, args)
        if (seen !== undefined) expect(seen, `${name} cut at ${length}`).toEqual(whole)
      }
    }
  })
})
