import { sessionInParts, type Capabilities, type MigrationSession } from '@detent/core';
import { postgres, sqlTag } from '@detent/sql';
import { DIRECT, translate } from './errors.ts';
import { historyReader } from './history.ts';
import type { Link } from './link.ts';
import type { BackupMethod } from './method.ts';
import { describeServer } from './server.ts';
import type { Ways } from './ways.ts';

export interface SessionSettings {
  readonly lockRetries: number;
  readonly backup: BackupMethod;
  readonly ways: Ways | null;
}

/** Puts the parts together around one connection. `Db` is the class of the driver's client. */
export function createSession<Db>(link: Link, settings: SessionSettings): MigrationSession<Db> {
  const reader = historyReader(link);
  return sessionInParts<Db>(
    {
      get db() {
        return link.wire.db as Db;
      },
      capabilities: capabilitiesOf(link),
      server: describeServer(link),
      history: reader,
      sql: sqlTag(postgres, async (text, values) => {
        await link.flush();
        try {
          return await link.wire.query(text, values);
        } catch (error) {
          throw translate(error, link.target);
        }
      }),
      foreignHistory: async () => null,
      close: () => link.close(),
    },
    async () => (await import('./work.ts')).createWork(link, reader, settings),
  );
}

function capabilitiesOf(link: Link): Capabilities {
  const { wire, hasBeside } = link;
  return {
    transactionalDdl: true,
    transactions: true,
    together: true,
    get alone() {
      return link.known()?.pooled === true ? `Behind a pooler no lock holds there. ${DIRECT}` : true;
    },
    backup: wire.copy !== null || 'PGlite has no streams of rows; keep its folder, or what its dumpDataDir() gives.',
    cancel: hasBeside,
  };
}
