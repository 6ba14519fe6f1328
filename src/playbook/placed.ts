/** Offsets into the source, end exclusive. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** A value with the places its parts were written at. What came by alias or merge key keeps the place it was written at. */
export interface Placed {
  readonly value: unknown
  readonly range: Range
  readonly members?: ReadonlyMap<string, { readonly key: Range; readonly node: Placed }>
  readonly items?: readonly Placed[]
}

export type Path = readonly (string | number)[]

/** The node at a path, or undefined when the file does not have it. */
export function nodeAt(root: Placed, path: Path): Placed | undefined {
  let node: Placed | undefined = root
  for (const step of path) {
    node = typeof step === 'number' ? node?.items?.[step] : node?.members?.get(step)?.node
  }
  return node
}

/**
 * Where to point for a path: a scalar at its value, a collection at its key. What is not in the file (a default) is
 * shown at the nearest thing above it that is.
 */
export function placeOf(root: Placed, path: Path): Range {
  let node = root
  let shown = firstOf(root)
  for (const step of path) {
    const member = typeof step === 'string' ? node.members?.get(step) : undefined
    const next = typeof step === 'number' ? node.items?.[step] : member?.node
    if (next === undefined) return shown
    node = next
    const isScalar = node.members === undefined && node.items === undefined
    shown = isScalar ? node.range : (member?.key ?? firstOf(node))
  }
  return shown
}

/** The key itself, for problems with the key and not with its value. */
export function keyPlaceOf(root: Placed, path: Path, key: string): Range {
  return nodeAt(root, path)?.members?.get(key)?.key ?? placeOf(root, path)
}

function firstOf(node: Placed): Range {
  const first = node.members?.values().next().value
  return first?.key ?? node.range
}
