import type {
  Composed,
  DatabaseAdapter,
  HistoryStore,
  Lease,
  MigrationSession,
  Statement,
  StatementProgress,
  WholeMigration,
} from '@detent/core';
import { overlay, withSessions } from './overlay.ts';

/** Called before and after everything that a run asks of its session, with what it is. */
export type Watcher = (call: string) => Promise<void> | void;

/** Tells the watcher of every call that may change something. */
export function watchedAdapter<Db>(adapter: DatabaseAdapter<Db>, watcher: Watcher): DatabaseAdapter<Db> {
  return withSessions(adapter, (session) => watchedSession(session, watcher));
}

function watchedSession<Db>(session: MigrationSession<Db>, watcher: Watcher): MigrationSession<Db> {
  const around = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    await watcher(`before ${name}`);
    const result = await work();
    await watcher(`after ${name}`);
    return result;
  };
  const { lock, backup } = session;
  return overlay(session, {
    history: watchedHistory(session.history, around),
    lock: overlay(lock, {
      tryAcquire: async (owner) => {
        const attempt = await around('taking the lock', () => lock.tryAcquire(owner));
        return attempt.kind === 'held' ? attempt : { ...attempt, lease: watchedLease(attempt.lease, around) };
      },
    }),
    backup: overlay(backup, {
      backup: (path, signal) => around('the backup', () => backup.backup(path, signal)),
      verify: (manifest) => around('reading the backup', () => backup.verify(manifest)),
      restore: (manifest, record) =>
        around('the restore', () =>
          backup.restore(manifest, (history) =>
            around('writing into the restored history', () => record(watchedHistory(history, around))),
          ),
        ),
    }),
    // Not before it is asked for: a session has it once it works.
    get compose() {
      return session.compose === undefined
        ? undefined
        : (migration: WholeMigration) => watchedWhole(session, migration, watcher);
    },
    transaction: (scope, work) =>
      around('a transaction', () => session.transaction(scope, () => around('its work', work))),
    execute: (statements, file, progress) =>
      around(nameOf(statements, file), () =>
        session.execute(statements, file, watchedProgress(file, progress, watcher)),
      ),
    reset: () => around('the reset', () => session.reset()),
  });
}

/** What is sent before anything is waited for has its first moment right behind that. */
function watchedWhole<Db>(session: MigrationSession<Db>, migration: WholeMigration, watcher: Watcher): Composed | null {
  const { file } = migration;
  const composed = session.compose?.(migration) ?? null;
  if (composed === null) return null;
  return (progress, behind) => {
    const going = composed(watchedProgress(file, progress, watcher), behind);
    if (going === null) return null;
    void watcher(`while ${file} goes out whole`);
    return going.then(async (isDone) => {
      await watcher(`after ${file}, which went out whole`);
      return isDone;
    });
  };
}

function watchedProgress(file: string, progress: StatementProgress | undefined, watcher: Watcher): StatementProgress {
  return {
    signal: progress?.signal ?? NEVER,
    done(index, result) {
      void watcher(`after statement ${index + 1} of ${file}`);
      progress?.done(index, result);
    },
    advanced: (phase, percent) => progress?.advanced?.(phase, percent),
    next: progress?.next,
  };
}

const NEVER: AbortSignal = new AbortController().signal;

function nameOf(statements: readonly Statement[], file: string): string {
  const line = statements[0]?.line ?? 0;
  return statements.length === 1
    ? `the statement in line ${line} of ${file}`
    : `the ${statements.length} statements from line ${line} of ${file}`;
}

type Around = <T>(name: string, work: () => Promise<T>) => Promise<T>;

function watchedHistory(history: HistoryStore, around: Around): HistoryStore {
  return overlay(history, {
    init: (signal) => around('making the tables', () => history.init(signal)),
    save: (row) => around(`saving ${row.id} as ${row.state}`, () => history.save(row)),
    append: (line) => around(`the ledger's ${line.action}`, () => history.append(line)),
  });
}

function watchedLease(lease: Lease, around: Around): Lease {
  return {
    token: lease.token,
    assert: () => lease.assert(),
    [Symbol.asyncDispose]: () => around('giving the lock back', () => Promise.resolve(lease[Symbol.asyncDispose]())),
  };
}
