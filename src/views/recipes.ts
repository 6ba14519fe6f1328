import { noPaint, type Paint, wrap } from './layout.ts'

/** The recipes there are, and which of them fit what was seen. */
export interface RecipeList {
  /** Of the playbook. */
  readonly name: string
  readonly recipes: readonly {
    readonly name: string
    readonly title: string
    readonly when: string
    readonly ladder: readonly string[]
  }[]
  /** Names of those that fit. */
  readonly fits: readonly string[]
  /** Hosts that could not be asked, with the reason. */
  readonly silent: readonly { readonly host: string; readonly message: string }[]
}

const width = 80

/** One line a recipe, those that fit marked; below them the ladder of each that fits. 80 columns, ASCII. */
export function recipeList({ name, recipes, fits, silent }: RecipeList, paint: Paint = noPaint): string {
  const longest = Math.max(...recipes.map(one => one.name.length))
  return [
    `${paint.bold(name)}: ${fits.length === 0 ? 'the hosts point to no recipe' : `the hosts point to ${fits.join(', ')}`}`,
    '',
    ...recipes.map(one => {
      const line = `${fits.includes(one.name) ? '->' : '  '} ${one.name.padEnd(longest)}  ${one.title}`
      return fits.includes(one.name) ? paint.yellow(line) : line
    }),
    ...recipes
      .filter(one => fits.includes(one.name))
      .flatMap(one => [
        '',
        paint.bold(one.title),
        ...wrap(`  ${one.when}`, width, '  '),
        ...one.ladder.flatMap((rung, i) => wrap(`  ${i + 1}. ${rung}`, width, '     ')),
      ]),
    ...(silent.length === 0
      ? []
      : [
          '',
          paint.bold('Could not be asked, and so taken for lost here'),
          ...silent.flatMap(one => wrap(`  ${one.host}: ${one.message}`, width, '    ')),
        ]),
  ]
    .join('\n')
    .concat('\n')
}
