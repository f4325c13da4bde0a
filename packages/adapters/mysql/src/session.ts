import { sessionInParts, type Capabilities, type MigrationSession } from '@detent/core';
import { mariadb, sqlTag } from '@detent/sql';
import { translate } from './errors.ts';
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

/** Puts the parts together around one connection. `Db` is the class of the driver's connection. */
export function createSession<Db>(link: Link, settings: SessionSettings): MigrationSession<Db> {
  const reader = historyReader(link);
  return sessionInParts<Db>(
    {
      get db() {
        link.wire.suspect();
        link.onCode();
        return link.wire.db as Db;
      },
      capabilities: capabilitiesOf(link),
      server: describeServer(link, settings.backup),
      history: reader,
      sql: sqlTag(mariadb, async (text, values) => {
        link.onCode();
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

function capabilitiesOf({ hasBeside }: Link): Capabilities {
  return {
    transactionalDdl: false,
    transactions: true,
    backup: true,
    alone: true,
    together: true,
    fencesTransactions: true,
    cancel: hasBeside,
  };
}
