import { fromModules, MigrationScriptExecutor, type MigrationSession } from '@detent/core';
import { describe, expect, test, type TestContext } from 'vitest';
import { createAdapter } from './adapter.ts';
import type { PgClient } from './driver.ts';
import { executorOn, flawsOf, openPlace, type Place } from './fixtures/places.ts';
import { figure, sized } from '@detent/tests/size';

const ROUNDS = sized(20, 200);
const CLIENTS = 12;

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

function open(url: string): Promise<MigrationSession<PgClient>> {
  return createAdapter<PgClient>({ url }).open({
    table: 'schema_version',
    schema: null,
    readOnly: false,
    connectTimeoutMs: 10_000,
    lockTimeoutMs: 5_000,
    statementTimeoutMs: 0,
    logger: quiet,
  });
}

/** The run's report names the suite that could not have its pooler. */
function pooled({ pooledUrl }: Place, { skip }: TestContext): string {
  return pooledUrl ?? skip('There is no PgBouncer here.');
}

describe('behind PgBouncer in transaction mode', () => {
  test(
    `F03 the lock is granted once among ${CLIENTS} clients, ${ROUNDS} times, and the pooler is seen every time`,
    { timeout: 600_000 },
    async (context) => {
      await using place = await openPlace();
      const url = pooled(place, context);
      const seen = { grants: [] as number[], detected: 0 };
      for (let round = 0; round < ROUNDS; round += 1) {
        const sessions = await Promise.all(Array.from({ length: CLIENTS }, () => open(url)));
        const attempts = await Promise.all(
          sessions.map((session, index) =>
            session.lock.tryAcquire({ runId: `r${round}-${index}`, username: 'u', host: 'h', pid: index }),
          ),
        );
        const granted = attempts.filter(({ kind }) => kind === 'acquired').length;
        seen.grants.push(granted);
        seen.detected += sessions.filter(({ server }) =>
          server.facts.some(({ name, value }) => name === 'pooler' && value !== 'none'),
        ).length;
        for (const attempt of attempts) if (attempt.kind === 'acquired') await attempt.lease[Symbol.asyncDispose]();
        await Promise.all(sessions.map((session) => session.close()));
      }
      expect(seen.grants.filter((granted) => granted > 1)).toEqual([]);
      expect(seen.grants.filter((granted) => granted === 0).length).toBeLessThan(ROUNDS / 2);
      expect(seen.detected).toBe(ROUNDS * CLIENTS);
      figure(
        `pooler: ${ROUNDS} rounds, ${seen.detected} detections, none granted in ${seen.grants.filter((n) => n === 0).length}`,
      );
    },
  );

  test('F03 a session lock is granted to several, which is why it is not used there', async (context) => {
    await using place = await openPlace();
    const url = pooled(place, context);
    const sessions = await Promise.all(Array.from({ length: CLIENTS }, () => open(url)));
    const granted: unknown[] = [];
    for (const session of sessions) {
      const { rows } = await session.db.query('SELECT pg_try_advisory_lock(1, 2) AS got');
      granted.push(rows[0]?.['got']);
    }
    await Promise.all(sessions.map((session) => session.close()));
    expect(granted.filter((got) => got === true).length).toBeGreaterThan(1);
  });

  test('F03 F09 starters apply everything exactly once', { timeout: 120_000 }, async (context) => {
    await using place = await openPlace();
    const url = pooled(place, context);
    for (const count of [5, 10, 15]) {
      const executors = Array.from({ length: CLIENTS }, () => executorOn(url, { count }));
      const results = await Promise.all(executors.map((executor) => executor.migrate()));
      await Promise.all(executors.map((executor) => executor.close()));
      expect(results.flatMap(({ errors }) => errors)).toEqual([]);
      expect(results.flatMap(({ executed }) => executed)).toHaveLength(5);
      expect(await flawsOf(place, count)).toEqual([]);
    }
  });

  const OUTSIDE = {
    'a statement that cannot run in a transaction': {
      'V9_x.sql': 'SELECT 1;\nCREATE INDEX CONCURRENTLY late ON total (n);',
    },
    'code without a transaction': { 'V9_x.js': { up: () => undefined, transaction: 'none' } },
    'a way back that cannot run in a transaction': {
      'V9_x.sql': '-- detent:up\nSELECT 1;\n-- detent:down\nDROP INDEX CONCURRENTLY late;\n',
    },
  };
  test.for(Object.entries(OUTSIDE))(
    'F03 $0 asks for a direct URL in the plan, and nothing runs',
    async ([, modules], context) => {
      await using place = await openPlace();
      const { database } = place;
      const pooledUrl = pooled(place, context);
      const executorBy = (options: {
        readonly url: string;
        readonly directUrl?: string;
      }): MigrationScriptExecutor<PgClient> =>
        new MigrationScriptExecutor<PgClient>({
          adapter: createAdapter<PgClient>(options),
          migrations: fromModules([
            ['V1_total.sql', 'CREATE TABLE total (n int);\n-- detent:down\nDROP TABLE total;'],
            ...Object.entries(modules),
          ]),
          rollback: 'V9_x.sql' in modules && modules['V9_x.sql'].includes('detent:down') ? 'down' : 'none',
        });
      await using executor = executorBy({ url: pooledUrl });
      const planned = await executor.plan();
      const { errors } = await executor.migrate();
      expect(errors).toEqual(planned.problems);
      expect(errors.map(({ code }) => code)).toEqual(['TRANSACTION_UNFIT']);
      expect(errors[0]?.hint).toContain('directUrl');
      expect(errors[0]?.facts.place).toMatchObject({ file: Object.keys(modules)[0] });
      expect(await database.query("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")).toEqual(
        [],
      );
      await using direct = executorBy({ url: pooledUrl, directUrl: database.url });
      expect((await direct.migrate()).errors).toEqual([]);
    },
  );

  test('F03 a hook that asks for no transaction is refused before it runs', async (context) => {
    await using place = await openPlace();
    let ran = false;
    const up = (): void => void (ran = true);
    await using executor = new MigrationScriptExecutor<PgClient>({
      adapter: createAdapter<PgClient>({ url: pooled(place, context) }),
      migrations: fromModules({
        'beforeMigrate.js': { up, transaction: 'none' },
        'V1_a.sql': 'CREATE TABLE a (id int);',
      }),
    });
    const { errors, executed } = await executor.migrate();
    expect(errors.map(({ code }) => code)).toEqual(['TRANSACTION_UNFIT']);
    expect(errors[0]?.hint).toContain('directUrl');
    expect({ executed, ran }).toEqual({ executed: [], ran: false });
  });
});
