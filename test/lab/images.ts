import type { Layout } from './layout.ts'

/** The Docker directory new hosts start from: it holds the stand-in images. */
export function imageSeed(
  _of: Layout,
  _root: string,
  _say: (text: string) => void,
): Promise<string | undefined> {
  return Promise.resolve(undefined)
}
