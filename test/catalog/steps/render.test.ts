import { beforeAll, describe, expect, it } from 'vitest'
import { SecretMark } from '../../../src/catalog/steps/expression.ts'
import { Undecided } from '../../../src/catalog/steps/mistake.ts'
import { render } from '../../../src/catalog/steps/render.ts'
import { scopeOf } from '../../../src/catalog/steps/scope.ts'
import { loadStepTools } from '../../../src/catalog/steps/tools.ts'
import { seen, topologyOf } from './toy.ts'

describe('render', () => {
  beforeAll(loadStepTools)
  const scope = (facts = seen) => scopeOf(topologyOf([], { vars: { ntp: ['a', 'b'] } }), 'm1', facts)
  const fill = (template: string, variables: Parameters<typeof render>[2] = {}, facts = seen) =>
    render(template, 'x.liquid', variables, scope(facts), ['template', 'source'])

  it('fills in host, machine, vars and variables', () => {
    expect(
      fill(
        '{{ host.name }} {{ machine.cpus }}{% for n in vars.ntp %} server {{ n }}{% endfor %} {{ port | plus: 1 }} {{ hosts[0].address }}',
        {
          port: 1,
        },
      ),
    ).toBe('m1 4 server a server b 2 198.51.100.11')
  })

  it.each([
    ['{{ nope }}', 'undefined variable: nope'],
    ['{{ host.nope }}', 'undefined variable'],
    ['{{ host.name | nope }}', 'undefined filter: nope'],
    ['{% if %}', 'template'],
    ['{{ host.constructor }}', 'undefined variable'],
    ['{{ "now" | date: "%s" }}', 'clock'],
    ['{{ vars.ntp | sample }}', 'chance'],
    ["{% include '/etc/passwd' %}", 'ENOENT'],
    ["{% render 'other' %}", 'ENOENT'],
    ['{% for i in (1..100000000) %}x{% endfor %}', 'limit'],
    ['a\0b', 'NUL'],
  ])('%j is refused', (template, why) => {
    expect(() => fill(template)).toThrow(why)
  })

  it('keeps secrets as references, wherever they are printed', () => {
    const password = new SecretMark('env:PASSWORD')
    expect(
      fill('user={{ host.user }}\npass={{ password }}\n{% if password %}again={{ password }}{% endif %}', {
        password,
      }),
    ).toEqual({
      join: ['user=root\npass=', { secret: 'env:PASSWORD' }, '\nagain=', { secret: 'env:PASSWORD' }],
    })
  })

  it.each([
    '{{ password | upcase }}',
    '{{ password | append: "x" }}',
    '{{ "x" | append: password }}',
    '{{ password | json }}',
    '{{ password | size }}',
    '{{ password | raw }}',
    '{{ password | base64_encode }}',
    '{% if password == "a" %}x{% endif %}',
    '{% capture c %}{{ password }}{% endcapture %}{{ c | upcase }}',
  ])('%s is no wrong text but an error', template => {
    expect(() => fill(template, { password: new SecretMark('env:PASSWORD') })).toThrow()
  })

  it('is undecided while the machine is not known, and only where it is asked', () => {
    expect(() => fill('{{ machine.cpus }}', {}, new Map())).toThrow(Undecided)
    expect(fill('{{ host.name }}', {}, new Map())).toBe('m1')
  })
})
