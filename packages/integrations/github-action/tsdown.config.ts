import { library, type UserConfig } from '../../../tsdown.base.ts';

/** What a project may have installed, and what it then takes from there. */
const FROM_THE_PROJECT = ['better-sqlite3', '@electric-sql/pglite', 'pg-native', 'cloudflare:sockets'];

const config: UserConfig = {
  ...library(),
  entry: { index: 'src/main.ts' },
  outDir: process.env['TEST_BUNDLE_FOLDER'] ?? 'dist',
  target: 'node24',
  dts: false,
  sourcemap: false,
  // Each run reads all of it.
  minify: true,
  deps: { alwaysBundle: /.*/, neverBundle: FROM_THE_PROJECT, onlyBundle: false },
  inputOptions: {
    resolve: { conditionNames: ['source', 'node', 'import', 'module', 'default'] },
    // Most of what is inside is not needed in most runs, and is compiled when it is.
    optimization: { pifeForModuleWrappers: false },
  },
  outputOptions: { codeSplitting: false },
};

export default config;
