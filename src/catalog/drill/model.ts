import type { Exit } from '../../plan/fact.ts'
import type { Estate, Model, MutableJson, Pending } from '../../twin/estate.ts'
import { engineIsUp, engineState, peekEngine } from '../docker/estate.ts'
import { twinDtr } from '../dtr/state.ts'
import { osOf } from '../os/bareHost.ts'
import { exit } from '../os/model.ts'
import { keepStorageHost } from '../storage/state.ts'
import { twinUcp } from '../ucp/estate.ts'
import { canary } from './canaryModel.ts'

/** A fault of the twin, at `estate.hosts[h].state.drill[id]`. */
interface TwinFault {
  kind: string
  state: 'on' | 'undone'
  by?: string
  /** Virtual time at which the host's own timer undoes it. */
  undoMs: number
  /** What has to be put back. */
  kept: MutableJson
}

/** How the twin answers faults and canaries. Timers of hosts run by virtual time, whether or not a controller is there. */
export const model: Model = (line, host, estate) => {
  const [program, flag, , named = '', ...words] = line.argv
  ring(estate)
  if (program !== 'sh' || flag !== '-c') return undefined
  if (named === 'runbook-drill-canary') return canary(estate, host, words, line.stdin ?? '')
  if (named === 'runbook-drill-look') return look(estate, host)
  if (named === 'runbook-drill-strike') return strike(estate, host, words)
  if (named === 'runbook-drill-undo') return undoCommand(estate, host, words)
  return undefined
}

function faultsOf(estate: Estate, host: string): { [id: string]: TwinFault } {
  return (estate.hosts[host]?.state['drill'] ?? {}) as unknown as { [id: string]: TwinFault }
}

/** Timers that have run out. */
function ring(estate: Estate): void {
  for (const host of Object.keys(estate.hosts))
    for (const one of Object.values(faultsOf(estate, host)))
      if (one.state === 'on' && one.undoMs <= estate.clockMs) undo(estate, host, one, 'timer')
}

function look(estate: Estate, host: string): Exit {
  const lines = Object.entries(faultsOf(estate, host)).map(
    ([id, one]) => `${id} ${one.state}${one.by === undefined ? '' : ` ${one.by}`}\n`,
  )
  return exit(0, `${lines.join('')}end\n`)
}

const took = (tookMs: number, finish: (estate: Estate) => Exit): Pending => ({ tookMs, finish })

function strike(estate: Estate, host: string, words: readonly string[]): Exit | Pending {
  const [id = '', seconds = '', kind = '', ...own] = words
  const known = faultsOf(estate, host)[id]
  if (known?.state === 'on') return exit(0)
  if (known) return exit(4, '', `runbook: fault ${id} was undone already\n`)
  const at = estate.hosts[host]
  if (!at) return exit(1)
  return took(1_000, now => {
    const kept = apply(now, host, kind, own)
    if (typeof kept === 'string') return exit(4, '', `runbook: ${kept}\n`)
    const fault: TwinFault = { kind, state: 'on', undoMs: now.clockMs + Number(seconds) * 1000, kept }
    const state = now.hosts[host]?.state
    if (state) state['drill'] = { ...(faultsOf(now, host) as object), [id]: fault } as unknown as MutableJson
    return exit(0)
  })
}

function undoCommand(estate: Estate, host: string, [id = '', by = '']: readonly string[]): Exit | Pending {
  const known = faultsOf(estate, host)[id]
  if (known?.state !== 'on') return exit(0)
  return took(1_000, now => {
    const one = faultsOf(now, host)[id]
    if (one?.state === 'on') undo(now, host, one, by)
    return exit(0)
  })
}

/** Breaks it; answers what has to be put back, or why it cannot be broken, as a text. */
function apply(estate: Estate, host: string, kind: string, words: readonly string[]): MutableJson {
  const os = osOf(estate, host)
  switch (kind) {
    case 'stop-containers': {
      if (!engineIsUp(estate, host)) return 'Cannot connect to the Docker daemon'
      const stopped = Object.entries(engineState(estate, host).containers).filter(
        ([name, one]) => name.startsWith(words[0] ?? '') && one.exitCode === null,
      )
      if (stopped.length === 0) return `no container whose name begins with ${words[0] ?? ''} runs here`
      for (const [, one] of stopped) one.exitCode = 137
      fellSilent(estate, host)
      return stopped.map(([name]) => name)
    }
    case 'stop-engine': {
      const { docker } = os.services
      if (docker) docker.active = false
      fellSilent(estate, host)
      return []
    }
    case 'stop-balancer': {
      const units = ['haproxy', 'nginx'].filter(name => os.services[name]?.active === true)
      if (units.length === 0) return 'no balancer runs here'
      for (const name of units) Object.assign(os.services[name] ?? {}, { active: false })
      return units
    }
    case 'partition':
      cutOff(estate, host, true)
      fellSilent(estate, host)
      return []
    case 'cut-storage':
      keepStorageHost(estate, host, { cutOff: true })
      return []
    case 'break-health-check':
    case 'slow-storage':
      return []
    case 'fill-disk': {
      const before = os.freeDiskMb
      os.freeDiskMb = Number(words[1])
      return [before]
    }
    case 'skew-clock':
      os.skewMs += Number(words[0]) * 1000
      return [Number(words[0]) * 1000]
    case 'expire-certificate': {
      const ucp = twinUcp(estate)
      if (!ucp) return 'there is no cert.pem and key.pem here'
      const before = ucp.certificateEnds ?? null
      ucp.certificateEnds = 'Jan  2 00:00:00 2020 GMT'
      return [before]
    }
    default:
      return `there is no fault ${kind}`
  }
}

function undo(estate: Estate, host: string, fault: TwinFault, by: string): void {
  const os = osOf(estate, host)
  const kept = Array.isArray(fault.kept) ? fault.kept : []
  switch (fault.kind) {
    case 'stop-containers':
      wakeUp(estate, host, new Set(kept.map(String)))
      break
    case 'stop-engine':
      // An engine that was started meanwhile is left alone, with all that runs on it.
      if (os.services['docker']?.active === false) {
        os.services['docker'].active = true
        wakeUp(estate, host)
      }
      break
    case 'stop-balancer':
      for (const name of kept.map(String)) Object.assign(os.services[name] ?? {}, { active: true })
      break
    case 'partition':
      cutOff(estate, host, false)
      break
    case 'cut-storage':
      keepStorageHost(estate, host, { cutOff: false })
      break
    case 'fill-disk':
      os.freeDiskMb = Number(kept[0])
      break
    case 'skew-clock':
      os.skewMs -= Number(kept[0])
      break
    case 'expire-certificate': {
      const ucp = twinUcp(estate)
      if (ucp && typeof kept[0] === 'string') ucp.certificateEnds = kept[0]
      else if (ucp) Reflect.deleteProperty(ucp, 'certificateEnds')
    }
  }
  fault.state = 'undone'
  fault.by = by
}

function cutOff(estate: Estate, host: string, is: boolean): void {
  const state = estate.hosts[host]?.state
  if (!state) return
  if (is) state['cutOff'] = true
  else Reflect.deleteProperty(state, 'cutOff')
}

/** Members of the registry on a host report nothing any more. */
function fellSilent(estate: Estate, host: string): void {
  for (const member of Object.values(twinDtr(estate)?.members ?? {}))
    if (member.host === host) member.stoppedMs ??= estate.clockMs
}

/** Containers run again from now: those named, or all that did not end by themselves when an engine comes back. */
function wakeUp(estate: Estate, host: string, names?: ReadonlySet<string>): void {
  for (const [name, one] of Object.entries(peekEngine(estate, host).containers)) {
    // What has been started meanwhile is left as it is; one that ended by itself is not the engine's to start.
    if (names === undefined ? one.exitCode !== null : one.exitCode === null || !names.has(name)) continue
    one.exitCode = null
    one.startsMs = estate.clockMs
    if (one.healthyMs !== null) one.healthyMs = estate.clockMs + 20_000
  }
  for (const member of Object.values(twinDtr(estate)?.members ?? {}))
    if (member.host === host) Reflect.deleteProperty(member, 'stoppedMs')
}
