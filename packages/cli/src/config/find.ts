import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DetentError } from '@detent/core';

const NAMES = ['ts', 'mts', 'js', 'mjs', 'json'].map((extension) => `detent.config.${extension}`);
const ROOT_SIGNS = ['package.json', '.git'];

/**
 * The configuration nearest to `folder`: there or above, up to the first folder that is the root of a package or of a
 * repository. `null` when there is none. Throws `CONFIG` when a folder holds two, or the named one is not there.
 */
export function findConfig(folder: string, named: string | null): string | null {
  if (named !== null) {
    const file = resolve(folder, named);
    if (!existsSync(file))
      throw new DetentError('CONFIG', `There is no configuration ${file}.`, {
        hint: 'Correct --config, or write one with `detent init`.',
      });
    return file;
  }
  for (let at = folder; ; at = dirname(at)) {
    const [found, second] = NAMES.map((name) => join(at, name)).filter((file) => existsSync(file));
    if (found !== undefined && second !== undefined) {
      throw new DetentError('CONFIG', `There are two configurations: ${found} and ${second}.`, {
        hint: 'Keep one, or choose with --config.',
      });
    }
    if (found !== undefined) return found;
    if (dirname(at) === at || ROOT_SIGNS.some((sign) => existsSync(join(at, sign)))) return null;
  }
}
