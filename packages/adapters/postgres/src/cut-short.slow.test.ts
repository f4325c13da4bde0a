import { setTimeout as sleep } from 'node:timers/promises';
import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { playground, type Playground } from './fixtures/playground.ts';
import { postgres, type PgClient } from './index.ts';

const BEFORE = `
  CREATE TABLE t (id bigint PRIMARY KEY, name text, long text);
  CREATE TABLE other (id bigint);
  CREATE INDEX t_name ON t (name);
  CREATE INDEX t_kept ON t (id, name);
  ALTER TABLE t CLUSTER ON t_name;
  CREATE TABLE parts (id bigint, name text) PARTITION BY RANGE (id);
  CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (100);
  CREATE INDEX parts_name ON parts (name);
  INSERT INTO t SELECT n, 'name ' || n, repeat('x', 10) FROM generate_series(1, 50) AS n;
  INSERT INTO parts SELECT n, 'name ' || n FROM generate_series(1, 50) AS n;
`;

/** What waits in each of the steps that such a statement has. */
const BLOCKERS = {
  'a writer of the table': ['BEGIN', 'INSERT INTO t VALUES (1000)', 'INSERT INTO parts VALUES (99)'],
  'an old snapshot': ['BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT count(*) FROM other'],
  'a reader of the table': ['BEGIN', 'SELECT count(*) FROM t', 'SELECT count(*) FROM parts'],
} as const;

const STATEMENTS = [
  'CREATE INDEX CONCURRENTLY t_long ON t (long)',
  'CREATE INDEX CONCURRENTLY IF NOT EXISTS t_long ON t (long)',
  'CREATE INDEX CONCURRENTLY ON t (lower(name) COLLATE "C" DESC, long) WHERE name <> \'--;\' AND t.id > 1',
  'CREATE UNIQUE INDEX CONCURRENTLY ON ONLY public."t" USING btree (id, long)',
  'REINDEX INDEX CONCURRENTLY t_name',
  'REINDEX TABLE CONCURRENTLY t',
  'REINDEX (CONCURRENTLY) SCHEMA public',
  'REINDEX INDEX CONCURRENTLY parts_name',
  'DROP INDEX CONCURRENTLY t_name',
  'DROP INDEX CONCURRENTLY IF EXISTS t_name',
  'ALTER TABLE parts DETACH PARTITION part CONCURRENTLY',
];

function executorOn({ database }: Playground, statement: string): MigrationScriptExecutor<PgClient> {
  return new MigrationScriptExecutor<PgClient>({
    adapter: postgres({ url: database.url, applicationName: 'the run' }),
    migrations: fromModules({ 'V1_before.sql': BEFORE, 'V2_statement.sql': `${statement};` }),
    lock: { onHeld: 'wait', waitMs: 20_000 },
  });
}

async function migrated(place: Playground, statement: string, to?: string): Promise<readonly string[]> {
  await using executor = executorOn(place, statement);
  const { errors } = await executor.migrate(to === undefined ? {} : { to });
  return errors.map(({ code, message }) => `${code}: ${message}`);
}

async function standing({ database }: Playground): Promise<unknown> {
  const indexes = await database.query(
    "SELECT c.relname, i.indisvalid, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid >= 16384 AND c.relname !~ '^(pg_toast|schema_version)' ORDER BY 1",
  );
  const partitions = await database.query(
    'SELECT inhrelid::regclass::text, inhdetachpending FROM pg_inherits ORDER BY 1',
  );
  const toast = await database.query(
    "SELECT count(*)::int AS n FROM pg_class WHERE relname ~ '^pg_toast.*_cc(new|old)'",
  );
  return { indexes, partitions, toast };
}

/**
 * Whether the run waits for the blocker; false when it came through. Who waits for what is asked, because a build
 * waits for a moment for the snapshot of whoever looks at it, too.
 */
async function waits({ database }: Playground, blocker: number, isOver: () => boolean): Promise<boolean> {
  for (; !isOver(); await sleep(10)) {
    const [row] = await database.query(
      `SELECT 1 FROM pg_stat_activity WHERE application_name = 'the run' AND datname = current_database() AND ${blocker} = ANY (pg_blocking_pids(pid))`,
    );
    if (row !== undefined) return true;
  }
  return false;
}

test.each(STATEMENTS)(
  'F35 %s that is cut short wherever it waits is finished by the next run',
  { timeout: 120_000 },
  async (statement) => {
    await using reference = await playground();
    expect(await migrated(reference, statement)).toEqual([]);
    const cuts: string[] = [];
    for (const [who, commands] of Object.entries(BLOCKERS)) {
      await using place = await playground();
      expect(await migrated(place, statement, '1')).toEqual([]);
      const blocker = new Client({ connectionString: place.database.url });
      await blocker.connect();
      const pid = await blocker.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      for (const command of commands) await blocker.query(command);
      let isOver = false;
      const run = migrated(place, statement).finally(() => (isOver = true));
      const isCut = await waits(place, pid.rows[0]?.pid ?? 0, () => isOver);
      if (isCut) {
        cuts.push(who);
        await place.database.query(
          "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'the run' AND datname = current_database()",
        );
      }
      expect((await run).join('; ')).toMatch(isCut ? /^CONNECTION/ : /^$/);
      await blocker.query('ROLLBACK');
      await blocker.end();
      expect(await migrated(place, statement)).toEqual([]);
      expect(await standing(place)).toEqual(await standing(reference));
      const session = await place.open({ url: place.database.url }, { readOnly: true });
      expect((await session.history.read()).entries.map(({ state }) => state)).toEqual(['applied', 'applied']);
    }
    expect(cuts.length).toBeGreaterThan(0);
  },
);
