import { existsSync, statSync } from 'node:fs';
import { DetentError } from '@detent/core';
import { patiently, SQLITE_WAIT_MS, type Patience } from './busy.ts';
import type { Connection, Library } from './driver.ts';
import { failureOf, obstacle, translate, writeObstacle } from './errors.ts';
import type { JournalMode, Synchronous } from './url.ts';

/**
 * The one connection of a session to a file that may not be there yet. Until it is, everybody reads an empty database
 * in memory, so that looking creates nothing; the first who writes makes the file.
 */
export interface Link {
  /** Of the file, there or not; `null` in memory. */
  readonly path: string | null;
  /** The connection, or the empty stand-in when there is no file yet. */
  reading(): Promise<Connection>;
  /** The connection to the file, made if need be. Throws `READ_ONLY`, `CONNECTION`, `LOCK_TIMEOUT`. */
  writing(): Promise<Connection>;
  /** What is connected now. */
  now(): Connection;
  close(): void;
}

export interface LinkSettings {
  readonly library: Library;
  readonly path: string | null;
  readonly readOnly: boolean;
  /** `undefined`: WAL for a file that is made here, and no change to one that stands. */
  readonly journalMode: JournalMode | undefined;
  readonly synchronous: Synchronous | undefined;
  readonly patience: Patience;
}

export async function openLink(settings: LinkSettings): Promise<Link> {
  const { path, patience } = settings;
  let connection: Connection | null = null;
  let standIn: Connection | null = null;
  let prepared = false;

  const connect = async (): Promise<Connection> => {
    connection ??= await patiently(() => connectTo(settings), patience);
    standIn?.close();
    standIn = null;
    return connection;
  };
  const reading = async (): Promise<Connection> => {
    if (connection !== null) return connection;
    if (path === null || existsSync(path)) return connect();
    const blocked = obstacle(path);
    if (blocked !== null) throw blocked;
    standIn ??= settings.library.connect(':memory:', { readOnly: false, busyTimeoutMs: 0 });
    return standIn;
  };
  await reading();

  return {
    path,
    reading,
    async writing() {
      if (settings.readOnly) throw readOnlySession();
      if (prepared && connection !== null) return connection;
      const blocked = path === null ? null : (obstacle(path) ?? writeObstacle(path));
      if (blocked !== null) throw blocked;
      const mode = settings.journalMode ?? (isNew(path) ? 'wal' : 'keep');
      const writable = await connect();
      if (mode !== 'keep' && path !== null) await setJournalMode(writable, mode, patience);
      prepared = true;
      return writable;
    },
    now: () => connection ?? standIn ?? missing(),
    close() {
      connection?.close();
      standIn?.close();
      connection = standIn = null;
    },
  };
}

/** A user's own connection: it is never replaced and never closed here. */
export function borrowedLink(connection: Connection, readOnly: boolean): Link {
  return {
    path: connection.path,
    reading: async () => connection,
    writing: async () => {
      if (readOnly) throw readOnlySession();
      return connection;
    },
    now: () => connection,
    close: () => undefined,
  };
}

function connectTo(settings: LinkSettings): Connection {
  const { library, path, readOnly, synchronous } = settings;
  const blocked = path === null ? null : obstacle(path);
  if (blocked !== null) throw blocked;
  const options = { readOnly: readOnly && path !== null, busyTimeoutMs: SQLITE_WAIT_MS };
  let connection: Connection | undefined;
  try {
    connection = library.connect(path ?? ':memory:', options);
    // SQLite reads nothing on opening; this finds what is no database.
    connection.value('PRAGMA schema_version');
    if (synchronous !== undefined) connection.exec(`PRAGMA synchronous = ${synchronous}`);
    return connection;
  } catch (error) {
    connection?.close();
    const failure = failureOf(error);
    if (failure?.primary === 'SQLITE_BUSY') throw error;
    if (failure?.code === 'SQLITE_READONLY_ROLLBACK' && path !== null) {
      rollBackLeft(library, path);
      return connectTo(settings);
    }
    const frozen = readOnly && path !== null ? connectFrozen(library, path) : null;
    if (frozen !== null) return frozen;
    throw translate(error, path);
  }
}

/** What a process that died was writing is rolled back by whoever reads next, who has to write for that. */
function rollBackLeft(library: Library, path: string): void {
  let writer: Connection | undefined;
  try {
    writer = library.connect(path, { readOnly: false, busyTimeoutMs: SQLITE_WAIT_MS });
    writer.value('SELECT count(*) FROM sqlite_schema');
  } catch (error) {
    throw failureOf(error)?.primary === 'SQLITE_BUSY' ? error : translate(error, path);
  } finally {
    writer?.close();
  }
}

/** A WAL database in a folder that cannot be written to has no place for its index; with an empty log it needs none. */
function connectFrozen(library: Library, path: string): Connection | null {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  if (library.name !== 'node:sqlite' || (log !== undefined && log.size > 0)) return null;
  try {
    const connection = library.connect(path, { readOnly: true, busyTimeoutMs: 0, frozen: true });
    connection.value('SELECT count(*) FROM sqlite_schema');
    return connection;
  } catch {
    return null;
  }
}

async function setJournalMode(connection: Connection, mode: JournalMode, patience: Patience): Promise<void> {
  await patiently(() => {
    if (connection.value('PRAGMA journal_mode') !== mode) connection.exec(`PRAGMA journal_mode = ${mode}`);
  }, patience);
}

function isNew(path: string | null): boolean {
  return path !== null && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

function readOnlySession(): DetentError {
  return new DetentError('READ_ONLY', 'This session was opened to look only.', {
    hint: 'Open it without readOnly to write.',
  });
}

function missing(): never {
  throw new DetentError('CONNECTION', 'The session is closed.', { hint: 'Open another one.' });
}
