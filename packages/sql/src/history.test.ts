import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { chainHash, LEDGER_START, type HistoryRow, type LedgerEvent } from '@detent/core';
import {
  checkColumns,
  checkLayout,
  eventValues,
  historyStatements,
  LAYOUT,
  mysql,
  normalizeSql,
  postgres,
  ROW_COLUMNS,
  rowValues,
  splitStatements,
  sqlite,
  toEntry,
  toEvent,
  toRow,
} from './index.ts';

const row: HistoryRow = {
  id: '1',
  version: '001',
  name: 'create_users',
  kind: 'versioned',
  state: 'running',
  file: 'a/V001__create_users.sql',
  checksum: 'v1:sha256:aa',
  rawChecksum: 'bb',
  appliedOrder: 1,
  finishedAt: null,
  statementsTotal: 2,
  statementsDone: 1,
  statementHashes: ['x'],
  intent: {
    statement: 1,
    hash: 'x',
    direction: 'up',
    kind: 'ddl',
    fingerprint: 'f',
    scope: null,
    after: null,
    idempotent: false,
  },
  cursors: { users: { id: 7 } },
  attempt: 1,
  token: 0,
  runId: 'r',
  username: 'ö; "u"',
  startedAt: 1_700_000_000_000,
  durationMs: null,
  result: null,
  errorCode: null,
  error: null,
  downSource: 'drop table users;',
  toolVersion: '0.1.0',
};

const statements = historyStatements(sqlite, { table: 'schema_version', schema: null });

function open(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  for (const statement of statements.create) database.exec(statement);
  return database;
}

describe('on SQLite', () => {
  test('a row comes back as it was saved', () => {
    const database = open();
    database.prepare(statements.save).run(...rowValues(row), 0);
    expect(toRow(database.prepare(statements.load).get('1') ?? {})).toEqual(row);
  });

  test('saving again replaces the row', () => {
    const database = open();
    const save = database.prepare(statements.save);
    const done: HistoryRow = {
      ...row,
      state: 'applied',
      intent: null,
      finishedAt: 5,
      statementHashes: [],
      cursors: {},
    };
    save.run(...rowValues(row), 0);
    expect(save.run(...rowValues(done), 0).changes).toBe(1);
    expect(toRow(database.prepare(statements.load).get('1') ?? {})).toEqual(done);
    expect(database.prepare(statements.read).all()).toHaveLength(1);
  });

  test('F13 a lost token saves and appends nothing', () => {
    const database = open();
    database.exec('update schema_version_lock set token = 2');
    expect(database.prepare(statements.save).run(...rowValues(row), 1).changes).toBe(0);
    expect(database.prepare(statements.append).run(...eventValues(event(1, LEDGER_START)), 1).changes).toBe(0);
    expect(database.prepare(statements.read).all()).toEqual([]);
  });

  test('entries come in the order in which they were applied, with the layout', () => {
    const database = open();
    const save = database.prepare(statements.save);
    save.run(...rowValues({ ...row, id: '9', appliedOrder: 2 }), 0);
    save.run(...rowValues({ ...row, id: '10', appliedOrder: 1 }), 0);
    const rows = database.prepare(statements.read).all();
    expect(rows.map((found) => [toEntry(found).id, found['layout']])).toEqual([
      ['10', LAYOUT],
      ['9', LAYOUT],
    ]);
  });

  test('entries are read even when the row of the lock is gone', () => {
    const database = open();
    database.prepare(statements.save).run(...rowValues(row), 0);
    database.exec('delete from schema_version_lock');
    expect(database.prepare(statements.read).all()).toMatchObject([{ id: '1', layout: null }]);
  });

  test('creating twice changes nothing', () => {
    const database = open();
    database.exec('update schema_version_lock set token = 7');
    for (const statement of statements.create) database.exec(statement);
    expect(database.prepare(statements.readLock).get()).toMatchObject({ token: 7, layout: LAYOUT });
  });

  test('events come back as they were appended, newest first', () => {
    const database = open();
    const first = event(1, LEDGER_START);
    const second = event(2, first.hash);
    for (const line of [first, second]) database.prepare(statements.append).run(...eventValues(line), 0);
    expect(database.prepare(statements.events).all(10).map(toEvent)).toEqual([second, first]);
    expect(database.prepare(statements.lastEvent).get()).toEqual({ seq: 2, hash: second.hash });
  });

  test('a table of any name has its history', () => {
    const odd = historyStatements(sqlite, { table: 'my "history"; --', schema: 'main' });
    const database = new DatabaseSync(':memory:');
    for (const statement of odd.create) database.exec(statement);
    database.prepare(odd.save).run(...rowValues(row), 0);
    expect(database.prepare(odd.read).all()).toHaveLength(1);
  });
});

function event(seq: number, previousHash: string): LedgerEvent {
  const line = { at: 1, runId: 'r', actor: 'me', action: 'applied', id: '1', detail: null };
  return { ...line, seq, previousHash, hash: chainHash(previousHash, line) };
}

describe.each([sqlite, postgres, mysql])('for $name', (dialect) => {
  const made = historyStatements(dialect, { table: 'h', schema: 'app' });

  test('F34 every statement names its tables with their schema', () => {
    for (const statement of [
      ...made.create,
      made.read,
      made.readLock,
      made.load,
      made.save,
      made.append,
      made.lastEvent,
      made.events,
    ]) {
      const names = normalizeSql(statement, dialect).match(/(?<!\.)\bh(?:_event|_lock)?\b(?!\.)/g) ?? [];
      // What is left is the alias of `read`.
      expect(names.filter((name) => name !== 'h')).toEqual([]);
      expect(statement).toMatch(/.app.\../);
    }
  });

  test('every statement is one statement', () => {
    for (const statement of [...made.create, made.read, made.save, made.append]) {
      expect([...splitStatements(statement, dialect)].map(({ text }) => text)).toEqual([statement]);
    }
  });

  test('a row has a value for each column, and the token behind them', () => {
    const placeholders = made.save.match(dialect === postgres ? /\$\d+/g : /\?/g) ?? [];
    expect(rowValues(row)).toHaveLength(ROW_COLUMNS.length);
    expect(placeholders).toHaveLength(ROW_COLUMNS.length + 1);
  });
});

test('F103 names that are too long are refused before anything is made', () => {
  expect(() => historyStatements(postgres, { table: 'a'.repeat(60), schema: null })).toThrow(
    expect.objectContaining({ code: 'CONFIG' }),
  );
  expect(() => historyStatements(sqlite, { table: '', schema: null })).toThrow(
    expect.objectContaining({ code: 'CONFIG' }),
  );
});

describe('what is not as Detent writes it', () => {
  const raw = (change: Record<string, unknown>): Record<string, unknown> => {
    const database = open();
    database.prepare(statements.save).run(...rowValues(row), 0);
    return { ...database.prepare(statements.load).get('1'), ...change };
  };

  test.each([
    ['state', 'done'],
    ['state', 'toString'],
    ['kind', null],
    ['id', 7],
    ['applied_order', 'first'],
    ['applied_order', 1.5],
    ['started_at', undefined],
    ['statement_hashes', '{}'],
    ['statement_hashes', '[1]'],
    ['intent', '{"statement": "x"}'],
    ['intent', 'nonsense'],
    ['cursors', '[]'],
    ['checksum', new Uint8Array(2)],
    ['token', 2n ** 70n],
  ])('%s = %s is HISTORY_DAMAGED, named by row and column', (column, value) => {
    expect(() => toRow(raw({ [column]: value }))).toThrow(
      expect.objectContaining({ code: 'HISTORY_DAMAGED', facts: { row: column === 'id' ? '7' : '1', column } }),
    );
  });

  test('big integers may come as digits or bigints', () => {
    expect(toRow(raw({ started_at: '1700000000000', token: 0n }))).toEqual(row);
  });

  test('a newer layout is HISTORY_NEWER, ours and a missing one pass', () => {
    expect(() => checkLayout(LAYOUT + 1, 'h')).toThrow(expect.objectContaining({ code: 'HISTORY_NEWER' }));
    checkLayout(LAYOUT, 'h');
    checkLayout(null, 'h');
    expect(statements.upgrade(LAYOUT)).toEqual([]);
    expect(() => statements.upgrade(LAYOUT + 1)).toThrow(expect.objectContaining({ code: 'HISTORY_NEWER' }));
  });

  test('a table of another tool is HISTORY_FOREIGN and its columns are named', () => {
    expect(() => checkColumns(['version', 'installed_on'], 'schema_version')).toThrow(
      expect.objectContaining({ code: 'HISTORY_FOREIGN', message: expect.stringContaining('version, installed_on') }),
    );
    checkColumns([...ROW_COLUMNS.map(({ name }) => name.toUpperCase()), 'more'], 'schema_version');
  });
});
