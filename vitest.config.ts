import { availableParallelism } from 'node:os';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const long = process.env['DETENT_TEST_LONG'] === '1';
const quick = process.env['DETENT_TEST_QUICK'] === '1';
const conditions = ['source', 'module', 'node', 'development|production'];

/** `*.slow.test.ts` starts processes or servers and is left out of test:quick; `*.long.test.ts` runs in test:long only. */
const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['source'] } },
  test: {
    include: ['packages/**/src/**/*.test.ts', 'tests/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: [
      '**/node_modules/**',
      '**/dist/**',
      ...(long ? [] : ['**/*.long.test.ts']),
      ...(quick ? ['**/*.slow.test.ts', 'tests/tarball*.test.ts'] : []),
    ],
    globalSetup: ['tests/servers/setup.ts'],
    pool: 'forks',
    // Most of their time the slow ones wait for servers and processes.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    execArgv: ['--conditions=source'],
    testTimeout: 20_000,
    hookTimeout: 120_000,
    restoreMocks: true,
    unstubEnvs: true,
  },
});

export default config;
