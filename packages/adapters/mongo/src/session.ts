import { misuse, sessionInParts, type Capabilities, type MigrationSession, type SqlTag } from '@detent/core';
import type { Db } from 'mongodb';
import { guardedDb } from './db.ts';
import { historyReader } from './history.ts';
import type { Topology } from './connect.ts';
import type { Link } from './link.ts';
import { describeServer } from './server.ts';

/** Puts the parts together around one client. */
export function createSession(link: Link): MigrationSession<Db> {
  return sessionInParts<Db>(
    {
      db: guardedDb(link),
      capabilities: capabilitiesOf(link),
      server: describeServer(link),
      history: historyReader(link),
      sql: noSql,
      foreignHistory: async () => (await import('./changelog.ts')).changelog(link),
      close: () => link.close(),
    },
    async () => (await import('./work.ts')).createWork(link),
  );
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
    fencesTransactions: hasTransactions,
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
