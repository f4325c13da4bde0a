import { DetentError, asDetentError, type Problem } from '../errors.ts';
import type { Layout } from '../config.ts';
import type { Content, Discovered } from '../ports/source.ts';
import { assemble, type Part } from './assemble.ts';
import { checksumOf, findTextProblem, textOf, type Checksums } from './checksum.ts';
import { parseFilename, type MigrationFilename } from './filename.ts';
import type { ModuleValue } from './from-modules.ts';
import { misnamed, type Misnamed } from './misnamed.ts';
import { sourceTextOf } from './modules.ts';

export interface ModuleEntry {
  readonly key: string;
  readonly value: ModuleValue;
  readonly known: Checksums | null;
}

export async function discoverModules(
  modules: readonly ModuleEntry[],
  layout: Layout,
  scriptExtensions: readonly string[],
): Promise<Discovered> {
  const files = modules.map(({ key }) => fileOf(key));
  const start = sharedFolder(files);
  const parts: Part[] = [];
  const foreign: Misnamed[] = [];
  const problems: Problem[] = [];
  for (const [index, { value, known }] of modules.entries()) {
    const file = (files[index] ?? '').slice(start);
    const filename = parseFilename(file, layout, scriptExtensions);
    if (filename.kind === 'passed-over') continue;
    if (filename.kind === 'foreign') {
      foreign.push({ file, complaint: filename.complaint });
      continue;
    }
    const script = scriptExtensions.includes(filename.extension);
    const made = script ? await scriptPart(file, filename, value) : await codePart(file, filename, value, known);
    if (made instanceof DetentError) problems.push(made);
    else parts.push(made);
  }
  problems.push(...misnamed(foreign, layout, scriptExtensions));
  return assemble(parts, layout, problems);
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
