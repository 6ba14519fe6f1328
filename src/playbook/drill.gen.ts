// Made from schemas/drill.schema.json by `npm run types`. Do not edit.

/**
 * What is broken on purpose, who notices, what is done about it, and what it may cost. Read by `runbook drill`.
 */
export interface DrillFile {
  /**
   * Version of this format.
   */
  drill: 1
  /**
   * Name of the drill, for its reports and its history.
   */
  name: string
  /**
   * What people call it.
   */
  title?: string
  /**
   * Who sees to it that it is done.
   */
  owner?: string
  /**
   * How often it is to be done; `runbook drill check` fails when it is overdue.
   */
  cadence?: string
  /**
   * Controls of standards that the report supports evidence for.
   */
  controls?: string[]
  /**
   * The playbook of the cluster, relative to this file.
   */
  cluster: string
  /**
   * How real it is when nothing else is said.
   */
  mode?: 'tabletop' | 'readiness' | 'rehearse' | 'isolated' | 'live'
  /**
   * What it may cost, said beforehand.
   */
  objectives?: {
    /**
     * Longest time until a service is back, seen by a client, from the moment of the fault.
     */
    rto?: {
      /**
       * Until images can be pulled.
       */
      pull?: string
      /**
       * Until images can be pushed.
       */
      push?: string
      /**
       * Until repositories can be made.
       */
      metadata?: string
      /**
       * Until every group has all its members again.
       */
      redundancy?: string
    }
    /**
     * The newest work that may be lost: this long before the fault.
     */
    rpo?: {
      /**
       * Of pushed images.
       */
      images?: string
      /**
       * Of repositories.
       */
      metadata?: string
    }
    /**
     * Longest time until somebody notices.
     */
    detect?: string
  }
  /**
   * Who does what.
   */
  roles?: {
    /**
     * Who decides.
     */
    lead?: string
    /**
     * Who types.
     */
    operator?: string
    /**
     * Who watches and writes down.
     */
    observer?: string
    /**
     * Who may not help: the drill is about doing without them.
     */
    excluded?: string[]
  }
  /**
   * What keeps the drill from doing harm.
   */
  guards?: {
    /**
     * What must be so before the first fault.
     */
    require?: ('quorums-full' | 'canaries-good' | 'on-call-acked' | 'business-hours')[]
    /**
     * Looked at all the time: when it is so for long enough, the faults are undone and the drill ends.
     */
    abortWhen?: {
      /**
       * A group by its name; needs 'below'.
       */
      quorum?: string
      /**
       * Fewer members of it than this are up.
       */
      below?: number
      /**
       * This service fails.
       */
      canary?: 'pull' | 'push' | 'metadata'
      /**
       * For so long.
       */
      for?: string
    }[]
    /**
     * The drill ends, and its faults are undone, when it takes longer.
     */
    maxDuration?: string
  }
  /**
   * Clients that try the registry all the time, under the name that clients use.
   */
  canaries?: {
    /**
     * The host they run on; it should be none that the drill breaks. A worker without one.
     */
    from?: string
    /**
     * So many good ones in a row say that a service is back.
     */
    goodRun?: number
    /**
     * How often an image is pulled by its digest.
     */
    pull?: string
    /**
     * How often an image is pushed, each under a number of its own.
     */
    push?: string
    /**
     * How often a repository is made.
     */
    metadata?: string
  }
  /**
   * What happens, in this order.
   *
   * @minItems 1
   */
  phases: Phase[]
}
/**
 * One phase: one of fault, detect, declare, recover, verify, manual, failback.
 */
export interface Phase {
  /**
   * Something is broken, each with its undo armed on the host first.
   */
  fault?: {
    /**
     * Name of the phase, for answers and steps; its kind without one.
     */
    id?: string
    /**
     * What people call it.
     */
    title?: string
    /**
     * A checkpoint that is passed when the phase has ended.
     */
    checkpoint?: string
    /**
     * What the plan on paper allows it.
     */
    planned?: string
    /**
     * One after another.
     *
     * @minItems 1
     */
    faults: Fault[]
  }
  /**
   * Somebody notices.
   */
  detect?: {
    /**
     * Name of the phase, for answers and steps; its kind without one.
     */
    id?: string
    /**
     * What people call it.
     */
    title?: string
    /**
     * A checkpoint that is passed when the phase has ended.
     */
    checkpoint?: string
    /**
     * What the plan on paper allows it.
     */
    planned?: string
    /**
     * monitor: the drill's own canaries and quorums; human: somebody says so.
     */
    by?: 'human' | 'monitor'
    /**
     * What the person is asked.
     */
    prompt?: string
    /**
     * How long to wait for it.
     */
    timeout?: string
  }
  /**
   * Somebody decides.
   */
  declare?: {
    /**
     * Name of the phase, for answers and steps; its kind without one.
     */
    id?: string
    /**
     * What people call it.
     */
    title?: string
    /**
     * A checkpoint that is passed when the phase has ended.
     */
    checkpoint?: string
    /**
     * What the plan on paper allows it.
     */
    planned?: string
    /**
     * What is decided.
     */
    prompt?: string
    /**
     * Roles that decide.
     */
    approve?: string[]
    /**
     * What follows cannot be undone.
     */
    pointOfNoReturn?: boolean
  }
  /**
   * What was broken is repaired, by the same steps as in the real incident.
   */
  recover?: {
    /**
     * Name of the phase, for answers and steps; its kind without one.
     */
    id?: string
    /**
     * What people call it.
     */
    title?: string
    /**
     * A checkpoint that is passed when the phase has ended.
     */
    checkpoint?: string
    /**
     * What the plan on paper allows it.
     */
    planned?: string
    /**
     * What is done about it: a recipe of `runbook recover`, 'apply' (the playbook made true again), or 'undo' (only the faults are undone, of these hosts or of all).
     */
    recipe: string
    on?: Hosts
    /**
     * The faults are undone first: what was broken comes back.
     */
    undoFaults?: boolean
  }
  /**
   * Everything is put back where it was.
   */
  failback?: {
    /**
     * Name of the phase, for answers and steps; its kind without one.
     */
    id?: string
    /**
     * What people call it.
     */
    title?: string
    /**
     * A checkpoint that is passed when the phase has ended.
     */
    checkpoint?: string
    /**
     * What the plan on paper allows it.
     */
    planned?: string
    /**
     * What is done about it: a recipe of `runbook recover`, 'apply' (the playbook made true again), or 'undo' (only the faults are undone, of these hosts or of all).
     */
    recipe: string
    on?: Hosts
    /**
     * The faults are undone first: what was broken comes back.
     */
    undoFaults?: boolean
  }
  /**
   * The services are there again, for clients.
   */
  verify?: {
    /**
     * Name of the phase, for answers and steps; its kind without one.
     */
    id?: string
    /**
     * What people call it.
     */
    title?: string
    /**
     * A checkpoint that is passed when the phase has ended.
     */
    checkpoint?: string
    /**
     * What the plan on paper allows it.
     */
    planned?: string
    /**
     * The services and the groups must be well within so long.
     */
    within?: string
    /**
     * And stay well for so long.
     */
    soak?: string
    /**
     * full: every group has as many members up as before the drill; majority: more than half of those it has.
     */
    groups?: 'full' | 'majority'
  }
  /**
   * A person does something and writes down what came of it.
   */
  manual?: {
    /**
     * Name of the phase, for answers and steps; its kind without one.
     */
    id?: string
    /**
     * What people call it.
     */
    title?: string
    /**
     * A checkpoint that is passed when the phase has ended.
     */
    checkpoint?: string
    /**
     * What the plan on paper allows it.
     */
    planned?: string
    /**
     * What the person shall do.
     */
    prompt: string
    /**
     * Who does it.
     */
    assignee?: string
    /**
     * What the answer says, by name, and its type.
     */
    expect?: {
      [k: string]: 'integer' | 'number' | 'string' | 'boolean'
    }
  }
}
/**
 * One thing that is broken on purpose, and undone.
 */
export interface Fault {
  /**
   * What is broken. `runbook explain drill.stopContainers` and so on say how, and how it is undone.
   */
  do:
    | 'stop-containers'
    | 'stop-engine'
    | 'stop-balancer'
    | 'partition'
    | 'fill-disk'
    | 'cut-storage'
    | 'slow-storage'
    | 'break-health-check'
    | 'expire-certificate'
    | 'skew-clock'
  on: Hosts
  from?: Hosts
  /**
   * A timer on the host undoes it after so long, whatever becomes of runbook.
   */
  undoAfter?: string
  /**
   * stop-containers: how the names of the containers begin.
   */
  match?: string
  /**
   * fill-disk: a folder of the file system that is filled.
   */
  path?: string
  /**
   * fill-disk: megabytes that stay free.
   */
  leaveMb?: number
  /**
   * slow-storage: how many milliseconds each packet is late.
   */
  byMs?: number
  /**
   * skew-clock: how far the clock is put forward.
   */
  by?: string
}
/**
 * Hosts of the playbook: by name, by role, by site, or several of these together.
 */
export interface Hosts {
  /**
   * One host of the playbook.
   */
  host?: string
  /**
   * Hosts of the playbook.
   *
   * @minItems 1
   */
  hosts?: string[]
  /**
   * Hosts of a role: manager, worker, dtr, loadBalancer, or one of the playbook's own.
   */
  role?: string
  /**
   * Hosts of a site.
   */
  site?: string
  /**
   * Only so many of them, the last in the playbook's order.
   */
  last?: number
}
