import { extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { misuse } from '../errors.ts';
import type { Layout } from '../config.ts';
import type { MigrationSource } from '../ports/source.ts';
import { assemble, type Part } from './assemble.ts';
import { checksumOf, findTextProblem, plainChecksum, type Checksums } from './checksum.ts';
import { CodeContent, readBytes, readPlain, ScriptContent } from './content.ts';
import { CODE_EXTENSIONS, parseFilename, type MigrationFilename } from './filename.ts';
import { ignoring } from './ignore.ts';
import { LAYOUTS } from './layout.ts';
import type { Misnamed } from './misnamed.ts';
import { locate, walk, type Entry } from './walk.ts';

export interface DirectoryOptions {
  /** `auto` unless told. */
  readonly layout?: Layout;
  /** Only files with these endings are migrations; other endings that could be are passed over. All, unless told. */
  readonly extensions?: readonly string[];
  /** Globs of what is to be left alone: `drafts`, `*.test.ts`, `old/*.sql`. */
  readonly ignore?: readonly string[];
}

/**
 * The migrations in a folder and its sub-folders. Files are read and hashed, and not kept: their content is read again
 * when it is needed, and must then be what it was. Folders that begin with a dot and `node_modules` are not entered;
 * a link counts when it leads to a file inside.
 */
export function directory(path: string | URL, options: DirectoryOptions = {}): MigrationSource {
  const { layout = 'auto', extensions, ignore = [] } = options;
  if (!LAYOUTS.includes(layout))
    throw misuse('"layout" is not one of the known ones.', `Use one of ${LAYOUTS.join(', ')}.`);
  const name = typeof path === 'string' ? path : fileURLToPath(path);
  if (name === '' || name.includes('\0'))
    throw misuse('The path of the migrations folder is no path.', 'Name a folder, such as "migrations".');
  const root = resolve(name);
  const isIgnored = ignoring(ignore);

  return {
    name,
    discover: async ({ scriptExtensions }) => {
      const parts: Part[] = [];
      const foreign: Misnamed[] = [];
      const known = [...scriptExtensions, ...CODE_EXTENSIONS];
      const unwanted = new Set(
        extensions === undefined ? [] : known.filter((extension) => !extensions.includes(extension)),
      );
      const problems = walk(root, isIgnored, (entry) => {
        if (unwanted.size > 0 && unwanted.has(extname(entry.name))) return;
        const filename = parseFilename(entry.file, layout, scriptExtensions);
        if (filename.kind === 'passed-over') return;
        if (filename.kind === 'foreign') foreign.push({ file: entry.file, complaint: filename.complaint });
        else parts.push(read(entry, root, filename, scriptExtensions.includes(filename.extension)));
      });
      if (foreign.length > 0) {
        const { misnamed } = await import('./misnamed.ts');
        problems.push(...misnamed(foreign, layout, scriptExtensions));
      }
      return assemble(parts, layout, problems);
    },
  };
}

/** Throws what is wrong with the file. */
function read(entry: Entry, root: string, filename: MigrationFilename, script: boolean): Part {
  const { file } = entry;
  const filepath = locate(entry, root);
  const { checksum, rawChecksum } = hashed(
    filepath,
    file,
    script && filename.kind === 'versioned' && filename.part === 'down',
  );
  const content = script
    ? new ScriptContent(filepath, file, rawChecksum)
    : new CodeContent(filepath, file, rawChecksum);
  return { file, filepath, filename, checksum, rawChecksum, content };
}

function hashed(filepath: string, file: string, mayBeBlank: boolean): Checksums {
  const text = readPlain(filepath);
  if (text !== null) {
    const checksum = plainChecksum(text);
    return { checksum, rawChecksum: checksum };
  }
  const bytes = readBytes(filepath);
  const problem = findTextProblem(bytes, file, mayBeBlank);
  if (problem !== null) throw problem;
  return checksumOf(bytes);
}
