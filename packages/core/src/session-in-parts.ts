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
  const working = (): Promise<WorkingSession> => (loaded ??= load());
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
      init: async (signal) => (await working()).history.init(signal),
      save: async (row) => (await working()).history.save(row),
      append: async (line) => (await working()).history.append(line),
    },
    lock: {
      tryAcquire: async (owner) => (await working()).lock.tryAcquire(owner),
      holder: async () => (await working()).lock.holder(),
      break: async (options) => (await working()).lock.break(options),
    },
    backup: {
      check: async (folder) => (await working()).backup.check(folder),
      backup: async (path, signal) => (await working()).backup.backup(path, signal),
      verify: async (manifest) => (await working()).backup.verify(manifest),
      sums: async () => (await working()).backup.sums(),
      othersWrote: async (manifest) => (await working()).backup.othersWrote(manifest),
      restore: async (manifest, record) => (await working()).backup.restore(manifest, record),
      delete: async (manifest) => (await working()).backup.delete(manifest),
    },
    batches: {
      count: async (table) => (await working()).batches.count(table),
      read: async (request) => (await working()).batches.read(request),
    },
    transaction: async (scope, work) => (await working()).transaction(scope, work),
    execute: async (statements, file, progress) => (await working()).execute(statements, file, progress),
    limit: async (limits) => (await working()).limit(limits),
    reset: async () => (await working()).reset(),
    fingerprint: async (scope) => (await working()).fingerprint(scope),
    covered: async (statements) => (await working()).covered(statements),
    trace: async (statement) => (await working()).trace(statement),
    async close() {
      try {
        await (await loaded)?.close();
      } finally {
        await looking.close();
      }
    },
  };
}
