import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { splitStatements, sqlite } from './index.ts';

const folder = join(import.meta.dirname, 'corpus');
const scripts = readdirSync(folder)
  .toSorted()
  .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));

type Splitter = (text: string) => readonly string[];

const ours: Splitter = (text) => [...splitStatements(text, sqlite)].map((statement) => statement.text);
const naive: Splitter = (text) => text.split(';').filter((part) => part.trim() !== '');

/** Schema and rows, after the whole text was run at once by SQLite's own reading of it. */
function whole(text: string): string {
  const database = new DatabaseSync(':memory:');
  database.exec(text);
  return stateOf(database);
}

/** The same after each statement was prepared by itself; what stands behind the first in a text would not run. */
function oneByOne(text: string, split: Splitter): string {
  const database = new DatabaseSync(':memory:');
  try {
    for (const statement of split(text)) database.prepare(statement).all();
  } catch (error) {
    return String(error);
  }
  return stateOf(database);
}

function stateOf(database: DatabaseSync): string {
  const schema = database
    .prepare(
      'SELECT type, name, tbl_name, sql FROM sqlite_schema UNION ALL SELECT type, name, tbl_name, sql FROM temp.sqlite_schema',
    )
    .all();
  const tables = schema.filter(({ type, sql }) => type === 'table' && sql !== null);
  const rows = tables.map(({ name }) => {
    const statement = database.prepare(`SELECT * FROM "${String(name).replaceAll('"', '""')}"`);
    statement.setReadBigInts(true);
    return statement.all();
  });
  return JSON.stringify([schema, rows], (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value), 1);
}

const variants: readonly (readonly [string, (text: string) => string])[] = [
  ['as written', (text) => text],
  ['with CRLF', (text) => text.replaceAll('\n', '\r\n')],
  ['with a byte order mark', (text) => `\uFEFF${text}`],
];

describe.each(scripts)('$name', ({ text }) => {
  test.each(variants)('split and run one by one is the same as run whole, %s', (_, change) => {
    const changed = change(text);
    expect(oneByOne(changed, ours)).toBe(whole(changed.replace(/^\uFEFF/, '')));
  });
});

test('the corpus has at least 60 scripts and catches a splitter that only looks for semicolons', () => {
  const caught = scripts.filter(({ text }) => oneByOne(text, naive) !== whole(text));
  expect(scripts.length).toBeGreaterThanOrEqual(60);
  expect(caught.length).toBeGreaterThanOrEqual(40);
});

test.each(scripts)('F64 SQLite finds every statement of $name complete', ({ text }) => {
  for (const statement of splitStatements(text, sqlite)) {
    const database = new DatabaseSync(':memory:');
    // Tables may be missing here; a statement that lacks its end is another error, found before.
    const complaint = (sql: string): string => {
      try {
        database.prepare(sql);
        return '';
      } catch (error) {
        return String(error);
      }
    };
    expect(complaint(statement.text)).not.toMatch(/incomplete input|unrecognized token/);
  }
});
