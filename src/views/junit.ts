import { takesOf } from '../plan/pace.ts'
import { annotations } from './annotation.ts'
import { roughly } from './layout.ts'
import { condition, levelWords } from './overview.ts'
import type { Origin } from './sarif.ts'
import type { PlanReport } from './text.ts'

/**
 * JUnit XML: a suite of findings, where errors fail, and a suite of steps, where what already holds is skipped.
 * Nothing has been run, so no case has a time.
 */
export function planJunit(report: PlanReport, { playbook, places }: Origin): string {
  const found = annotations(report, playbook, places).filter(one => one.step === undefined)
  const failed = found.filter(one => one.severity === 'error').length
  const held = report.outlooks.filter(outlook => outlook.will === 'hold').length
  const steps = report.plan.steps.map((step, i) => {
    const will = report.outlooks[i]?.will ?? 'depend'
    const needed = condition(report, step)
    const may = needed === '' ? 'may run' : `runs ${needed}`
    const said = `on ${step.host}, about ${roughly(takesOf(step, report.paces).p50Seconds)}, risk ${step.risk}`
    return [
      `  <testcase classname="${escape(step.kind)}" name="${escape(`${step.id} ${step.title}`)}">`,
      will === 'hold'
        ? '   <skipped message="already holds"/>'
        : `   <system-out>${escape(`${will === 'run' ? 'will run' : may}, ${said}`)}</system-out>`,
      '  </testcase>',
    ]
  })
  const cases = found.map(one => {
    const where = `${one.file}:${one.line}:${one.column}`
    const body =
      one.severity === 'error'
        ? `   <failure type="${one.code}" message="${escape(one.message)}">${escape(`${where}\n${one.help ?? ''}`)}</failure>`
        : `   <system-out>${escape(`${one.severity} at ${where}: ${one.message}`)}</system-out>`
    return [`  <testcase classname="${one.code}" name="${escape(one.message)}">`, body, '  </testcase>']
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="runbook plan ${escape(report.plan.name)}">`,
    ` <testsuite name="findings" tests="${found.length}" failures="${failed}" errors="0" skipped="0">`,
    '  <properties>',
    `   <property name="plan" value="${report.digest}"/>`,
    `   <property name="level" value="${escape(levelWords(report))}"/>`,
    '  </properties>',
    ...cases.flat(),
    ' </testsuite>',
    ` <testsuite name="steps" tests="${report.plan.steps.length}" failures="0" errors="0" skipped="${held}">`,
    ...steps.flat(),
    ' </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function escape(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
