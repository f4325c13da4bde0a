import { DetentError, sessionInParts, type Capabilities, type MigrationSession, type OpenOptions } from '@detent/core';
import { sqlite as dialect, sqlTag } from '@detent/sql';
import { bookkeeping } from './bookkeeping.ts';
import type { Patience } from './busy.ts';
import { historyReader } from './history.ts';
import type { Link } from './link.ts';
import { describeServer } from './server.ts';
import { bindable } from './values.ts';

export interface SessionSettings {
  readonly link: Link;
  readonly options: OpenOptions;
  readonly patience: Patience;
  readonly allowAttach: boolean;
  readonly batchCommits: boolean;
}

/** Puts the parts together around one connection. `Db` is the class of the driver's database. */
export function createSession<Db>(settings: SessionSettings): MigrationSession<Db> {
  const { link, options, patience } = settings;
  const books = bookkeeping(options.table);
  return sessionInParts<Db>(
    {
      get db() {
        return link.now().db as Db;
      },
      capabilities: capabilitiesOf(link.path),
      server: describeServer(link),
      history: historyReader(link, books, patience),
      sql: sqlTag(dialect, async (text, values) => (await link.reading()).exact(text, values.map(bindable))),
      foreignHistory: async () => null,
      async close() {
        link.close();
      },
    },
    async () => (await import('./work.ts')).createWork(settings, books),
  );
}

function capabilitiesOf(path: string | null): Capabilities {
  return {
    transactionalDdl: true,
    transactions: true,
    together: true,
    alone: true,
    backup:
      path !== null || 'A database in memory is gone with its process, so there is nothing to put a backup back into.',
    cancel: false,
  };
}

/** `CONFIG` for a schema that SQLite does not have. */
export function checkSchema(schema: string | null): void {
  if (schema === null || schema === 'main') return;
  throw new DetentError('CONFIG', 'SQLite keeps its history in the database itself, so there is no schema to choose.', {
    hint: 'Leave `schema` out, and choose the name of the table with `table`.',
  });
}
