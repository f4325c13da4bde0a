import { misuse } from '../errors.ts';
import type { Layout } from '../config.ts';
import type { Migration } from '../migration.ts';
import type { MigrationSource } from '../ports/source.ts';
import type { Checksums } from './checksum.ts';
import { LAYOUTS } from './layout.ts';

/**
 * A module's exports, a migration, a script's text, or a function that loads one of these. The text may also be the
 * default export of a module, as bundlers make it.
 */
export type ModuleValue = string | Migration<never> | Readonly<Record<string, unknown>> | (() => unknown);

export interface ModulesOptions {
  /** `auto` unless told. */
  readonly layout?: Layout;
  /**
   * By the same keys: the hashes of the files that the code was made of. Without one a code migration is loaded when
   * it is discovered and the source text of its functions is hashed, which another build may change.
   */
  readonly checksums?: Readonly<Record<string, string | Checksums>>;
}

/**
 * Migrations that a bundle holds, without a file system. The keys are file names or paths, as `import.meta.glob` gives
 * them; the folder that all of them share is left out, and so is what follows a `?`.
 */
export function fromModules(
  modules: Readonly<Record<string, ModuleValue>> | readonly (readonly [file: string, module: ModuleValue])[],
  options: ModulesOptions = {},
): MigrationSource {
  const { layout = 'auto', checksums = {} } = options;
  if (!LAYOUTS.includes(layout))
    throw misuse('"layout" is not one of the known ones.', `Use one of ${LAYOUTS.join(', ')}.`);
  const given = Array.isArray(modules) ? modules : Object.entries(modules);
  const entries = given.map(([key, value]: readonly [string, ModuleValue]) => ({
    key,
    value,
    known: knownChecksums(key, checksums[key]),
  }));
  return {
    name: 'modules',
    discover: async ({ scriptExtensions }) => {
      const { discoverModules } = await import('./discover-modules.ts');
      return discoverModules(entries, layout, scriptExtensions);
    },
  };
}

function knownChecksums(key: string, written: string | Checksums | undefined): Checksums | null {
  if (written === undefined) return null;
  const { checksum, rawChecksum } = typeof written === 'string' ? { checksum: written, rawChecksum: written } : written;
  if ([checksum, rawChecksum].every((hash) => /^v1:sha256:[0-9a-f]{64}$/u.test(hash))) return { checksum, rawChecksum };
  throw misuse(
    `The checksum of ${key} is not written as v1:sha256: and 64 hexadecimal digits.`,
    'Take it from what checksumOf gives.',
  );
}
