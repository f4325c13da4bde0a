import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { explainLoadError } from './load-error.ts';

/** The content that a plain import of the file gave. Node keeps it for the life of the process. */
const imported = new Map<string, string>();

/**
 * Imports the module at `filepath` whose content hashes to `rawChecksum`. A file that changed since this process
 * imported it is imported anew; what it imports itself is not. Throws `MODULE_LOAD`.
 */
export async function loadModule(filepath: string, file: string, rawChecksum: string): Promise<unknown> {
  const url = pathToFileURL(filepath);
  const known = imported.get(filepath) ?? rawChecksum;
  imported.set(filepath, known);
  try {
    if (known !== rawChecksum) {
      // CommonJS is remembered by path, whatever the query.
      delete createRequire(import.meta.url).cache[realpathSync(filepath)];
      url.searchParams.set('v', rawChecksum.slice(rawChecksum.lastIndexOf(':') + 1));
    }
    return (await import(url.href)) as unknown;
  } catch (thrown) {
    throw explainLoadError(thrown, filepath, file);
  }
}
