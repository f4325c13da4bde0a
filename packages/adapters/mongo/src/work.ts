import { backupWhenNeeded, DetentError, type WorkingSession } from '@detent/core';
import { createBatches } from './batches.ts';
import { schemaFingerprint } from './fingerprint.ts';
import { createHistory } from './history-writer.ts';
import type { Link } from './link.ts';
import { createLock } from './lock.ts';
import { createTransactions } from './transaction.ts';

/** What a session does once there is something to do. */
export function createWork(link: Link): WorkingSession {
  const lock = createLock(link);
  const transaction = createTransactions(link, lock);
  const history = createHistory(link, lock, transaction);
  return {
    history,
    lock,
    backup: backupWhenNeeded(async () => (await import('./backup.ts')).createBackup({ link, lock, transaction })),
    batches: createBatches(link),
    transaction,

    async execute(statements) {
      if (statements.length > 0) throw new DetentError('INTERNAL', 'MongoDB has no scripts.', {});
      return [];
    },

    covered: async (statements) => statements.length,

    // What waits for a lock in the server gives up by itself, and a migration sets maxTimeMS where it wants one.
    limit: async () => undefined,

    // Each operation carries its own settings.
    reset: async () => undefined,

    fingerprint: () => schemaFingerprint(link),

    async trace() {
      return { kind: 'schema', fingerprint: await schemaFingerprint(link), scope: null, after: null };
    },

    close: () => lock.close(),
  };
}
