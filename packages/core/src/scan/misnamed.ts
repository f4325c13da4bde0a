import type { Layout } from '../config.ts';
import { DetentError, type Problem } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { CODE_EXTENSIONS, parseFilename } from './filename.ts';

/** A file that is not named like a migration, and what the grammar had to say of it. */
export interface Misnamed {
  readonly file: string;
  readonly complaint: string | null;
}

/** `FILE_NAME` for each, with the nearest right name where a name is what is wrong. */
export function misnamed(
  found: readonly Misnamed[],
  layout: Layout,
  scriptExtensions: readonly string[],
): readonly Problem[] {
  const isRight = (name: string): boolean => {
    const { kind } = parseFilename(name, layout, scriptExtensions);
    return kind !== 'foreign' && kind !== 'passed-over';
  };
  return found.map(({ file, complaint }) => {
    const base = file.slice(file.lastIndexOf('/') + 1);
    const extensions = [...scriptExtensions, ...CODE_EXTENSIONS];
    const { reason, nearest: right, hint } = explainName(base, complaint, extensions, isRight);
    const rename = right === null ? 'Rename it' : `Rename it to ${right}`;
    return new DetentError('FILE_NAME', `${file} is not a migration: ${reason}.`, {
      hint: hint ?? `${rename}, or list it in "ignore".`,
      facts: { place: { file }, ...(right === null ? {} : { nearest: right }) },
    });
  });
}

interface Explanation {
  /** Goes on the sentence `x is not a migration: `. */
  readonly reason: string;
  /** The right name that is nearest; `null` when a name is not what is wrong. */
  readonly nearest: string | null;
  /** The next step; `null`: rename it. */
  readonly hint: string | null;
}

/** What else Flyway calls. */
const OTHER_HOOK = /^(?:before|after)(?:Each|Validate|Baseline|Clean|Info|Repair|Undo|Version|Connect|Create|Deploy)/u;
const BACKWARDS = ['down', 'undo', 'rollback', 'revert'];

/**
 * Why a name is not a migration's, and the right name that is nearest. `found` is what the grammar had to say;
 * `isRight` is asked before a name is proposed.
 */
function explainName(
  base: string,
  found: string | null,
  extensions: readonly string[],
  isRight: (name: string) => boolean,
): Explanation {
  if (/~$|^#.*#$|^~\$|\.(?:orig|rej|bak|backup|sw[a-p]|tmp|temp|old|save)$/iu.test(base))
    return advice('it looks like what an editor or a merge left behind', 'Delete it, or list it in "ignore".');
  if (base.endsWith('.go')) {
    return advice(
      'Go code cannot be run here',
      'Write it again as .sql or .ts under the same version, or list it in "ignore".',
    );
  }
  if (/\.sql$/iu.test(base) && !extensions.includes('.sql')) {
    return advice(
      'migrations of this database are code',
      'Write it again as .ts or .js, with functions up and down, or list it in "ignore".',
    );
  }
  if (/\.sql\.conf$/iu.test(base)) {
    return advice(
      'settings are not read from a file beside the script',
      'Write them into the script, e.g. "-- detent:transaction none".',
    );
  }
  if (/^B\d[\d._]*__/u.test(base)) {
    return advice(
      "Flyway's baseline scripts are not run",
      'Use "detent baseline" on the database, and list the file in "ignore".',
    );
  }
  if (/\.(?:test|spec)\.[mc]?[tj]s$/u.test(base)) {
    return advice('it is a test', 'Put it in another folder, or list it in "ignore".');
  }
  if (OTHER_HOOK.test(base)) {
    return advice(
      'of the hooks only beforeMigrate and afterMigrate are run',
      'Move what it does into one of these, or list it in "ignore".',
    );
  }
  const dot = base.lastIndexOf('.');
  const [stem, extension] = dot <= 0 ? [base, ''] : [base.slice(0, dot), base.slice(dot)];
  const ending = extensions.includes(extension) ? extension : rightExtension(extension, extensions);
  const right = ending === null ? null : propose(stem, ending, isRight);
  if (extension === '') return { reason: `it ends in none of ${extensions.join(' ')}`, nearest: null, hint: null };
  if (extension !== ending) {
    return {
      reason: `it ends in "${extension}", which is none of ${extensions.join(' ')}`,
      nearest: right,
      hint: null,
    };
  }
  return { reason: found ?? describeStem(stem), nearest: right, hint: null };
}

function advice(reason: string, hint: string): Explanation {
  return { reason, nearest: null, hint };
}

function rightExtension(extension: string, extensions: readonly string[]): string | null {
  const lower = extension.trim().toLowerCase();
  if (extensions.includes(lower)) return lower;
  return extensions.find((known) => known.length > 3 && lower.startsWith(known.slice(0, 3))) ?? null;
}

/** Tries the ways in which the name could have been meant, the likeliest first. */
function propose(stem: string, extension: string, isRight: (name: string) => boolean): string | null {
  if (isRight(stem + extension)) return stem + extension;
  const [, word = stem, name = ''] = /^(\w+?Migrate)_+(.*)$/iu.exec(stem) ?? [];
  const hook = nearest(word, ['beforeMigrate', 'afterMigrate']);
  if (hook !== null) return `${hook}${name === '' ? '' : `__${name}`}${extension}`;
  const loose = /^\s*([vur]?)[\s_.-]*(\d+(?:[._]\d+)*)?([\s_.-]*)(.*?)[\s.]*$/isu;
  const [, letter = '', digits = '', gap = '', rest = ''] = loose.exec(stem) ?? [];
  const prefix = letter.toUpperCase();
  const { name: cleaned, direction } = cleanName(rest);
  if (digits === '') return prefix === 'R' && /^r_/iu.test(stem) ? `R__${cleaned}${extension}` : null;
  if (prefix === 'R') return null;
  const joint = gap.includes('__') || /[._]/u.test(digits) || prefix === 'U' ? '__' : '_';
  const directions = direction === '' ? ['', '.up'] : [direction, ''];
  const names = [prefix, prefix === '' ? 'V' : ''].flatMap((first) =>
    [joint, '__'].flatMap((between) =>
      directions.map((last) => `${first}${digits}${between}${cleaned}${last}${extension}`),
    ),
  );
  return names.find(isRight) ?? null;
}

function cleanName(written: string): { name: string; direction: '' | '.up' | '.down' } {
  const word = /\.(\p{L}+)$/u.exec(written)?.[1] ?? '';
  const meant = nearest(word, ['up', ...BACKWARDS]);
  const direction = word === '' || meant === null ? '' : meant === 'up' ? '.up' : '.down';
  const rest = direction === '' ? written : written.slice(0, -word.length - 1);
  const name = rest
    .replaceAll(/[\p{Cc}\p{Cs}\u{200B}\u{202A}-\u{202E}\u{2066}-\u{2069}\u{FEFF}\u{FFFD}<>:"|?*\\]/gu, '')
    .trim()
    .replaceAll(/\.(?=\p{L}+$)/gu, '_')
    .replaceAll(/\s+/gu, '_');
  return { name: name === '' ? 'name' : name, direction };
}

function describeStem(stem: string): string {
  if (/^\s/u.test(stem)) return 'its name begins with a space';
  if (/^[vu]\d/u.test(stem)) return `the letter before the version is a capital one`;
  if (/^(?:before|after)/iu.test(stem))
    return 'the hooks are beforeMigrate and afterMigrate, or one of these with __ and a name';
  if (/^r_/iu.test(stem)) return 'a repeatable migration begins with R__';
  if (/^[VU]\d+(?:[._]\d+)*$/u.test(stem) || /^\d+$/u.test(stem)) return 'it has no name after the version';
  if (/^U\d+_/u.test(stem)) return 'two underscores follow the version of an undo file';
  if (/^[VU]?\d+(?:\.\d+)+_/u.test(stem)) return 'a version in parts stands behind a V and before two underscores';
  if (/^[VU]?\d/u.test(stem)) return 'an underscore joins version and name';
  if (/^[VU][\s_.-]*\d/iu.test(stem)) return 'the version follows its letter without a gap';
  if (/^[VU][_-]/iu.test(stem)) return 'there is no version after its first letter';
  return 'its name begins with no version';
}
