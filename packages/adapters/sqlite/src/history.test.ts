import { DatabaseSync } from 'node:sqlite';
import { findBrokenLink, type HistoryRow, type LedgerLine } from '@detent/core';
import { describe, expect, test } from 'vitest';
import { DRIVERS, Playground, rows, run, statement, take } from './harness.ts';

function row(id: string, token: number, more: Partial<HistoryRow> = {}): HistoryRow {
  return {
    id,
    version: id,
    name: `step_${id}`,
    kind: 'versioned',
    state: 'applied',
    file: `V${id}__step_${id}.sql`,
    checksum: 'v1:sha256:aa',
    rawChecksum: 'sha256:bb',
    appliedOrder: Number(id),
    finishedAt: 1_700_000_000_000,
    statementsTotal: 2,
    statementsDone: 2,
    statementHashes: ['x', 'y'],
    intent: null,
    cursors: { users: { cursor: [1], done: 5 } },
    attempt: 1,
    token,
    runId: 'run-1',
    username: 'tester',
    startedAt: 1_700_000_000_000,
    durationMs: 3,
    result: 'done\0 with a NUL',
    errorCode: null,
    error: null,
    downSource: 'DROP TABLE t;',
    toolVersion: '0.1.0',
    ...more,
  };
}

const line = (action: string): LedgerLine => ({
  at: 1,
  runId: 'run-1',
  actor: 'tester',
  action,
  id: '1',
  detail: null,
});

describe.each(DRIVERS)('%s', (driver) => {
  test('a row comes back as it was saved, and again as it was replaced', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await using lease = await take(session);
    await session.history.init();
    await session.history.save(row('1', lease.token));
    expect(await session.history.load('1')).toEqual(row('1', lease.token));
    const failed = row('1', lease.token, { state: 'failed', attempt: 2, error: 'no', errorCode: 'STATEMENT_FAILED' });
    await session.history.save(failed);
    expect(await session.history.load('1')).toEqual(failed);
    expect(await session.history.load('2')).toBeNull();
  });

  test('entries are read in the order in which they were applied', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await using lease = await take(session);
    await session.history.init();
    for (const id of ['10', '9', '1']) await session.history.save(row(id, lease.token));
    const { exists, entries } = await session.history.read();
    expect(exists).toBe(true);
    expect(entries.map(({ id }) => id)).toEqual(['1', '9', '10']);
  });

  test('work and record are committed together or not at all', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await using lease = await take(session);
    await session.history.init();
    const work = async (): Promise<void> => {
      await session.execute([statement('CREATE TABLE t (x)')], 'f.sql');
      await session.history.save(row('1', lease.token));
      await session.history.append(line('applied'));
      throw new Error('the process ends here');
    };
    await expect(session.transaction({ statements: [] }, work)).rejects.toThrow('ends here');
    expect((await session.history.read()).entries).toEqual([]);
    expect(await session.history.events(null)).toEqual([]);
    expect(await rows(session, "SELECT name FROM sqlite_schema WHERE name = 't'")).toEqual([]);
  });

  test('the ledger is a chain that shows what was cut out or changed', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await using lease = await take(session);
    await session.history.init();
    for (const action of ['a', 'b', 'c', 'd']) await session.history.append(line(action));
    expect(lease.token).toBe(1);
    expect((await session.history.events(2)).map(({ action }) => action)).toEqual(['c', 'd']);
    const whole = await session.history.events(null);
    expect(whole.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(findBrokenLink(whole)).toBeNull();
    await run(session, "UPDATE schema_version_event SET detail = 'forged' WHERE seq = 2");
    expect(findBrokenLink(await session.history.events(null))).toBe(2);
  });

  test("nothing is written with a token that is not the lock's", async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await using lease = await take(session);
    await session.history.init();
    await expect(session.history.save(row('1', lease.token + 1))).rejects.toMatchObject({ code: 'LOCK_LOST' });
    await (await playground.open({ driver })).lock.break({ fence: false });
    await expect(session.history.save(row('1', lease.token))).rejects.toMatchObject({ code: 'LOCK_LOST' });
    await expect(session.history.append(line('a'))).rejects.toMatchObject({ code: 'LOCK_LOST' });
    expect((await session.history.read()).entries).toEqual([]);
  });

  test('init does nothing to a history that stands', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await using lease = await take(session);
    await session.history.init();
    await session.history.save(row('1', lease.token));
    await session.history.init();
    expect((await session.history.read()).entries).toHaveLength(1);
  });

  test.each([
    [
      'Flyway-like columns',
      'CREATE TABLE schema_version (installed_rank INTEGER, version TEXT, description TEXT)',
      'installed_rank',
    ],
    ['golang-migrate-like columns', 'CREATE TABLE schema_version (version INTEGER, dirty INTEGER)', 'dirty'],
    ['a view', 'CREATE VIEW schema_version AS SELECT 1 AS one', 'one'],
  ])('a table of the same name with %s is refused', async (_, text, column) => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, text);
    const refused = { code: 'HISTORY_FOREIGN', message: expect.stringContaining(column) as string };
    await expect(session.history.read()).rejects.toMatchObject(refused);
    await using lease = await take(session);
    expect(lease.token).toBe(1);
    await expect(session.history.init()).rejects.toMatchObject(refused);
  });

  test('a history of a newer Detent is refused', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await using lease = await take(session);
    await session.history.init();
    await session.history.save(row('1', lease.token));
    await run(session, 'UPDATE schema_version_lock SET layout = 99');
    await expect(session.history.read()).rejects.toMatchObject({ code: 'HISTORY_NEWER' });
    await expect(session.history.init()).rejects.toMatchObject({ code: 'HISTORY_NEWER' });
  });

  test('a damaged row is named', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await using lease = await take(session);
    await session.history.init();
    await session.history.save(row('7', lease.token));
    await run(session, "UPDATE schema_version SET state = 'perhaps'");
    await expect(session.history.read()).rejects.toMatchObject({
      code: 'HISTORY_DAMAGED',
      facts: { row: '7', column: 'state' },
    });
  });

  test('a history whose lock table was dropped can be read and goes on', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    const lease = await take(session);
    await session.history.init();
    await session.history.save(row('1', lease.token));
    await lease[Symbol.asyncDispose]();
    await run(session, 'DROP TABLE schema_version_lock');
    expect((await session.history.read()).entries.map(({ id }) => id)).toEqual(['1']);
    await using next = await take(session);
    await session.history.save(row('2', next.token));
    expect((await session.history.read()).entries).toHaveLength(2);
  });

  test('a temporary table of the same name is not mistaken for the history', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await using lease = await take(session);
    await session.history.init();
    session.db.exec('CREATE TEMP TABLE schema_version (x); CREATE TEMP TABLE schema_version_lock (x)');
    await session.history.save(row('1', lease.token));
    expect((await session.history.read()).entries).toHaveLength(1);
  });
});

test('the name of the table is found whatever its case', async () => {
  await using playground = new Playground();
  const session = await playground.open();
  await using lease = await take(session);
  await session.history.init();
  await session.history.save(row('1', lease.token));
  const other = await playground.open({}, { table: 'Schema_Version' });
  expect((await other.history.read()).entries).toHaveLength(1);
  const plain = new DatabaseSync(playground.file);
  expect(plain.prepare('SELECT count(*) AS n FROM schema_version').get()?.['n']).toBe(1);
  plain.close();
});
