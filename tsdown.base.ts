import type { Rolldown, UserConfig } from 'tsdown';

export type { TsdownPlugin, UserConfig } from 'tsdown';

/** The one way every package here is built: ESM, one file per entry, declarations by isolatedDeclarations. */
export function library(...entry: string[]): UserConfig {
  return {
    entry,
    format: 'esm',
    platform: 'node',
    target: 'node22.18',
    fixedExtension: false,
    dts: { oxc: true },
    sourcemap: true,
    plugins: [ascii],
    clean: true,
    report: false,
    logLevel: 'warn',
  };
}

/**
 * An adapter, in two files besides its entry: what every start needs, which are the modules of these names, and what is
 * loaded when there is something to do. `@detent/sql` is built in, each of its modules into the file that needs it. `apart`:
 * how the names of modules begin that only backups need, beyond those that every adapter has.
 */
export function adapter(looking: readonly string[], apart: readonly string[] = []): UserConfig {
  const names = [...looking, ...SQL_LOOKING].join('|');
  const start = new RegExp(`/src/(?:${names})\\.ts$`, 'u');
  const others = ['index', 'backup', 'restore', 'verify', 'sums', 'file\\.', ...apart].join('|');
  const own = new RegExp(`/(?:adapters/\\w+|sql)/src/(?!${others})`, 'u');
  const posix = (id: string): string => id.replaceAll('\\', '/');
  return {
    ...library('src/index.ts'),
    deps: { alwaysBundle: ['@detent/sql'], onlyBundle: ['@detent/sql'] },
    inputOptions: {
      resolve: { conditionNames: ['source', 'import', 'node', 'default'] },
      preserveEntrySignatures: 'allow-extension',
    },
    outputOptions: {
      codeSplitting: {
        includeDependenciesRecursively: false,
        groups: [
          { name: 'start', test: (id) => start.test(posix(id)), priority: 2 },
          { name: 'work', test: (id) => own.test(posix(id)) && !id.endsWith('.d.ts'), priority: 1 },
        ],
      },
    },
  };
}

const SQL_LOOKING = ['dialect', 'quote', 'history', 'history-columns', 'history-row', 'on-demand', 'tag'];

/**
 * Escapes what is beyond ASCII, last of all. A module with one character beyond Latin-1 is read and kept with two bytes for
 * each, which costs a start a fiftieth.
 */
const ascii: Rolldown.Plugin = {
  name: 'ascii',
  generateBundle(_options, bundle) {
    for (const file of Object.values(bundle))
      if (file.type === 'chunk' && file.fileName.endsWith('.js'))
        file.code = file.code.replaceAll(
          /[^\0-\x7F]/g,
          (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
        );
  },
};
