import { library, type UserConfig } from '../../../tsdown.base.ts';
import { oneFile } from './one-file.ts';

/** What a project may have installed, and what it then takes from there. */
const FROM_THE_PROJECT = ['better-sqlite3', '@electric-sql/pglite', 'pg-native', 'cloudflare:sockets'];

const config: UserConfig = {
  ...library(),
  entry: { index: 'src/main.ts' },
  outDir: process.env['TEST_BUNDLE_FOLDER'] ?? 'dist',
  // A module of CommonJS starts in two thirds of the time: no namespaces are made of what it takes from Node.
  format: 'cjs',
  target: 'node24',
  dts: false,
  sourcemap: false,
  // Each run reads all of it.
  minify: true,
  deps: { alwaysBundle: /.*/, neverBundle: FROM_THE_PROJECT, onlyBundle: false },
  inputOptions: {
    resolve: { conditionNames: ['source', 'node', 'import', 'module', 'default'] },
    // Parts stay what they are, so that a start takes only what it needs.
    experimental: { chunkOptimization: false },
  },
  outputOptions: { chunkFileNames: '[name].cjs', charset: 'ascii', strict: true },
  plugins: [oneFile()],
};

export default config;
