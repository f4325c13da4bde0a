import { Buffer } from 'node:buffer';
import { DetentError, asDetentError, misuse, type Problem } from '../errors.ts';
import type { Layout } from '../config.ts';
import type { Content, MigrationSource } from '../ports/source.ts';
import type { Migration } from '../migration.ts';
import { assemble, type Part } from './assemble.ts';
import { checksumOf, findTextProblem, textOf, type Checksums } from './checksum.ts';
import { misnamed, parseFilename, type MigrationFilename } from './filename.ts';
import { LAYOUTS } from './layout.ts';
import { sourceTextOf } from './modules.ts';

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
    file: fileOf(key),
    value,
    known: knownChecksums(key, checksums[key]),
  }));
  const start = sharedFolder(entries.map(({ file }) => file));

  return {
    name: 'modules',
    discover: async ({ scriptExtensions }) => {
      const parts: Part[] = [];
      const problems: Problem[] = [];
      for (const { file: path, value, known } of entries) {
        const file = path.slice(start);
        const filename = parseFilename(file, layout, scriptExtensions);
        if (filename.kind === 'passed-over') continue;
        if (filename.kind === 'foreign') {
          problems.push(misnamed(file, filename));
          continue;
        }
        const script = scriptExtensions.includes(filename.extension);
        const made = script ? await scriptPart(file, filename, value) : await codePart(file, filename, value, known);
        if (made instanceof DetentError) problems.push(made);
        else parts.push(made);
      }
      return assemble(parts, layout, problems);
    },
  };
}

async function scriptPart(file: string, filename: MigrationFilename, value: ModuleValue): Promise<Part | Problem> {
  const loaded = await tryLoad(value, file);
  if (loaded instanceof DetentError) return loaded;
  const text = typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : loaded;
  if (typeof text !== 'string') {
    return new DetentError('MODULE_EXPORTS', `${file} is no text.`, {
      hint: 'Import it as text, e.g. with the query "?raw".',
      facts: { place: { file } },
    });
  }
  const bytes = Buffer.from(text, 'utf8');
  const problem = findTextProblem(bytes, file, filename.kind === 'versioned' && filename.part === 'down');
  if (problem !== null) return problem;
  const content: Content = { kind: 'script', file, text: async () => textOf(bytes) };
  return { file, filepath: file, filename, ...checksumOf(bytes), content };
}

async function codePart(
  file: string,
  filename: MigrationFilename,
  value: ModuleValue,
  known: Checksums | null,
): Promise<Part | Problem> {
  const content: Content = {
    kind: 'code',
    file,
    source: async () => null,
    module: async () => {
      const loaded = await tryLoad(value, file);
      if (loaded instanceof DetentError) throw loaded;
      return loaded;
    },
  };
  if (known !== null) return { file, filepath: file, filename, ...known, content };
  const loaded = await tryLoad(value, file);
  if (loaded instanceof DetentError) return loaded;
  try {
    const text = sourceTextOf(loaded, file, filename.kind === 'versioned' ? filename.part : 'whole');
    return { file, filepath: file, filename, ...checksumOf(Buffer.from(text, 'utf8')), content };
  } catch (thrown) {
    return asDetentError(thrown, 'MODULE_EXPORTS', (words) => `${file} cannot be read: ${words}`);
  }
}

/** What the value is or loads; `MODULE_LOAD` instead of a throw. */
async function tryLoad(value: ModuleValue, file: string): Promise<unknown> {
  if (typeof value !== 'function') return value;
  try {
    return await value();
  } catch (thrown) {
    const words = thrown instanceof Error ? thrown.message : String(thrown);
    return new DetentError('MODULE_LOAD', `${file} cannot be loaded: ${words}`, {
      hint: 'Correct what the file does when it is loaded; work on the database belongs into up and down.',
      facts: { place: { file } },
      cause: thrown,
    });
  }
}

function fileOf(key: string): string {
  return key
    .replace(/\?.*$/u, '')
    .replaceAll('\\', '/')
    .replace(/^(?:\.{0,2}\/)+/u, '')
    .normalize('NFC');
}

/** The length of the folders that all files share. */
function sharedFolder(files: readonly string[]): number {
  const [first = '', ...others] = files;
  let end = first.lastIndexOf('/') + 1;
  while (end > 0 && !others.every((file) => file.startsWith(first.slice(0, end))))
    end = first.lastIndexOf('/', end - 2) + 1;
  return end;
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
