import type { Rolldown, UserConfig } from 'tsdown';

export type { UserConfig } from 'tsdown';

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
