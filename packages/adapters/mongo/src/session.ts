import {
  backupWhenNeeded,
  DetentError,
  misuse,
  type Capabilities,
  type MigrationSession,
  type SqlTag,
} from '@detent/core';
import type { Db } from 'mongodb';
import { createBatches } from './batches.ts';
import { guardedDb } from './db.ts';
import { schemaFingerprint } from './fingerprint.ts';
import { changelog } from './changelog.ts';
import { createHistory } from './history.ts';
import type { Topology } from './connect.ts';
import type { Link } from './link.ts';
import { createLock } from './lock.ts';
import { describeServer } from './server.ts';
import { createTransactions } from './transaction.ts';

/** Puts the parts together around one client. */
export function createSession(link: Link): MigrationSession<Db> {
  const lock = createLock(link);
  const transaction = createTransactions(link, lock);
  return {
    db: guardedDb(link, lock),
    capabilities: capabilitiesOf(link),
    server: describeServer(link),
    history: createHistory(link, lock, transaction),
    lock,
    backup: backupWhenNeeded(async () => (await import('./backup.ts')).createBackup({ link, lock, transaction })),
    batches: createBatches(link),
    sql: noSql,
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

    foreignHistory: () => changelog(link),

    async close() {
      await lock.close();
      await link.close();
    },
  };
}

export const NOT_TOGETHER =
  'A transaction of MongoDB takes no changes of collections and indexes, and a minute at most, so that it cannot hold a run.';

function capabilitiesOf({ topology, hasTransactions }: Link): Capabilities {
  return {
    transactionalDdl: false,
    transactions: hasTransactions,
    backup: backupOn(topology),
    alone: true,
    together: NOT_TOGETHER,
    cancel: false,
  };
}

function backupOn(topology: Topology): true | string {
  switch (topology) {
    case 'replica set':
      return true;
    case 'standalone':
      return 'A standalone server has no snapshot of several collections; a replica set of one member has.';
    case 'sharded cluster':
      return 'A collection that is made again in a sharded cluster would not be sharded any more; use `mongodump` there.';
  }
}

const refuseSql = (): never => {
  throw misuse(
    'MongoDB has no SQL, so `handler.sql` has nothing to send.',
    'Use `db`, which is the database of the driver.',
  );
};

const noSql: SqlTag = Object.assign(async () => refuseSql(), { id: refuseSql });
