import { DetentError, type ErrorCode, type Problem } from '../errors.ts';
import type { Layout } from '../config.ts';
import type { Content, Discovered, HookFile, MigrationFile } from '../ports/source.ts';
import type { Checksums } from './checksum.ts';
import type { MigrationFilename } from './filename.ts';
import { findMixture } from './layout.ts';
import { compareText } from './version.ts';

/** One file with its name read and its content hashed. */
export interface Part extends Checksums {
  /** Path below the source, `/` between folders. */
  readonly file: string;
  readonly filepath: string;
  readonly filename: MigrationFilename;
  readonly content: Content;
}

const TWINS: Readonly<Record<string, string>> = { '.ts': '.js', '.mts': '.mjs', '.cts': '.cjs' };

/** Makes migrations of files: puts ups to their downs, twins together, and finds what cannot stand side by side. */
export function assemble(parts: readonly Part[], layout: Layout, found: readonly Problem[]): Discovered {
  const files: MigrationFile[] = [];
  const hooks: HookFile[] = [];
  const problems: Problem[] = [...found];
  const mixture = layout === 'auto' ? findMixture(parts) : null;
  if (mixture !== null) problems.push(mixture);
  const add = ({ part, twin }: Merged, down: Content | null): void => {
    const { filename, content } = part;
    if (filename.kind === 'hook') hooks.push({ when: filename.when, content });
    else files.push(migrationOf(part, filename, twin, down));
  };
  for (const group of groupsOf(parts)) {
    if (!Array.isArray(group) && !isDown(group)) {
      add({ part: group, twin: null }, null);
      continue;
    }
    const merged = mergeTwins([group].flat());
    const ups = merged.filter(({ part }) => !isDown(part));
    const downs = merged.filter(({ part }) => isDown(part));
    const wrong = [...clashes(ups), ...clashes(downs), ...(ups.length === 0 ? downs.map(orphan) : [])];
    problems.push(...wrong);
    if (wrong.length === 0 && ups[0] !== undefined) add(ups[0], downs[0]?.part.content ?? null);
  }
  hooks.sort((a, b) => compareText(a.content.file, b.content.file));
  problems.sort(
    (a, b) => compareText(a.facts.place?.file ?? '', b.facts.place?.file ?? '') || compareText(a.message, b.message),
  );
  return { files, hooks, problems };
}

interface Merged {
  readonly part: Part;
  readonly twin: Part | null;
}

function migrationOf(
  part: Part,
  filename: Exclude<MigrationFilename, { kind: 'hook' }>,
  twin: Part | null,
  down: Content | null,
): MigrationFile {
  return {
    id: filename.id,
    version: filename.kind === 'versioned' ? filename.version : null,
    name: filename.name,
    kind: filename.kind,
    file: part.file,
    filepath: part.filepath,
    checksum: part.checksum,
    rawChecksum: part.rawChecksum,
    up: part.content,
    down,
    twin: twin === null ? null : { file: twin.file, checksum: twin.checksum, rawChecksum: twin.rawChecksum },
  };
}

/**
 * What would be one row in the history stands in one group; repeatables also when only their case differs.
 * Nearly every group is one file, so that one is not put into a list.
 */
function groupsOf(parts: readonly Part[]): Iterable<Part | Part[]> {
  const groups = new Map<string, Part | Part[]>();
  for (const part of parts) {
    const key = keyOf(part.filename);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, part);
    else if (Array.isArray(group)) group.push(part);
    else groups.set(key, [group, part]);
  }
  return groups.values();
}

function keyOf(filename: MigrationFilename): string {
  switch (filename.kind) {
    case 'versioned':
      return filename.id;
    case 'repeatable':
      return fold(filename.id);
    case 'hook':
      return fold(`${filename.when}__${filename.name}`);
  }
}

/** The TypeScript file is the migration; what was compiled from it, in the same folder, is its twin. */
function mergeTwins(group: readonly Part[]): Merged[] {
  const byFile = new Map(group.map((part) => [part.file, part]));
  const twins = new Map<Part, Part>();
  for (const part of group) {
    const { extension } = part.filename;
    const compiledExtension = TWINS[extension];
    if (compiledExtension === undefined) continue;
    const twin = byFile.get(part.file.slice(0, -extension.length) + compiledExtension);
    if (twin !== undefined) twins.set(part, twin);
  }
  const compiled = new Set(twins.values());
  return group
    .filter((part) => !compiled.has(part))
    .map((part) => ({ part, twin: twins.get(part) ?? null }))
    .sort((a, b) => compareText(a.part.file, b.part.file));
}

function isDown({ filename }: Part): boolean {
  return filename.kind === 'versioned' && filename.part === 'down';
}

function clashes([first, ...others]: readonly Merged[]): Problem[] {
  if (first === undefined) return [];
  return others.map(({ part }) => clash(first.part, part));
}

function clash(first: Part, second: Part): Problem {
  const files = [first.file, second.file];
  const problem = (code: ErrorCode, message: string, hint: string): Problem =>
    new DetentError(code, message, { hint, facts: { place: { file: second.file }, files } });
  if (fold(first.file) === fold(second.file) || !sameId(first.filename, second.filename)) {
    const message = `${first.file} and ${second.file} differ only in case or in how an accent is written.`;
    return problem('NAME_COLLISION', message, 'Rename one of the two; on some disks they are one file.');
  }
  if (first.filename.kind === 'hook') {
    const message = `${first.file} and ${second.file} are the same hook.`;
    return problem(
      'NAME_COLLISION',
      message,
      `Put both into one file, or give one a name: ${first.filename.when}__name.`,
    );
  }
  if (first.filename.kind === 'repeatable') {
    return problem(
      'VERSION_DUPLICATE',
      `${first.file} and ${second.file} are both ${first.filename.id}.`,
      'Rename one of the two.',
    );
  }
  const what = isDown(first) ? 'the way back of version' : 'version';
  const hint = isDown(first)
    ? 'Keep one of the two.'
    : 'Give the newer one a version of its own, if it was not applied anywhere yet.';
  return problem('VERSION_DUPLICATE', `${first.file} and ${second.file} are both ${what} ${first.filename.id}.`, hint);
}

function sameId(a: MigrationFilename, b: MigrationFilename): boolean {
  return a.kind === 'hook' || b.kind === 'hook' || a.id === b.id;
}

function orphan({ part }: Merged): Problem {
  return new DetentError('DOWN_ORPHAN', `${part.file} is a way back and there is no way up of its version.`, {
    hint: 'Put the file of the same version that goes up beside it, or delete this one.',
    facts: { place: { file: part.file } },
  });
}

function fold(text: string): string {
  return text.normalize('NFC').toUpperCase().toLowerCase();
}
