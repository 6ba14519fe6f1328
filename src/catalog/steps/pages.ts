import { finder } from '../../plan/finder.ts'
import type { RulePage } from '../../plan/finding.ts'

/** Pages of the codes of this folder, RB0901 to RB0919. */
export const pages: readonly RulePage[] = [
  {
    code: 'RB0901',
    severity: 'error',
    title: 'A step is one action',
    why: 'A step is the smallest thing with a goal of its own. Two actions in one step would share a goal, and after a failure nobody could say which of them was done.',
    fix: 'Name exactly one of command, file, template, package, service, user, mount, sysctl, waitFor and pause; make two steps of two.',
  },
  {
    code: 'RB0902',
    severity: 'error',
    title: 'Steps are told apart by their names',
    why: 'The name is part of the id under which a step stands in plans, journals and resumed runs. It never is a position, so that a step put in between changes no other. Names that differ only in signs and case give the same id.',
    fix: 'Give each step a name of its own, with a letter or digit in it.',
  },
  {
    code: 'RB0903',
    severity: 'error',
    title: 'A step does not say what it needs to say, or says it twice',
    why: 'Some keys go together and some exclude each other: a command is either argv or shell; a file has either content or source; what is waited for is one thing.',
    fix: 'Do what the message says.',
  },
  {
    code: 'RB0904',
    severity: 'error',
    title: 'An expression does not fit together',
    why: 'Conditions and ${{ … }} are CEL. They are checked against the types of what they may look at before any host is asked: host, machine (what os.machine says of it), vars, hosts and roles, and secret("env:NAME").',
    fix: 'Look at the names and types in the message. Whole numbers and decimals are different types: 1 + 1.0 does not fit, double(1) + 1.0 does.',
  },
  {
    code: 'RB0905',
    severity: 'error',
    title: 'An expression gives nothing on a host, or the wrong kind of thing',
    why: 'It fits together and still has no value for this host (a site that is not set), or not the kind that is wanted where it stands. A text made of nothing would be installed as such.',
    fix: 'Ask with has() for what may be missing; join lists; convert with int() and string().',
  },
  {
    code: 'RB0906',
    severity: 'error',
    title: 'A secret where others would see it',
    why: 'The words of a command can be read by every user of the host while it runs, and plans, journals and logs show them too. A secret goes to a host only on standard input, by environment or in a file.',
    fix: "Write ${{ secret(\"env:NAME\") }} in a command's env or stdin, in a file's content or in a template's variables; nowhere else, and never the secret itself.",
  },
  {
    code: 'RB0907',
    severity: 'error',
    title: 'A value that cannot be meant',
    why: 'Paths, modes, names of users, units, packages and parameters are put into commands that root runs. What does not look like one is refused here, before anything runs, and not on the third host.',
    fix: 'Write it in the form that the message shows.',
  },
  {
    code: 'RB0908',
    severity: 'error',
    title: 'A template cannot be filled in',
    why: 'Templates are strict: a variable or filter that does not exist is an error, not an empty place in a configuration. Dates and chance are not there, since a plan must come out the same every time. Filters cannot change a secret, which is not known yet.',
    fix: 'Give what is missing under variables, or take it out of the template.',
  },
  {
    code: 'RB0909',
    severity: 'error',
    title: 'What a step does depends on a machine that was not seen',
    why: 'Its condition or content asks for machine.*, and the host could not say what it is. Taking a guess for an answer is how the wrong thing is done.',
    fix: 'See that the host can be reached and answers, then plan again.',
  },
  {
    code: 'RB0910',
    severity: 'error',
    title: 'No such point to put a step at',
    why: 'before and after name a product of this playbook or a kind of step in its plan. A name that leads nowhere would leave the step out without a word.',
    fix: 'Take one of the names in the message, or neither: the step then comes after everything.',
  },
  {
    code: 'RB0911',
    severity: 'error',
    title: 'A step that would have to come before and after the same thing',
    why: 'What it comes after itself comes after what it shall come before, so there is no order in which all can be done.',
    fix: 'Delete before or after, or swap them.',
  },
  {
    code: 'RB0912',
    severity: 'note',
    title: 'The point of a step is not in this plan',
    why: 'It is put before or after a kind of step that this plan has none of, so it has no place and is left out of this plan.',
    fix: 'Nothing, when that is meant. Otherwise name the product, which is always there.',
  },
  {
    code: 'RB0913',
    severity: 'warning',
    title: 'A command that nobody can tell the need for',
    why: 'Without goal, creates or unless there is no question whose answer says that it was done. It runs in every apply, and after a lost connection a person must say whether it ran.',
    fix: 'Add goal (a command that looks, and what it prints), creates (a path) or unless (a command that looks).',
    acceptable: true,
  },
  {
    code: 'RB0914',
    severity: 'warning',
    title: 'A step for no host',
    why: 'The roles it names have no hosts in this playbook, so it is in no plan.',
    fix: 'Name another role or host, or delete the step.',
  },
]

export const find = finder(pages)
