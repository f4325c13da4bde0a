import type { Layout } from '../config.ts';
import { normalizeVersion } from './version.ts';

export const CODE_EXTENSIONS: readonly string[] = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

/** What a file's name says of it. */
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
      /** What the grammar had to say, where the name is nearly right; `misnamed` tells the rest. */
      readonly complaint: string | null;
    };

export type MigrationFilename = Exclude<Filename, { kind: 'passed-over' | 'foreign' }>;

/** Nearly every name there is, in one go: each start reads each of them. */
const PLAIN = /^(V?)(0*(\d+))(__?)([A-Za-z][\w-]*)(\.up|\.down)?$/;
const IN_PARTS = /^([VU])(\d+(?:[._]\d+)*)(__)(.*)$/su;
const ANY = /^(V?)(\d+)(__?|-)(.*)$/su;

/**
 * Files that live beside migrations: dot files, README and LICENSE, Markdown, type declarations, source maps,
 * package.json and tsconfig (they decide how Node reads the folder's modules), and Go code without a version.
 */
function isPassedOver(base: string): boolean {
  return (
    /^\.|^(?:readme|license)(?:\.|$)|\.(?:md|map)$|\.d\.[mc]?ts$/iu.test(base) ||
    /^(?:package|tsconfig(?:\..+)?)\.json$|^(?![VU]?\d).*\.go$/u.test(base)
  );
}

/**
 * Reads the name of the file at `path`, with `/` between folders and in Unicode's composed form (NFC): the history
 * keeps what is read here, and disks differ in how they write an accent.
 * `V1.2__x` and `V1_2__x` are both version 1.2; `V1_2_x` is version 1 of the name `2_x`.
 */
export function parseFilename(path: string, layout: Layout, scriptExtensions: readonly string[]): Filename {
  const base = path.slice(path.lastIndexOf('/') + 1);
  const found = readName(base, layout, scriptExtensions);
  if (isRight(found)) return found;
  return isPassedOver(base) ? { kind: 'passed-over' } : { kind: 'foreign', complaint: found };
}

type Found = MigrationFilename | string | null;

function isRight(found: Found): found is MigrationFilename {
  return found !== null && typeof found !== 'string';
}

/** What the name says; a sentence's end when it is nearly right; `null` when it is like nothing. */
function readName(base: string, layout: Layout, scripts: readonly string[]): Found {
  const dot = base.lastIndexOf('.');
  const extension = base.slice(dot);
  const script = scripts.includes(extension);
  if (dot <= 0 || !(script || CODE_EXTENSIONS.includes(extension))) return null;
  const stem = base.slice(0, dot);
  const letter = stem[0] ?? '';
  if (letter === 'R') return readRepeatable(stem, extension);
  if (letter === 'a' || letter === 'b') return readHook(stem, extension);
  return readVersioned(stem, extension, layout, script);
}

function readVersioned(stem: string, extension: string, layout: Layout, script: boolean): Found {
  const parts = splitVersioned(stem);
  if (parts === null) return null;
  const { letter, version, id, joint, name, direction } = parts;
  const wrong = wrongInLayout(layout, letter, joint, direction, script) ?? (parts.plain ? null : wrongInName(name));
  if (wrong !== null) return wrong;
  return {
    kind: 'versioned',
    part: letter === 'U' || direction === '.down' ? 'down' : direction === '.up' ? 'up' : 'whole',
    prefixed: letter !== '',
    id,
    version,
    name,
    extension,
  };
}

interface VersionedParts {
  readonly letter: string;
  readonly version: string;
  readonly id: string;
  readonly joint: string;
  readonly name: string;
  readonly direction: string;
  /** Nothing can be wrong with the name. */
  readonly plain: boolean;
}

function splitVersioned(stem: string): VersionedParts | null {
  const plain = PLAIN.exec(stem);
  // By index: taking a list apart makes an object for each of its parts, for each file at each start.
  if (plain !== null)
    return {
      letter: plain[1] ?? '',
      version: plain[2] ?? '',
      id: plain[3] ?? '',
      joint: plain[4] ?? '',
      name: plain[5] ?? '',
      direction: plain[6] ?? '',
      plain: true,
    };
  const [, letter = '', digits = '', joint = '__', rest = ''] = IN_PARTS.exec(stem) ?? ANY.exec(stem) ?? [];
  if (digits === '') return null;
  const direction = rest.endsWith('.up') ? '.up' : rest.endsWith('.down') ? '.down' : '';
  const name = direction === '' ? rest : rest.slice(0, -direction.length);
  const version = digits.replaceAll('_', '.');
  return { letter, version, id: normalizeVersion(version), joint, name, direction, plain: false };
}

function readRepeatable(stem: string, extension: string): Found {
  if (!stem.startsWith('R__')) return null;
  const name = stem.slice(3);
  if (/\.(?:up|down)$/u.test(name)) return 'a repeatable migration has no direction';
  return wrongInName(name) ?? { kind: 'repeatable', id: `R__${name}`, name, extension };
}

function readHook(stem: string, extension: string): Found {
  const [, word, name = ''] = /^(beforeMigrate|afterMigrate)(?:__(.+))?$/su.exec(stem) ?? [];
  if (word !== 'beforeMigrate' && word !== 'afterMigrate') return null;
  const wrong = name === '' ? null : wrongInName(name);
  return wrong ?? { kind: 'hook', when: word, name, extension };
}

function wrongInLayout(
  layout: Layout,
  letter: string,
  joint: string,
  direction: string,
  script: boolean,
): string | null {
  const bare = letter === '';
  if (letter === 'U' && direction !== '') return 'an undo file has its direction in its first letter';
  if (joint === '-' && (!bare || !['auto', 'dbmate', 'migrate-mongo'].includes(layout)))
    return 'an underscore joins version and name';
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
      return script && direction === '' ? 'it says neither .up nor .down, as the layout "golang-migrate" wants' : null;
    case 'goose':
    case 'dbmate':
    case 'migrate-mongo':
      if (!bare) return `nothing stands before the version in the layout "${layout}"`;
      return direction === '' ? null : `one file holds both directions in the layout "${layout}"`;
  }
}

function wrongInName(name: string): string | null {
  if (/^[\w-]+$/.test(name)) return null;
  if (name === '') return 'it has no name after the version';
  if (name.includes('\u{FFFD}')) return 'its name holds bytes that are not UTF-8';
  if (/[\p{Cc}\p{Cs}\u{200B}\u{202A}-\u{202E}\u{2066}-\u{2069}\u{FEFF}]/u.test(name))
    return 'its name holds an invisible character';
  if (/[<>:"|?*\\]/u.test(name)) return 'its name holds a character that Windows does not allow';
  if (/^\s|\s$/u.test(name)) return 'its name begins or ends with a space';
  if (name.endsWith('.')) return 'its name ends with a dot';
  const word = /\.(\p{L}+)$/u.exec(name)?.[1];
  return word === undefined ? null : `".${word}" is neither .up nor .down`;
}
