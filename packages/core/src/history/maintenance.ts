import { DetentError } from '../errors.ts';
import type { HistoryRow, MigrationState } from '../ports/history.ts';
import type { MigrationFile } from '../ports/source.ts';
import type { ForeignHistory, MigrationSession } from '../ports/session.ts';
import { isApplied, matchesApplied } from '../scan/selector.ts';
import { compareVersions, normalizeVersion } from '../scan/version.ts';
import type { Scan } from '../scan/scanner.ts';
import type { Change } from '../report.ts';
import { finishRow, startRow, type RunIdentity, type SchemaVersionService } from './schema-version-service.ts';

/** What a migration can be said to be. */
export type MarkAs = 'applied' | 'rolled_back';

/** What maintenance needs of a run. */
export interface Bookkeeping {
  readonly session: Pick<MigrationSession, 'transaction'>;
  readonly versions: SchemaVersionService;
  readonly identity: RunIdentity;
}

/** As much of it as is needed to look. */
export interface Reading {
  readonly versions: Pick<SchemaVersionService, 'load'>;
}

/** Throws what speaks against a baseline: it is no version, or migrations are applied already. */
export function checkBaseline(scan: Scan, version: string): void {
  if (!/^\d+([._]\d+)*$/.test(version)) {
    throw new DetentError('TARGET_UNKNOWN', `"${version}" is not a version.`, {
      hint: 'A version is digits, such as 202311020036.',
    });
  }
  const applied = scan.history.entries.find(isApplied);
  if (applied !== undefined) {
    throw new DetentError('BASELINE', `The history already begins with ${applied.file}.`, {
      hint: 'A baseline is for a database without a history; use `detent mark` for single migrations.',
    });
  }
}

/** Writes a baseline. Throws as `checkBaseline`. */
export async function baselineRow(book: Bookkeeping, scan: Scan, version: string, name: string): Promise<Change> {
  checkBaseline(scan, version);
  const id = normalizeVersion(version);
  const file = scan.files.find((item) => item.id === id);
  const row = startRow(file ?? virtualFile(id, version, name), book.identity, await book.versions.load(id), 1);
  await record(
    book,
    { ...finishRow(row, 'applied', null), state: 'baseline', checksum: null, rawChecksum: null },
    'baselined',
    null,
  );
  return { what: 'baseline', detail: version };
}

/** Throws what speaks against taking another tool's history over: there is none, or this one is not empty. */
export function checkTakeOver(scan: Scan, foreign: ForeignHistory | null): ForeignHistory {
  if (foreign === null) {
    throw new DetentError(
      'TARGET_UNKNOWN',
      'No version was named, and there is no history of another tool to take over.',
      {
        hint: 'Name the version up to which everything is there: `detent baseline 202311020036`.',
      },
    );
  }
  const applied = scan.history.entries.find(isApplied);
  if (applied === undefined) return foreign;
  throw new DetentError('BASELINE', `The history already begins with ${applied.file}.`, {
    hint: 'A history is taken over before the first run; use `detent mark` for single migrations.',
  });
}

/** Writes each of them as applied, in their order. A file that is gone is told and left out. */
export async function takeOverRows(book: Bookkeeping, scan: Scan, foreign: ForeignHistory): Promise<readonly Change[]> {
  const files = new Map(scan.files.map((file) => [file.file.slice(file.file.lastIndexOf('/') + 1), file]));
  const changes: Change[] = [];
  let order = 0;
  for (const { file: name, at } of foreign.applied) {
    const file = files.get(name);
    if (file === undefined) {
      changes.push({ what: 'left out, because its file is gone', detail: name });
      continue;
    }
    order += 1;
    const row = startRow(file, book.identity, await book.versions.load(file.id), order);
    const finished = { ...finishRow({ ...row, startedAt: at }, 'applied', null), finishedAt: at, durationMs: null };
    await record(book, finished, 'baselined', `as ${foreign.name} has it`);
    changes.push({ what: 'taken over', detail: file.file });
  }
  return changes;
}

/** The migration to mark. Throws where there is none, or where it is in the middle of something. */
export async function findMarkable({ versions }: Reading, scan: Scan, version: string, as: MarkAs): Promise<Found> {
  const found = await find(versions, scan, version);
  const { row } = found;
  if (row !== null && !isApplied(row) && row.state !== 'rolled_back' && row.state !== 'failed') {
    throw new DetentError('STATE', `${row.file} is ${row.state}, which is settled by \`detent resolve\`.`, {
      hint: `Run \`detent resolve ${version} --as ${as}\`.`,
    });
  }
  return found;
}

/** Writes into the history that a migration is applied, or is not. Throws as `findMarkable`. */
export async function markRow(
  book: Bookkeeping,
  scan: Scan,
  version: string,
  as: MarkAs,
  reason: string | null,
): Promise<Change> {
  const { file, row } = await findMarkable(book, scan, version, as);
  return writeMark(book, scan, file, row, as, 'marked', reason);
}

/** The migration to settle. Throws where there is none, or where there is nothing to settle. */
export async function findUnsettled({ versions }: Reading, scan: Scan, version: string): Promise<Found> {
  const found = await find(versions, scan, version);
  const { row } = found;
  const settled: readonly MigrationState[] = ['applied', 'baseline', 'rolled_back'];
  if (row === null || settled.includes(row.state)) {
    throw new DetentError('STATE', `Version ${version} is ${row?.state ?? 'pending'}; there is nothing to resolve.`, {
      hint: 'To write it into the history by hand, use `detent mark`.',
    });
  }
  return found;
}

/** Settles a migration of which nobody can know. Throws as `findUnsettled`. */
export async function resolveRow(
  book: Bookkeeping,
  scan: Scan,
  version: string,
  as: MarkAs,
  reason: string | null,
): Promise<Change> {
  const { file, row } = await findUnsettled(book, scan, version);
  return writeMark(book, scan, file, row, as, 'resolved', reason);
}

/** Takes over edited files and clears failed rows of which nothing stands. */
export async function repairs(book: Bookkeeping, scan: Scan): Promise<readonly Change[]> {
  const files = new Map(scan.files.map((file) => [file.id, file]));
  const changes: Change[] = [];
  for (const entry of scan.history.entries) {
    const file = files.get(entry.id);
    const row = await book.versions.load(entry.id);
    if (row === null) continue;
    if (row.state === 'failed' && row.statementsDone === 0 && row.intent === null) {
      await record(book, { ...row, state: 'rolled_back' }, 'repaired', 'failed → rolled_back');
      changes.push({ what: 'cleared', detail: row.file });
    } else if (
      row.state === 'applied' &&
      row.kind === 'versioned' &&
      file !== undefined &&
      matchesApplied(row, file) !== 'same'
    ) {
      const { checksum, rawChecksum, name } = file;
      await record(
        book,
        { ...row, checksum, rawChecksum, name, file: file.file },
        'repaired',
        `${row.checksum} → ${checksum}`,
      );
      changes.push({ what: 'accepted', detail: file.file });
    }
  }
  return changes;
}

interface Found {
  readonly file: MigrationFile | null;
  readonly row: HistoryRow | null;
}

async function find(versions: Reading['versions'], scan: Scan, version: string): Promise<Found> {
  const isIt = (item: { readonly id: string; readonly version: string | null }): boolean =>
    item.id === version ||
    (item.version !== null && /^\d/.test(version) && compareVersions(item.version, version) === 0);
  const file = scan.files.find(isIt) ?? null;
  const entry = scan.history.entries.find(isIt);
  if (file === null && entry === undefined) {
    throw new DetentError('TARGET_UNKNOWN', `There is no migration with version ${version}.`, {
      hint: 'See `detent status` for all.',
    });
  }
  return { file, row: entry === undefined ? null : await versions.load(entry.id) };
}

async function writeMark(
  book: Bookkeeping,
  scan: Scan,
  file: MigrationFile | null,
  row: HistoryRow | null,
  as: MarkAs,
  action: string,
  reason: string | null,
): Promise<Change> {
  const order = 1 + scan.history.entries.reduce((highest, entry) => Math.max(highest, entry.appliedOrder), 0);
  const begun =
    file === null
      ? row
      : {
          ...startRow(file, book.identity, row, row?.appliedOrder ?? order),
          startedAt: Date.now(),
          downSource: row?.downSource ?? null,
        };
  if (begun === null) throw new DetentError('INTERNAL', 'Neither a file nor a row.');
  const next = {
    ...finishRow({ ...begun, token: book.identity.token }, as, null),
    statementsDone: 0,
    statementHashes: [],
  };
  await record(book, next, action, `${row?.state ?? 'pending'} → ${as}${reason === null ? '' : `: ${reason}`}`);
  return { what: as, detail: next.file };
}

function record(book: Bookkeeping, row: HistoryRow, action: string, detail: string | null): Promise<void> {
  const { identity, session, versions } = book;
  return session.transaction({ statements: [] }, () =>
    versions.record(identity, { ...row, token: identity.token }, action, detail),
  );
}

/** Stands for the migrations that a baseline covers when none of them has that very version. */
function virtualFile(id: string, version: string, name: string): MigrationFile {
  const none = { kind: 'script', file: name, text: async () => '' } as const;
  return {
    id,
    version,
    name,
    kind: 'versioned',
    file: name,
    filepath: name,
    checksum: '',
    rawChecksum: '',
    up: none,
    down: null,
    twin: null,
  };
}
