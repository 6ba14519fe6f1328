/** The page of one kind of step, for `explain` and the reference. */
export interface KindPage {
  /** 'web.join', as `Step.kind` says it. */
  readonly kind: string
  readonly title: string
  /** When a plan has such a step. */
  readonly when: string
  /** What it does, in its order, and why in this one; with the source of what a vendor demands. */
  readonly does: string
  /** What it costs those who are served meanwhile, and what leads back. */
  readonly care: string
}
