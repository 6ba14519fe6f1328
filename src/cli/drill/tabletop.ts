import { userInfo } from 'node:os'
import type { DrillEvent, DrillOutcome } from '../../run/drillEvent.ts'
import { Unanswered } from '../../run/drillStage.ts'
import { answerTo } from './answers.ts'
import type { Carrying } from './carry.ts'

/** People talk it through: every phase is a question, no host is touched, and what they say is on record. */
export async function tabletopDrill({ of, id, answers, emit, signal, io }: Carrying): Promise<DrillOutcome> {
  const { drill, identity } = of
  const record = (event: DrillEvent): void => {
    emit({ at: new Date(io.clock.now()).toISOString(), ...event })
  }
  record({
    kind: 'drill-started',
    drill: id,
    name: drill.name,
    mode: 'tabletop',
    ...identity,
    by: userInfo().username,
    resumed: false,
  })
  for (const phase of drill.phases) {
    record({ kind: 'phase-started', phase: phase.id, title: phase.title })
    try {
      if (signal.aborted) throw new Unanswered('the drill was stopped')
      const { by, answer } = await answerTo(phase, drill, answers, io)
      record({ kind: 'manual', phase: phase.id, by, answer })
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
      record({ kind: 'phase-ended', phase: phase.id, outcome: 'stopped', detail: error.message })
      record({ kind: 'drill-ended', outcome: 'stopped', detail: error.message })
      return 'stopped'
    }
    record({ kind: 'phase-ended', phase: phase.id, outcome: 'done' })
    if (phase.checkpoint !== undefined)
      record({ kind: 'checkpoint', phase: phase.id, name: phase.checkpoint })
  }
  record({ kind: 'drill-ended', outcome: 'done' })
  return 'done'
}
