import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { sep } from 'node:path';
import { DetentError, type Problem } from '../errors.ts';

export interface Entry {
  readonly name: string;
  /** Path below the root, `/` between folders, in Unicode's composed form. */
  readonly file: string;
  readonly filepath: string;
  readonly kind: 'file' | 'link' | 'folder' | 'special';
}

/**
 * Shows everything in the folder and below but the folders, in no order. Gives what is wrong: what could not be
 * listed, and what `look` throws.
 */
export function walk(root: string, isIgnored: (file: string) => boolean, look: (entry: Entry) => void): Problem[] {
  const problems: Problem[] = [];
  const visit = (path: string, prefix: string): void => {
    for (const dirent of listed(path, prefix, problems)) {
      const { name } = dirent;
      const file = prefix + name.normalize('NFC');
      if (isIgnored(file)) continue;
      const filepath = path + sep + name;
      const kind = kindOf(dirent);
      if (kind === null) {
        if (!name.startsWith('.') && name !== 'node_modules') visit(filepath, `${file}/`);
        continue;
      }
      try {
        look({ name, file, filepath, kind });
      } catch (thrown) {
        problems.push(unreadable(file, thrown));
      }
    }
  };
  visit(root, '');
  return problems;
}

/**
 * `null` for a folder to go into. One that looks like a file lost its place: as a folder it would hold nothing, and nobody
 * would notice.
 */
function kindOf(dirent: Dirent): Entry['kind'] | null {
  if (dirent.isFile()) return 'file';
  if (dirent.isDirectory()) return /^(?:[VU]?\d|R__).*\.(?:sql|[mc]?[jt]s)$/iu.test(dirent.name) ? 'folder' : null;
  return dirent.isSymbolicLink() ? 'link' : 'special';
}

/**
 * The path of the regular file that an entry is. Throws `FILE_UNREADABLE` for what is no regular file, and for a link
 * that leads out of the root.
 */
export function locate({ file, filepath, kind }: Entry, root: string): string {
  if (kind === 'file') return filepath;
  if (kind === 'special') throw refused(file, 'a pipe, a socket or a device, not a file', 'Remove it');
  if (kind === 'folder') throw refused(file, 'a folder with the name of a file', 'Rename it');
  const target = realpathSync(filepath);
  const inside = realpathSync(root);
  if (!target.startsWith(inside.endsWith(sep) ? inside : inside + sep)) {
    throw refused(file, 'a link that leads out of the migrations folder', 'Put the file itself into the folder');
  }
  const stats = statSync(target);
  if (stats.isDirectory())
    throw refused(file, 'a link to a folder, which is not followed', 'Put the files themselves there');
  if (!stats.isFile()) throw refused(file, 'a link to a pipe, a socket or a device', 'Remove it');
  return target;
}

/** A problem for what the operating system said about a file or folder. */
export function unreadable(file: string, thrown: unknown): DetentError {
  if (thrown instanceof DetentError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown';
  const [why, hint] = WHY[code] ?? [`it cannot be read (${code})`, 'Check the file and the disk.'];
  return new DetentError('FILE_UNREADABLE', `${file} cannot be read: ${why}.`, {
    hint,
    facts: { place: { file } },
    cause: thrown,
  });
}

const WHY: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  EACCES: ['there is no permission', 'Give the user that runs the migrations the right to read it.'],
  EPERM: ['there is no permission', 'Give the user that runs the migrations the right to read it.'],
  ENOENT: ['it is a link to nothing, or was just removed', 'Put the file back, or remove the link.'],
  ELOOP: ['it is a link that leads to itself', 'Remove the link.'],
  EMFILE: ['too many files are open', 'Raise the limit of open files (ulimit -n).'],
  ENFILE: ['too many files are open', 'Raise the limit of open files (ulimit -n).'],
};

function refused(file: string, what: string, step: string): DetentError {
  return new DetentError('FILE_UNREADABLE', `${file} is ${what}.`, {
    hint: `${step}, or list it in "ignore".`,
    facts: { place: { file } },
  });
}

function listed(path: string, prefix: string, problems: Problem[]): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (thrown) {
    problems.push(prefix === '' ? missing(path, thrown) : unreadable(prefix.slice(0, -1), thrown));
    return [];
  }
}

function missing(path: string, thrown: unknown): DetentError {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
  const problem = (message: string, hint: string): DetentError =>
    new DetentError('FOLDER_MISSING', message, { hint, facts: { place: { file: path } }, cause: thrown });
  switch (code) {
    case 'ENOENT':
      return problem(
        `There is no folder ${path}.`,
        'Create it with "detent init", or name the right one as "migrations".',
      );
    case 'ENOTDIR':
      return problem(`${path} is not a folder.`, 'Name the folder that holds the migrations, not a file.');
    default:
      return unreadable(path, thrown);
  }
}
