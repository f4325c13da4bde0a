import { setTimeout as sleep } from 'node:timers/promises';
import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { MODES } from '@detent/tests/crash/matrix';
import { startProxy } from '@detent/tests/servers/proxy';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { BUILDING, executorOn, flawsOf, openPlace, until } from './fixtures/places.ts';
import { start } from './fixtures/processes.ts';
import { postgres, type PgClient } from './index.ts';

const BUILD = 'CREATE INDEX CONCURRENTLY built ON total (n)';

/** A transaction that a concurrent build has to wait for. */
async function oldTransaction(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await client.query('SELECT count(*) FROM pg_class');
  return client;
}

describe('a statement whose client was killed', () => {
  test('F19 is ended by the server, and the next start builds its index anew', { timeout: 60_000 }, async () => {
    await using place = await openPlace();
    const { url } = place.database;
    const process = start({ url, count: 2, alone: BUILD });
    const old = await oldTransaction(url);
    await until(place, BUILDING);
    process.process.kill('SIGKILL');
    await process.ended();
    // The transaction that it waits for is still open: nothing but the loss of its client can end it.
    await until(place, `NOT ${BUILDING}`);
    await old.end();
    await using executor = executorOn(url, { count: 2, alone: BUILD });
    const { errors, executed } = await executor.migrate();
    expect(errors).toEqual([]);
    expect(executed.map(({ id }) => id)).toEqual(['3']);
    await until(place, "(SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid = 'total'::regclass)");
    expect(await flawsOf(place, 2)).toEqual([]);
  });

  test(
    'F19 F25 keeps the lock while the server hears nothing of it; unlock ends it, and the next start goes on',
    { timeout: 60_000 },
    async () => {
      await using place = await openPlace();
      const { url } = place.database;
      await using proxy = await startProxy(url, { hidesDepartures: true });
      const process = start({ url: proxy.url, count: 2, alone: BUILD });
      const old = await oldTransaction(url);
      await until(place, BUILDING);
      process.process.kill('SIGKILL');
      await process.ended();

      await using impatient = executorOn(url, { count: 2, alone: BUILD, waitMs: 0 });
      expect((await impatient.migrate()).errors.map(({ code }) => code)).toEqual(['LOCK_HELD']);
      await using executor = executorOn(url, { count: 2, alone: BUILD });
      expect(await executor.unlock({ fence: true })).toMatchObject({ username: 'tester', pid: process.process.pid });
      expect(await place.database.query(`SELECT ${BUILDING} AS building`)).toEqual([{ building: false }]);
      await old.end();
      expect((await executor.migrate()).errors).toEqual([]);
      expect(await flawsOf(place, 2)).toEqual([]);
    },
  );

  test(
    'F19 F24 is waited for as long as it runs, however little patience there is for silence',
    { timeout: 60_000 },
    async () => {
      await using place = await openPlace();
      const { url } = place.database;
      await using proxy = await startProxy(url, { hidesDepartures: true });
      const process = start({ url: proxy.url, count: 2, alone: BUILD });
      const old = await oldTransaction(url);
      await until(place, BUILDING);
      process.process.kill('SIGKILL');
      await process.ended();
      await using executor = executorOn(url, { count: 2, alone: BUILD, waitMs: 1_000 });
      let isOver = false;
      const waiting = executor.migrate().finally(() => (isOver = true));
      await sleep(2_500);
      expect(isOver).toBe(false);
      await old.end();
      await until(place, `NOT ${BUILDING}`);
      // The session that nobody speaks to any more is silent now, and keeps the lock.
      const { errors } = await waiting;
      expect(errors.map(({ code }) => code)).toEqual(['LOCK_HELD']);
      await executor.unlock({ fence: true });
      const { errors: after, executed } = await executor.migrate();
      expect(after).toEqual([]);
      expect(executed.map(({ id }) => id)).toEqual(['3']);
      expect(await flawsOf(place, 2)).toEqual([]);
    },
  );
});

describe('a connection that breaks', () => {
  const source = fromModules({
    'V1_a.sql': 'CREATE TABLE a (id int);',
    'V2_b.js': { up: async (db: PgClient) => void (await db.query('CREATE TABLE b (id int)')) },
    'V3_c.sql': 'CREATE TABLE c (id int); INSERT INTO c VALUES (1);',
  });
  const migrate = async (url: string): Promise<Awaited<ReturnType<MigrationScriptExecutor['migrate']>>> => {
    const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const executor = new MigrationScriptExecutor({ adapter: postgres({ url }), migrations: source, logger: quiet });
    const result = await executor.migrate();
    await executor.close();
    return result;
  };

  test(
    'F30 F31 wherever it does, the result tells of a migration what the history tells',
    { timeout: 120_000 },
    async () => {
      let inDoubt = 0;
      let committed = 0;
      for (let at = 4, through = false; !through; at += 1) {
        for (const mode of MODES) {
          await using place = await openPlace();
          await using proxy = await startProxy(place.database.url, { cut: { at, mode } });
          const { success, executed, errors } = await migrate(proxy.url);
          through = !proxy.hasCut;
          if (through) break;
          const history = await place.database
            .query("SELECT id FROM schema_version WHERE state = 'applied' ORDER BY id")
            .catch(() => []);
          const tables = await place.database.query(
            "SELECT relname AS t FROM pg_class WHERE relkind = 'r' AND relname IN ('a', 'b', 'c') ORDER BY 1",
          );
          const told = executed.map(({ id }) => id);
          const where = `${mode} message ${at}`;
          expect([where, tables.map(({ t }) => String(t))]).toEqual([
            where,
            history.map(({ id }) => 'abc'[Number(id) - 1]),
          ]);
          expect([where, told]).toEqual([where, history.map(({ id }) => id)]);
          if (errors[0]?.facts['commit'] === 'unknown') inDoubt += 1;
          expect([where, success || errors[0]?.code === 'CONNECTION']).toEqual([where, true]);
          if (mode === 'after' && told.length > 0) committed += 1;
        }
      }
      expect(inDoubt).toBe(0);
      expect(committed).toBeGreaterThan(2);
    },
  );

  test('F30 while code runs is told as such, not as what the code makes of it', async () => {
    await using place = await openPlace();
    const modules = {
      'V1_a.js': {
        async up(db: PgClient) {
          const { rows } = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
          await place.database.query(`SELECT pg_terminate_backend(${rows[0]?.pid ?? 0})`);
          await sleep(100);
          await db.query('SELECT 1');
        },
      },
    };
    const executor = new MigrationScriptExecutor({
      adapter: postgres({ url: place.database.url }),
      migrations: fromModules(modules),
    });
    const { errors } = await executor.migrate();
    await executor.close();
    expect(errors.map(({ code }) => code)).toEqual(['CONNECTION']);
  });
});
