import type { HistoryStore } from './ports/history.ts';
import type { MigrationSession } from './ports/session.ts';

/** What a start that finds nothing to do needs of a session. */
export interface LookingSession<Db> extends Pick<
  MigrationSession<Db>,
  'db' | 'capabilities' | 'server' | 'sql' | 'foreignHistory' | 'close'
> {
  readonly history: Pick<HistoryStore, 'read' | 'load' | 'events'>;
}

/** All else. It is closed before the part that looks. */
export interface WorkingSession extends Omit<MigrationSession, keyof LookingSession<unknown>> {
  readonly history: Pick<HistoryStore, 'init' | 'save' | 'append'>;
  close(): Promise<void>;
}

/** A session whose working part is loaded when it is first asked for: most starts only look. */
export function sessionInParts<Db>(
  looking: LookingSession<Db>,
  load: () => Promise<WorkingSession>,
): MigrationSession<Db> {
  let loaded: Promise<WorkingSession> | null = null;
  let part: WorkingSession | null = null;
  /** Once it is there, nothing is waited for: a run comes by here ten times for each migration. */
  const working = <T>(ask: (session: WorkingSession) => Promise<T>): Promise<T> =>
    part === null ? (loaded ??= load()).then((session) => ask((part = session))) : ask(part);
  return {
    get db() {
      return looking.db;
    },
    capabilities: looking.capabilities,
    server: looking.server,
    sql: looking.sql,
    foreignHistory: () => looking.foreignHistory(),
    history: {
      read: () => looking.history.read(),
      load: (id) => looking.history.load(id),
      events: (limit) => looking.history.events(limit),
      init: (signal) => working((session) => session.history.init(signal)),
      save: (row) => working((session) => session.history.save(row)),
      append: (line) => working((session) => session.history.append(line)),
    },
    lock: {
      tryAcquire: (owner) => working((session) => session.lock.tryAcquire(owner)),
      holder: () => working((session) => session.lock.holder()),
      break: (options) => working((session) => session.lock.break(options)),
    },
    backup: {
      check: (folder) => working((session) => session.backup.check(folder)),
      backup: (path, signal) => working((session) => session.backup.backup(path, signal)),
      verify: (manifest) => working((session) => session.backup.verify(manifest)),
      sums: () => working((session) => session.backup.sums()),
      othersWrote: (manifest) => working((session) => session.backup.othersWrote(manifest)),
      restore: (manifest, record) => working((session) => session.backup.restore(manifest, record)),
      delete: (manifest) => working((session) => session.backup.delete(manifest)),
    },
    batches: {
      count: (table) => working((session) => session.batches.count(table)),
      read: (request) => working((session) => session.batches.read(request)),
    },
    get compose() {
      return part?.compose;
    },
    transaction: (scope, work) => working((session) => session.transaction(scope, work)),
    execute: (statements, file, progress) => working((session) => session.execute(statements, file, progress)),
    limit: (limits) => working((session) => session.limit(limits)),
    reset: () => working((session) => session.reset()),
    fingerprint: (scope) => working((session) => session.fingerprint(scope)),
    covered: (statements) => working((session) => session.covered(statements)),
    trace: (statement) => working((session) => session.trace(statement)),
    async close() {
      try {
        await (await loaded)?.close();
      } finally {
        await looking.close();
      }
    },
  };
}
