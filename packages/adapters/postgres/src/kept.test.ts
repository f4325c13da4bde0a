import { Client } from 'pg';
import { expect, test } from 'vitest';
import { failureOf, playground, runScript, take } from './fixtures/playground.ts';

const line = { at: 1, runId: 'run-1', actor: 'tester', action: 'applied', id: '1', detail: null };
const KEPT = "SELECT name FROM pg_prepared_statements WHERE name LIKE 'detent%'";

test('what every transaction repeats is prepared once for the session', async () => {
  await using place = await playground();
  const session = await place.open();
  await take(session);
  await session.history.init();
  await session.history.init();
  await session.transaction({ statements: [] }, () => session.history.append(line));
  expect((await session.db.query(KEPT)).rows).toHaveLength(6);
  expect(await session.history.events(null)).toHaveLength(1);
});

test.each(['DEALLOCATE ALL', 'DO $$ BEGIN EXECUTE $q$DEALLOCATE ALL$q$; END $$'])(
  'a migration that throws away prepared statements by %s stops nobody',
  async (text) => {
    await using place = await playground();
    const session = await place.open();
    await take(session);
    await session.history.init();
    await runScript(session, `${text};`);
    await session.transaction({ statements: [] }, () => session.history.append(line));
    await session.reset();
    await session.transaction({ statements: [] }, () => session.history.append(line));
    expect(await session.history.events(null)).toHaveLength(2);
  },
);

test('code of a migration that throws away prepared statements is recorded all the same', async () => {
  await using place = await playground();
  const session = await place.open();
  await take(session);
  await session.history.init();
  await session.transaction({ statements: null }, async () => {
    await session.db.query('DEALLOCATE ALL');
    await session.history.append(line);
  });
  await session.reset();
  await session.transaction({ statements: [] }, () => session.history.append(line));
  expect(await session.history.events(null)).toHaveLength(2);
});

test('where nobody could know that prepared statements were thrown away, nothing stands and the hint helps', async () => {
  await using place = await playground();
  const session = await place.open();
  await take(session);
  await session.history.init();
  await runScript(
    session,
    `CREATE TABLE t (x int);
     CREATE FUNCTION clear() RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DEALLOCATE ALL'; RETURN 1; END $$;`,
  );
  const insert = 'INSERT INTO t SELECT clear();';
  expect(await failureOf(runScript(session, insert))).toMatchObject({
    code: 'STATEMENT_FAILED',
    hint: expect.stringContaining('DEALLOCATE ALL') as string,
  });
  expect(await session.sql`SELECT * FROM t`).toEqual([]);
  await runScript(session, `DEALLOCATE ALL; ${insert}`);
  expect(await session.sql`SELECT * FROM t`).toEqual([{ x: 1 }]);
});

test('a client that was lent has none of them when it is given back', async () => {
  await using place = await playground();
  const client = new Client({ connectionString: place.database.url });
  await client.connect();
  const session = await place.open({ client });
  await take(session);
  await session.history.init();
  await session.transaction({ statements: [] }, () => session.history.append(line));
  await session.close();
  expect((await client.query(KEPT)).rows).toEqual([]);
  await client.end();
});
