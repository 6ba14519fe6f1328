/** What became of one line of the file. */
export interface Said {
  readonly line: number
  /** 'spec.mke.version'. */
  readonly at: string
  /** 'carried': as it was. 'changed': in other words. 'left': not carried over, and why. */
  readonly became: 'carried' | 'changed' | 'left'
  readonly text: string
}

/** What became of a leaf, before it is known where it stands. */
export type Outcome = Pick<Said, 'became' | 'text'>

export const carried = (text: string): Outcome => ({ became: 'carried', text })
export const changed = (text: string): Outcome => ({ became: 'changed', text })
export const left = (text: string): Outcome => ({ became: 'left', text })
