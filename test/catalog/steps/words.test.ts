import { beforeAll, describe, expect, it } from 'vitest'
import { languageOf } from '../../../src/catalog/steps/expression.ts'
import { scopeOf } from '../../../src/catalog/steps/scope.ts'
import { loadStepTools } from '../../../src/catalog/steps/tools.ts'
import { piecesOf, readerOf } from '../../../src/catalog/steps/words.ts'
import { seen, topologyOf } from './toy.ts'

const vars = { port: 8080, names: ['a', 'b'], on: true }

describe('words', () => {
  beforeAll(loadStepTools)
  const read = () => readerOf(languageOf(vars), scopeOf(topologyOf([], { vars }), 'm1', seen))

  it('are taken apart with texts and maps inside expressions', () => {
    expect(piecesOf('a ${{ "}}" }} b ${{ {"x": {"y": 1}}.x }}', [])).toEqual([
      'a ',
      { expression: '"}}"' },
      ' b ',
      { expression: '{"x": {"y": 1}}.x' },
    ])
    expect(() => piecesOf('x ${{ host.name }', ['file', 'content'])).toThrow("without '}}'")
    expect(piecesOf('$HOME ${x} {{ y }}', [])).toEqual(['$HOME ${x} {{ y }}'])
  })

  it('become texts, and keep their type where they are one expression', () => {
    expect(read().text('on ${{ host.name }}:${{ vars.port }} ${{ vars.on }}', [])).toBe('on m1:8080 true')
    expect(read().number('${{ vars.port + 1 }}', [])).toBe(8081)
    expect(read().number(22, [])).toBe(22)
    expect(read().plain('${{ vars.names }}', [])).toEqual(['a', 'b'])
    expect(read().plain('${{ vars.on }}', [])).toBe(true)
    expect(read().list(['x', '${{ vars.names }}', '${{ vars.port }}'], [])).toEqual(['x', 'a', 'b', '8080'])
    expect(read().text('${{ "${{" }}', [])).toBe('${{')
  })

  it('keep secrets as references', () => {
    expect(read().value('${{ secret("env:X") }}', [])).toEqual({ secret: 'env:X' })
    expect(read().value('user=${{ host.user }} pass=${{ secret("env:X") }}\n', [])).toEqual({
      join: ['user=', 'root', ' pass=', { secret: 'env:X' }, '\n'],
    })
    expect(() => read().text('${{ secret("env:X") }}', ['command', 'argv', 0])).toThrow(
      'a secret cannot stand here',
    )
    expect(() => read().plain('x${{ secret("env:X") }}', [])).toThrow('cannot stand inside a text')
    expect(() => read().list(['${{ [secret("env:X")] }}'], [])).toThrow('gives no text')
  })

  it('refuse lists where one text is wanted, and texts where a number is', () => {
    expect(() => read().text('${{ vars.names }}', [])).toThrow('is a list')
    expect(() => read().text('x ${{ vars.names }}', [])).toThrow('is a list')
    expect(() => read().number('${{ host.name }}', [])).toThrow('no whole number')
    expect(() => read().condition('vars.port', ['when'])).toThrow('neither true nor false')
  })
})
