import type { DetentError } from '@detent/core';
import { describe, expect, test } from 'vitest';
import { DRIVERS, Playground, rows, run, statement, take } from './harness.ts';

const FAMILY = [
  'CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT)',
  'CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents (id) ON DELETE CASCADE)',
  "INSERT INTO parents VALUES (1, 'a'), (2, 'b')",
  'INSERT INTO children VALUES (1, 1), (2, 1), (3, 2)',
];

const REBUILD = [
  'CREATE TABLE new_parents (id INTEGER PRIMARY KEY, name TEXT NOT NULL)',
  'INSERT INTO new_parents SELECT * FROM parents',
  'DROP TABLE parents',
  'ALTER TABLE new_parents RENAME TO parents',
];

describe.each(DRIVERS)('%s', (driver) => {
  test('what throws is rolled back and thrown on', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    const failure = new Error('no');
    const work = async (): Promise<void> => {
      await session.execute([statement('CREATE TABLE t (x)')], 'f.sql');
      throw failure;
    };
    await expect(session.transaction({ statements: [] }, work)).rejects.toBe(failure);
    expect(await rows(session, 'SELECT name FROM sqlite_schema')).toEqual([]);
  });

  test('F21 a transaction waits for the writer before it, and reads what that one wrote', async () => {
    await using playground = new Playground();
    const first = await playground.open({ driver });
    const second = await playground.open({ driver });
    await run(first, 'CREATE TABLE t (x)', 'INSERT INTO t VALUES (0)');
    const add = async (session: typeof first): Promise<void> =>
      session.transaction({ statements: [] }, async () => {
        const [[x] = []] = await rows(session, 'SELECT x FROM t');
        await new Promise((resolve) => setTimeout(resolve, 5));
        await session.execute([statement(`UPDATE t SET x = ${Number(x) + 1}`)], 'f.sql');
      });
    await Promise.all(
      [0, 1].map(async (index) => {
        for (let turn = 0; turn < 10; turn += 1) await add(index === 0 ? first : second);
      }),
    );
    expect(await rows(first, 'SELECT x FROM t')).toEqual([[20]]);
  });

  test('a writer that never ends is a LOCK_TIMEOUT that says so', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver, busyTimeoutMs: 150 });
    await run(session, 'CREATE TABLE t (x)');
    // By the same driver: two copies of SQLite in one process do not see each other's locks.
    const { db: other } = await playground.open({ driver });
    other.exec('BEGIN IMMEDIATE');
    await expect(run(session, 'INSERT INTO t VALUES (1)')).rejects.toMatchObject({
      code: 'LOCK_TIMEOUT',
      message: expect.stringContaining('150 ms') as string,
      facts: { serverCode: expect.stringContaining('SQLITE_BUSY') as string },
    });
    other.exec('ROLLBACK');
    await run(session, 'INSERT INTO t VALUES (1)');
  });

  test('F32 a COMMIT inside a script is caught, not believed', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    const failed = run(session, 'CREATE TABLE before (x)', 'COMMIT', 'CREATE TABLE after (x)');
    await expect(failed).rejects.toMatchObject({
      code: 'TRANSACTION_ENDED',
      facts: { place: { file: 'V1__test.sql' } },
    });
    expect(await rows(session, 'SELECT name FROM sqlite_schema')).toEqual([['before']]);
  });

  test.each(['COMMIT', 'COMMIT; BEGIN', 'ROLLBACK; BEGIN IMMEDIATE'])(
    'F32 code that runs %j is caught',
    async (text) => {
      await using playground = new Playground();
      const session = await playground.open({ driver });
      await expect(
        session.transaction({ statements: null }, async () => void session.db.exec(text)),
      ).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
      await run(session, 'CREATE TABLE t (x)');
    },
  );

  test('F40 after a full disk nothing runs outside of the transaction that SQLite undid', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, 'CREATE TABLE t (x)');
    const [[pages] = []] = await rows(session, 'PRAGMA page_count');
    session.db.exec(`PRAGMA max_page_count = ${Number(pages) + 4}`);
    const codes: string[] = [];
    const work = async (): Promise<void> => {
      await session.execute([statement('CREATE TABLE u (x)')], 'f.sql');
      for (let turn = 0; turn < 2; turn += 1) {
        await session
          .execute([statement('INSERT INTO t VALUES (zeroblob(100000))')], 'f.sql')
          .catch((error: unknown) => codes.push((error as DetentError).code));
      }
      await session
        .execute([statement('ROLLBACK')], 'f.sql')
        .catch((error: unknown) => codes.push((error as DetentError).code));
      await session.execute([statement('CREATE TABLE stray (x)')], 'f.sql');
    };
    await expect(session.transaction({ statements: [] }, work)).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
    expect(codes[0]).toBe('STATEMENT_FAILED');
    expect(await rows(session, 'SELECT name FROM sqlite_schema')).toEqual([['t']]);
  });

  test('F40 a conflict that rolls everything back ends the migration', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, 'CREATE TABLE t (x UNIQUE)', 'INSERT INTO t VALUES (1)');
    await expect(run(session, 'CREATE TABLE u (x)', 'INSERT OR ROLLBACK INTO t VALUES (1)')).rejects.toMatchObject({
      code: 'STATEMENT_FAILED',
      message: expect.stringContaining('undone the whole transaction') as string,
      facts: { transactionUndone: true },
    });
    expect(await rows(session, 'SELECT name FROM sqlite_schema')).not.toContainEqual(['u']);
  });

  test('F72 child rows survive a table rebuild', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, ...FAMILY);
    await run(session, ...REBUILD);
    expect(await rows(session, 'SELECT count(*) FROM children')).toEqual([[3]]);
    expect(await rows(session, 'PRAGMA foreign_keys')).toEqual([[1]]);
    expect(await rows(session, "SELECT sql FROM sqlite_schema WHERE name = 'children'")).toEqual([[FAMILY[1]]]);
  });

  test('F72 child rows survive a table rebuild in code', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, ...FAMILY);
    await session.transaction({ statements: null }, async () => void session.db.exec(REBUILD.join(';')));
    expect(await rows(session, 'SELECT count(*) FROM children')).toEqual([[3]]);
  });

  test('F72 a rebuild that leaves rows without their parent is refused', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, ...FAMILY);
    const fewer = REBUILD.with(1, 'INSERT INTO new_parents SELECT * FROM parents WHERE id = 2');
    await expect(run(session, ...fewer)).rejects.toMatchObject({
      code: 'FOREIGN_KEYS',
      message: expect.stringContaining('2 rows of "children" would point at nothing in "parents"') as string,
    });
    expect(await rows(session, 'SELECT count(*) FROM parents')).toEqual([[2]]);
    expect(await rows(session, 'PRAGMA foreign_keys')).toEqual([[1]]);
  });

  test('rows that pointed at nothing before are no error', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, ...FAMILY);
    session.db.exec('PRAGMA foreign_keys = OFF; INSERT INTO children VALUES (9, 99); PRAGMA foreign_keys = ON');
    await run(session, ...REBUILD);
    expect(await rows(session, 'SELECT count(*) FROM children')).toEqual([[4]]);
  });

  test('F73 renaming the old table first, which turns its children to it, is refused', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, ...FAMILY.slice(0, 2));
    const oldFirst = [
      'ALTER TABLE parents RENAME TO old_parents',
      'CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT NOT NULL)',
      'INSERT INTO parents SELECT * FROM old_parents',
      'DROP TABLE old_parents',
    ];
    await expect(run(session, ...oldFirst)).rejects.toMatchObject({
      code: 'FOREIGN_KEYS',
      message: expect.stringContaining('"old_parents"') as string,
      hint: expect.stringContaining('rename the new one') as string,
    });
  });

  test('F74 a rebuild that loses an index, a trigger or a counter is told', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(
      session,
      'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, x)',
      'CREATE INDEX t_x ON t (x)',
      'CREATE INDEX t_gone ON t (x)',
      "CREATE TRIGGER t_no BEFORE DELETE ON t BEGIN SELECT raise(ABORT, 'no'); END",
      'INSERT INTO t (x) VALUES (1), (2), (3)',
      'DROP TRIGGER t_no',
      'DELETE FROM t WHERE x = 3',
      "CREATE TRIGGER t_no BEFORE DELETE ON t BEGIN SELECT raise(ABORT, 'no'); END",
    );
    await run(
      session,
      'DROP INDEX t_gone',
      'CREATE TABLE new_t (id INTEGER PRIMARY KEY AUTOINCREMENT, x NOT NULL)',
      'INSERT INTO new_t SELECT * FROM t',
      'DROP TABLE t',
      'ALTER TABLE new_t RENAME TO t',
    );
    expect(playground.warnings).toEqual([
      expect.stringContaining('index "t_x"'),
      expect.stringContaining('trigger "t_no"'),
      expect.stringContaining('back from 3 to 2'),
    ]);
  });

  test('F74 a view in the way of a rebuild is named', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, ...FAMILY, 'CREATE VIEW names AS SELECT name FROM parents');
    await expect(run(session, ...REBUILD)).rejects.toMatchObject({
      code: 'STATEMENT_FAILED',
      message: expect.stringContaining('error in view names') as string,
      hint: expect.stringContaining('drop it first') as string,
    });
    expect(await rows(session, 'SELECT count(*) FROM children')).toEqual([[3]]);
  });

  test('a deferred foreign key that is broken at the end names its table', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(
      session,
      ...FAMILY,
      'CREATE TABLE late (p INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)',
    );
    await expect(run(session, 'INSERT INTO late VALUES (77)')).rejects.toMatchObject({
      code: 'FOREIGN_KEYS',
      message: expect.stringContaining('"late"') as string,
    });
    expect(await rows(session, 'SELECT count(*) FROM late')).toEqual([[0]]);
  });

  test('code that asks for foreign keys has them', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, ...FAMILY);
    await session.transaction(
      { statements: null, foreignKeys: true },
      async () => void session.db.exec('DELETE FROM parents WHERE id = 1'),
    );
    expect(await rows(session, 'SELECT count(*) FROM children')).toEqual([[1]]);
  });

  test('a transaction that a script left open is not written into', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await using lease = await take(session);
    await session.history.init();
    await session.execute([statement('BEGIN')], 'f.sql');
    await session.execute([statement('CREATE TABLE t (x)')], 'f.sql');
    const line = { at: 1, runId: 'run-1', actor: 'tester', action: 'applied', id: '1', detail: null };
    await expect(session.history.append(line)).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
    await session.reset();
    expect(playground.warnings).toEqual([expect.stringContaining('left open')]);
    expect(lease.token).toBe(1);
  });
});
