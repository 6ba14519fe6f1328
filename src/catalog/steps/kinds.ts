import type { KindPage } from '../../plan/kind.ts'

const when = 'The playbook has such an entry under `steps:`.'

/** Pages of the kinds of a person's own steps, `steps:` of a playbook. */
export const kinds: readonly KindPage[] = [
  {
    kind: 'step.command',
    title: 'Run a command',
    when,
    does: 'Runs an argv or a shell line. Whether it is needed is said by `goal:` (a command and the output wanted of it) or `creates:` (a path); with neither it is opaque and runs every time.',
    care: 'What it does is up to the person: `risk:` says whether it interrupts or cannot be taken back, `undo:` leads back.',
  },
  {
    kind: 'step.file',
    title: 'Have a file or a folder',
    when,
    does: 'Content from the playbook or a file beside it, with mode, owner and group; `state: absent` removes it.',
    care: 'An earlier file is replaced in one move.',
  },
  {
    kind: 'step.template',
    title: 'Have a file made from a template',
    when,
    does: 'Renders a Liquid template beside the playbook; a name that is not known is an error. The text may depend on the host and is then made once it is seen.',
    care: 'An earlier file is replaced in one move.',
  },
  {
    kind: 'step.package',
    title: 'Have packages, or be without them',
    when,
    does: 'By apt or yum, whichever the host has, without a question.',
    care: 'Packages may restart their own services.',
  },
  {
    kind: 'step.service',
    title: 'Have a unit started or stopped, at boot too',
    when,
    does: 'By systemctl, then waits until the unit is so.',
    care: 'A stop interrupts those it serves.',
  },
  {
    kind: 'step.user',
    title: 'Have a user, or none',
    when,
    does: 'Account, number, groups, shell and home folder. Groups are only added.',
    care: 'An account that is removed keeps its home folder.',
  },
  {
    kind: 'step.mount',
    title: 'Have a file system mounted, at boot too',
    when,
    does: 'The mount itself and its line in /etc/fstab, or neither of both.',
    care: 'Unmounting interrupts those who use it.',
  },
  {
    kind: 'step.sysctl',
    title: 'Have a kernel parameter',
    when,
    does: 'Now and at boot, in a file of its own under /etc/sysctl.d.',
    care: 'Nothing leads back by itself: write the value of before.',
  },
  {
    kind: 'step.waitFor',
    title: 'Wait for something',
    when,
    does: 'A port, an HTTP answer or a command, with a bound; nothing is changed.',
    care: 'Changes nothing.',
  },
  {
    kind: 'step.pause',
    title: 'Wait for a person',
    when,
    does: 'Asks; only the answer yes goes on, and is remembered on the host unless `always` is said. Nobody there to answer ends the run with exit code 19.',
    care: 'Changes nothing but that memory.',
  },
]
