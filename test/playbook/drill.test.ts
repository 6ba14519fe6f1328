import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../src/cli/package.ts'
import { loadDrill, readDrill } from '../../src/playbook/drill.ts'
import { loadPlaybook } from '../../src/playbook/read.ts'
import { resolveDrill } from '../../src/playbook/resolve-drill.ts'

const folder = join(packageRoot(), 'playbooks')
const whole = `drill: 1
name: d
cluster: x.yml
phases:
  - fault: { faults: [{ do: stop-engine, on: { host: d3 } }] }
  - recover: { recipe: apply }
`
const { topology } = loadPlaybook(join(folder, 'dtr-ha.yml'))
if (topology === undefined) throw new Error('playbooks/dtr-ha.yml has errors')

describe('the file of a drill', () => {
  it('is read, with its defaults', () => {
    const { file, diagnostics } = readDrill(whole, 'd.yml')
    expect(diagnostics).toEqual([])
    if (file === undefined) throw new Error('not read')
    const { drill, findings } = resolveDrill(file, topology, ['apply'])
    expect(findings).toEqual([])
    expect(drill).toMatchObject({
      mode: 'rehearse',
      require: ['quorums-full', 'canaries-good'],
      maxDurationSeconds: 28_800,
    })
    expect(drill.canaries).toEqual({ from: 'w1', goodRun: 3, everySeconds: { pull: 2, push: 10 } })
    expect(drill.phases[0]).toMatchObject({
      id: 'fault',
      faults: [{ hosts: ['d3'], undoAfterSeconds: 7200 }],
    })
  })

  it.each([
    ['stop-engine', 'stop-engin', 5, 29, 'RB0124', "did you mean 'stop-engine'?"],
    ['cluster:', 'clustr:', 3, 1, 'RB0122', "did you mean 'cluster'?"],
    ['- recover:', '- recovr:', 6, 5, 'RB0122', "did you mean 'recover'?"],
    ['drill: 1', 'drill: 2', 1, 8, 'RB0130', "write 'drill: 1'"],
    ['name: d', 'name: [d]', 2, 1, 'RB0121', 'write a text'],
  ])('%s written as %s: line, column, code, what was meant', (right, wrong, line, column, code, help) => {
    const [first] = readDrill(whole.replace(right, wrong), 'd.yml').diagnostics
    expect(first).toMatchObject({ line, column, code })
    expect(first?.help).toContain(help)
  })

  it.each([
    ['host: d3', 'host: d4', 'RB0950', "did you mean 'd1'?"],
    ['host: d3', 'role: dtrs', 'RB0951', "did you mean 'dtr'?"],
    ['host: d3', 'site: z', 'RB0952', ''],
    ['host: d3', 'role: manager, site: a, host: d3', 'RB0953', ''],
    ['recipe: apply', 'recipe: aply', 'RB0955', "did you mean 'apply'?"],
    ['do: stop-engine', 'do: partition', 'RB0959', ''],
    ['cluster: x.yml', 'cluster: x.yml\ncanaries: { from: d3 }', 'RB0956', ''],
    ['cluster: x.yml', 'cluster: x.yml\nguards: { abortWhen: [{ for: 5m }] }', 'RB0958', ''],
  ])('%s as %s is told at its place', (right, wrong, code, help) => {
    const { file, place } = readDrill(whole.replace(right, wrong), 'd.yml')
    if (file === undefined) throw new Error('not read')
    const { findings } = resolveDrill(file, topology, ['apply'])
    const [first] = place(findings)
    expect(first?.code).toBe(code)
    expect(first?.line).toBeGreaterThan(2)
    expect(first?.help).toContain(help)
  })

  it('two kinds of phase in one item are told', () => {
    const { diagnostics } = readDrill(whole.replace('- recover: {', '- verify: {}\n    recover: {'), 'd.yml')
    expect(diagnostics[0]).toMatchObject({ code: 'RB0127', line: 6 })
    expect(diagnostics[0]?.message).toContain('verify and recover at once')
  })

  it.each(readdirSync(join(folder, 'drills')).filter(name => name.endsWith('.yml')))(
    '%s has no problems',
    name => {
      const { diagnostics, file } = loadDrill(join(folder, 'drills', name))
      expect(diagnostics).toEqual([])
      expect(`${file?.name ?? ''}.yml`).toBe(name)
    },
  )
})
