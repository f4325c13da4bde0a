import { fromModules, MigrationScriptExecutor, type MigrationResult } from '@detent/core';
import { startProxy } from '@detent/tests/servers/proxy';
import { expect, test } from 'vitest';
import { openPlace, type Place } from './fixtures/places.ts';
import { mysql, type MysqlConnection } from './index.ts';

const codesOf = ({ errors }: MigrationResult): readonly string[] => errors.map(({ code }) => code);

async function withExecutor<T>(
  url: string,
  text: string,
  work: (executor: MigrationScriptExecutor<MysqlConnection>) => Promise<T>,
  transaction: 'each' | 'all' = 'each',
): Promise<T> {
  const migrations = fromModules([['V1_a.sql', text]]);
  const executor = new MigrationScriptExecutor<MysqlConnection>({ adapter: mysql({ url }), migrations, transaction });
  try {
    return await work(executor);
  } finally {
    await executor.close();
  }
}

function migrate({ database }: Place, text: string, transaction?: 'all'): Promise<MigrationResult> {
  return withExecutor(database.url, text, (executor) => executor.migrate(), transaction);
}

/** Cuts a run at each of its messages in turn, goes on, and gives what the table holds at the end of each night. */
async function endsOf(
  text: string,
  prepare: readonly string[],
  question: string,
): Promise<{ readonly ends: ReadonlySet<string>; readonly unknown: number }> {
  const ends = new Set<string>();
  let unknown = 0;
  for (let at = 1; ; at += 1) {
    await using place = await openPlace();
    const { database } = place;
    await database.query(...prepare);
    {
      await using proxy = await startProxy(database.url, { cut: { at, mode: 'after' } });
      await withExecutor(proxy.url, text, (executor) => executor.migrate());
      if (!proxy.hasCut) return { ends, unknown };
    }
    const [first] = codesOf(await migrate(place, text));
    if (first === 'UNKNOWN_STATE') unknown += 1;
    else ends.add(`${first ?? 'done'} ${JSON.stringify(await database.query(question))}`);
  }
}

test.each([
  'CREATE TABLE t (n int) ENGINE = MyISAM; INSERT INTO t VALUES (1);',
  'SET SESSION default_storage_engine = MyISAM; CREATE TABLE t (n int); INSERT INTO t VALUES (1);',
  'CREATE TABLE t (n int); ALTER TABLE t ENGINE = MyISAM; INSERT INTO t VALUES (1);',
])('F27 rows are never written twice into a table that got its engine by %s', { timeout: 120_000 }, async (text) => {
  const { ends, unknown } = await endsOf(text, ['SELECT 1'], 'SELECT COUNT(*) AS n FROM t');
  expect([...ends]).toEqual(['done [{"n":"1"}]']);
  expect(unknown).toBeGreaterThan(0);
});

test.each(['MyISAM', 'Aria', 'MEMORY'])(
  'F27 rows of a table of %s are never written twice by a run that died',
  { timeout: 60_000 },
  async (engine) => {
    const prepare = [`CREATE TABLE t (n int) ENGINE = ${engine}`];
    const { ends, unknown } = await endsOf('INSERT INTO t VALUES (1);', prepare, 'SELECT COUNT(*) AS n FROM t');
    expect([...ends]).toEqual(['done [{"n":"1"}]']);
    expect(unknown).toBeGreaterThan(0);
  },
);

test(
  'F27 rows that a trigger or a procedure writes into such a table are not written twice either',
  { timeout: 60_000 },
  async () => {
    const prepare = [
      'CREATE TABLE log (n int) ENGINE = MyISAM',
      'CREATE TABLE t (n int)',
      'CREATE TRIGGER logged AFTER INSERT ON t FOR EACH ROW INSERT INTO log VALUES (NEW.n)',
      'CREATE PROCEDURE fill() BEGIN INSERT INTO t VALUES (1); END',
    ];
    const question = 'SELECT (SELECT COUNT(*) FROM log) AS log, (SELECT COUNT(*) FROM t) AS t';
    const { ends, unknown } = await endsOf('CALL fill();', prepare, question);
    expect([...ends]).toEqual(['done [{"log":"1","t":"1"}]']);
    expect(unknown).toBeGreaterThan(0);
  },
);

test('a refused statement that left nothing in such a table runs again when it was mended', async () => {
  await using place = await openPlace();
  await place.database.query('CREATE TABLE t (n int) ENGINE = MyISAM');
  expect(codesOf(await migrate(place, 'INSERT INTO t VALUES (1, 2);'))).toEqual(['STATEMENT_FAILED']);
  expect(codesOf(await migrate(place, 'INSERT INTO t VALUES (1);'))).toEqual([]);
  expect(await place.database.query('SELECT n FROM t')).toEqual([{ n: '1' }]);
});

test('a refused statement that left some rows in such a table is for a person to settle', async () => {
  await using place = await openPlace();
  await place.database.query('CREATE TABLE t (n int PRIMARY KEY) ENGINE = MyISAM');
  const text = 'INSERT INTO t VALUES (1), (2), (1);';
  expect(codesOf(await migrate(place, text))).toEqual(['STATEMENT_FAILED']);
  expect(codesOf(await migrate(place, text))).toEqual(['UNKNOWN_STATE']);
  expect(await place.database.query('SELECT COUNT(*) AS n FROM t')).toEqual([{ n: '2' }]);
});

test('in the one transaction of a run there is no place for such a table', async () => {
  await using place = await openPlace();
  await place.database.query('CREATE TABLE t (n int) ENGINE = MyISAM');
  const result = await migrate(place, 'INSERT INTO t VALUES (1);', 'all');
  expect(codesOf(result)).toEqual(['TRANSACTION_UNFIT']);
  expect(result.errors[0]?.message).toContain('V1_a.sql:1');
  expect(await place.database.query('SELECT * FROM t')).toEqual([]);
});

test.each([
  ['EXECUTE', "PREPARE s FROM 'CREATE TABLE made (n int)'; EXECUTE s; INSERT INTO t VALUES (1);"],
  ['EXECUTE IMMEDIATE', "EXECUTE IMMEDIATE 'CREATE TABLE made (n int)'; INSERT INTO t VALUES (1);"],
])('F26 F27 a change of the schema by %s is told by the schema', { timeout: 60_000 }, async (_, text) => {
  const question =
    "SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'made') AS made, (SELECT COUNT(*) FROM t) AS t";
  const { ends, unknown } = await endsOf(text, ['CREATE TABLE t (n int)'], question);
  expect([...ends]).toEqual(['done [{"made":"1","t":"1"}]']);
  expect(unknown).toBe(0);
});

test('F32 a procedure that changes the schema runs once, or leaves it to a person', { timeout: 60_000 }, async () => {
  const prepare = [
    'CREATE TABLE t (n int)',
    'CREATE PROCEDURE make() BEGIN INSERT INTO t VALUES (1); CREATE TABLE made (n int); INSERT INTO t VALUES (2); END',
  ];
  const { ends, unknown } = await endsOf('CALL make();', prepare, 'SELECT COUNT(*) AS n FROM t');
  expect([...ends]).toEqual(['done [{"n":"2"}]']);
  expect(unknown).toBeGreaterThan(0);
});

test('F32 a procedure that is refused after it committed a part is for a person to settle', async () => {
  await using place = await openPlace();
  await place.database.query(
    'CREATE TABLE t (n int)',
    'CREATE PROCEDURE make() BEGIN INSERT INTO t VALUES (1); COMMIT; INSERT INTO nowhere VALUES (2); END',
  );
  expect(codesOf(await migrate(place, 'CALL make();'))).toEqual(['STATEMENT_FAILED']);
  expect(codesOf(await migrate(place, 'CALL make();'))).toEqual(['UNKNOWN_STATE']);
  expect(await place.database.query('SELECT COUNT(*) AS n FROM t')).toEqual([{ n: '1' }]);
});

test('what is read of the catalogue stands in the way of no transaction', async () => {
  await using place = await openPlace();
  await place.database.query('CREATE TABLE t (n int)');
  const text = 'INSERT INTO t SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE();';
  expect(codesOf(await migrate(place, text, 'all'))).toEqual([]);
});

test('rows that may be written and not read leave it to a person', { timeout: 60_000 }, async () => {
  await using place = await openPlace();
  const { database } = place;
  const user = `writer_${database.name.slice(-6)}`;
  await database.query(
    'CREATE TABLE log (n int) ENGINE = MyISAM',
    `CREATE USER ${user} IDENTIFIED BY 'geheim'`,
    `GRANT CREATE, INSERT, UPDATE, DELETE ON ${database.name}.* TO ${user}`,
    ...['', '_event', '_lock'].map((ending) => `GRANT ALL ON ${database.name}.schema_version${ending} TO ${user}`),
  );
  try {
    const url = database.url.replace('//detent:', `//${user}:`);
    await withExecutor(url, 'INSERT INTO log VALUES (1);', async (executor) => {
      expect(codesOf(await executor.migrate())).toEqual([]);
    });
    expect(await database.query('SELECT n FROM log')).toEqual([{ n: '1' }]);
  } finally {
    await database.query(`DROP USER ${user}`);
  }
});
