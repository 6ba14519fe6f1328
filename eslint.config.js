import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

const noNamedSsh2 = {
  name: 'ssh2',
  allowImportNames: ['default'],
  allowTypeImports: true,
  message: "Write `import ssh2 from 'ssh2'`: named exports compile and crash in node.",
}

export default defineConfig(
  {
    ignores: ['dist/', 'coverage/', '.runbook/', '.lab/', '**/*.gen.*', 'node_modules/', 'test/**/fixtures/'],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', '*.cjs', 'scripts/*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-console': 'error',
      eqeqeq: 'error',
      '@typescript-eslint/no-restricted-imports': ['error', { paths: [noNamedSsh2] }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          varsIgnorePattern: '^_',
          destructuredArrayIgnorePattern: '^_',
          ignoreRestSiblings: true,
        },
      ],
      // An empty callback says "nothing to do here" well enough.
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    files: [
      'src/cli/**',
      'scripts/**',
      'test/lab/**',
      'test/sweep/**',
      'test/matrix/**',
      'test/interop/**',
      'test/fuzz/**',
      'test/proofs/**',
    ],
    rules: { 'no-console': 'off' },
  },
  { files: ['**/*.js', '**/*.mjs', '**/*.cjs'], ...tseslint.configs.disableTypeChecked },
)
