import { describe, expect, it } from 'vitest'
import { runCommand } from '../../src/cli/commands.ts'

/** Each line is wrong in one way; none gets as far as a verb. */
const wrong: readonly (readonly [string, string, RegExp | undefined])[] = [
  ['', 'which command?', /runbook --help/],
  ['aply x.yml', "unknown command 'aply'", /did you mean `runbook apply`\?/],
  ['zzz', "unknown command 'zzz'", /commands: validate, plan/],
  ['apply', 'apply needs a playbook', /runbook apply --help/],
  ['explain', 'explain needs a code', undefined],
  ['apply x.yml --ye', 'unknown flag --ye', /did you mean --yes\?/],
  ['plan x.yml --offlin', 'unknown flag --offlin', /did you mean --offline\?/],
  ['apply --paralel 3 x.yml', 'unknown flag --paralel', /did you mean --parallel\?/],
  ['apply --paralel=3 x.yml', 'unknown flag --paralel', /did you mean --parallel\?/],
  ['plan x.yml --qqqqqqqq', 'unknown flag --qqqqqqqq', /flags: --out --format/],
  ['status x.yml --yes', 'status has no flag --yes', /it belongs to apply/],
  ['plan x.yml --format svg', 'format cannot be "svg"', /"text", "md", "json"/],
  ['plan x.yml y.yml', "plan takes no 'y.yml'", /runbook plan --help/],
  ['schema cluster', 'what cannot be "cluster"', /"playbook"/],
  ['plan x.yml -o', 'Not enough arguments following: o', undefined],
]

describe('runCommand', () => {
  it.each(wrong)('%s: %s', async (line, message, help) => {
    const argv = line === '' ? [] : line.split(' ')
    await expect(runCommand(argv, '1.2.3')).rejects.toMatchObject({
      exit: 'usage',
      message: expect.stringContaining(message) as string,
      ...(help === undefined ? {} : { help: expect.stringMatching(help) as string }),
    })
  })
})
