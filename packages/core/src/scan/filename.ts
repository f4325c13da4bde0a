import { DetentError, type Problem } from '../errors.ts';
import type { Layout } from '../config.ts';
import { explainName } from './misnamed.ts';
import { normalizeVersion } from './version.ts';

export const CODE_EXTENSIONS: readonly string[] = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

/** What a file's name says of it. `name` and `id` are in Unicode's composed form, whatever the disk made of them. */
export type Filename =
  | {
      readonly kind: 'versioned';
      /** `down` also for Flyway's undo files. */
      readonly part: 'whole' | 'up' | 'down';
      /** Named with a `V` or `U`, not by bare digits. */
      readonly prefixed: boolean;
      /** The version without leading zeros. */
      readonly id: string;
      /** As written, with dots between the parts. */
      readonly version: string;
      readonly name: string;
      readonly extension: string;
    }
  | { readonly kind: 'repeatable'; readonly id: string; readonly name: string; readonly extension: string }
  | {
      readonly kind: 'hook';
      readonly when: 'beforeMigrate' | 'afterMigrate';
      /** What follows `__`; empty when nothing does. */
      readonly name: string;
      readonly extension: string;
    }
  | { readonly kind: 'passed-over' }
  | {
      readonly kind: 'foreign';
      /** Goes on the sentence `x is not a migration: `. */
      readonly reason: string;
      /** The right name that is nearest; `null` when a name is not what is wrong. */
      readonly nearest: string | null;
      /** The next step; `null`: rename it. */
      readonly hint: string | null;
    };

export type MigrationFilename = Exclude<Filename, { kind: 'passed-over' | 'foreign' }>;

const FLYWAY = /^([VU])(\d+(?:[._]\d+)*)__(.*)$/su;
const PLAIN = /^(V?)(\d+)(__?|-)(.*)$/su;
const REPEATABLE = /^R__(.*)$/su;
const HOOK = /^(beforeMigrate|afterMigrate)(?:__(.+))?$/su;
const DIRECTION = /^(.*)\.(up|down)$/su;

/**
 * Files that live beside migrations: dot files, README and LICENSE, Markdown, type declarations, source maps,
 * package.json and tsconfig (they decide how Node reads the folder's modules), and Go code without a version.
 */
const PASSED_OVER = [/^\.|^(?:readme|license)(?:\.|$)|\.(?:md|map)$|\.d\.[mc]?ts$/iu, /^(?:package|tsconfig(?:\..+)?)\.json$|^(?![VU]?\d).*\.go$/u];

/**
 * Reads the name of the file at `path`, with `/` between folders.
 * `V1.2__x` and `V1_2__x` are both version 1.2; `V1_2_x` is version 1 of the name `2_x`.
 */
export function parseFilename(path: string, layout: Layout, scriptExtensions: readonly string[]): Filename {
  const base = path.slice(path.lastIndexOf('/') + 1);
  if (PASSED_OVER.some((pattern) => pattern.test(base))) return { kind: 'passed-over' };
  const extensions = [...scriptExtensions, ...CODE_EXTENSIONS];
  const read = (name: string): Filename | string | null => readName(name, layout, extensions, scriptExtensions);
  const found = read(base);
  if (found !== null && typeof found !== 'string') return found;
  const isRight = (name: string): boolean => typeof (read(name) ?? '') !== 'string';
  return { kind: 'foreign', ...explainName(base, found, extensions, isRight) };
}

/** `FILE_NAME` for a file that is not named like a migration. */
export function misnamed(file: string, { reason, nearest, hint }: Extract<Filename, { kind: 'foreign' }>): Problem {
  const rename = nearest === null ? 'Rename it' : `Rename it to ${nearest}`;
  return new DetentError('FILE_NAME', `${file} is not a migration: ${reason}.`, {
    hint: hint ?? `${rename}, or list it in "ignore".`,
    facts: { place: { file }, ...(nearest === null ? {} : { nearest }) },
  });
}

/** What the name says; a sentence's end when it is nearly right; `null` when it is like nothing. */
function readName(base: string, layout: Layout, extensions: readonly string[], scripts: readonly string[]): Filename | string | null {
  const dot = base.lastIndexOf('.');
  const extension = base.slice(dot);
  if (dot === -1 || !extensions.includes(extension)) return null;
  const stem = base.slice(0, dot);

  const hook = HOOK.exec(stem);
  if (hook !== null) {
    const [, when, name = ''] = hook;
    if (when !== 'beforeMigrate' && when !== 'afterMigrate') return null;
    return (name === '' ? null : wrongInName(name)) ?? { kind: 'hook', when, name: name.normalize('NFC'), extension };
  }
  const repeatable = REPEATABLE.exec(stem);
  if (repeatable !== null) {
    const written = repeatable[1] ?? '';
    if (DIRECTION.test(written)) return 'a repeatable migration has no direction';
    const name = written.normalize('NFC');
    return wrongInName(name) ?? { kind: 'repeatable', id: `R__${name}`, name, extension };
  }
  const match = FLYWAY.exec(stem) ?? PLAIN.exec(stem);
  if (match === null) return null;
  const [letter = '', digits = '', joint, rest = ''] = match.length === 5 ? match.slice(1) : [match[1], match[2], '__', match[3]];
  const direction = DIRECTION.exec(rest);
  const name = direction?.[1] ?? rest;
  const written = direction?.[2] ?? null;
  const part = letter === 'U' || written === 'down' ? 'down' : written === 'up' ? 'up' : 'whole';
  const wrong =
    wrongInLayout(layout, letter, joint ?? '', written, scripts.includes(extension)) ??
    (letter === 'U' && written !== null ? 'an undo file has its direction in its first letter' : null) ??
    wrongInName(name);
  if (wrong !== null) return wrong;
  return {
    kind: 'versioned',
    part,
    prefixed: letter !== '',
    id: normalizeVersion(digits),
    version: digits.replaceAll('_', '.'),
    name: name.normalize('NFC'),
    extension,
  };
}

function wrongInLayout(layout: Layout, letter: string, joint: string, direction: string | null, script: boolean): string | null {
  const bare = letter === '';
  if (joint === '-' && (!bare || (layout !== 'auto' && layout !== 'dbmate'))) return 'an underscore joins version and name';
  switch (layout) {
    case 'auto':
      return null;
    case 'detent':
      return bare ? 'a V stands before the version in the layout "detent"' : null;
    case 'flyway':
      if (bare) return 'a V stands before the version in the layout "flyway"';
      return joint === '__' ? null : 'two underscores follow the version in the layout "flyway"';
    case 'golang-migrate':
      if (!bare) return 'nothing stands before the version in the layout "golang-migrate"';
      return script && direction === null ? 'it says neither .up nor .down, as the layout "golang-migrate" wants' : null;
    case 'goose':
    case 'dbmate':
      if (!bare) return `nothing stands before the version in the layout "${layout}"`;
      return direction === null ? null : `one file holds both directions in the layout "${layout}"`;
  }
}

function wrongInName(name: string): string | null {
  if (/^[\w-]+$/u.test(name)) return null;
  if (name === '') return 'it has no name after the version';
  if (name.includes('\u{FFFD}')) return 'its name holds bytes that are not UTF-8';
  if (/[\p{Cc}\p{Cs}\u{200B}\u{202A}-\u{202E}\u{2066}-\u{2069}\u{FEFF}]/u.test(name)) return 'its name holds an invisible character';
  if (/[<>:"|?*\\]/u.test(name)) return 'its name holds a character that Windows does not allow';
  if (/^\s|\s$/u.test(name)) return 'its name begins or ends with a space';
  if (name.endsWith('.')) return 'its name ends with a dot';
  const word = /\.(\p{L}+)$/u.exec(name)?.[1];
  return word === undefined ? null : `".${word}" is neither .up nor .down`;
}
