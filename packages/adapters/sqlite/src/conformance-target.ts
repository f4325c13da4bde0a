import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ConformanceTarget, Damage, TestDatabase } from '@detent/conformance';
import { sqlite, type SqliteDatabase } from './index.ts';

/** What the conformance kit knows of SQLite. It kills processes, not machines, so no commit needs to wait for the disk. */
export const target: ConformanceTarget<DatabaseSync> = {
  module: import.meta.url,
  adapter: (url) => sqlite({ url, synchronous: 'off' }),
  createDatabase: async () => createDatabase(mkdtempSync(join(tmpdir(), 'detent-conformance-'))),
  language: {
    extension: '.sql',
    createTable: (table) => `CREATE TABLE ${table} (id INTEGER PRIMARY KEY, name TEXT NOT NULL)`,
    dropTable: (table) => `DROP TABLE ${table}`,
    addColumn: (table, column) => `ALTER TABLE ${table} ADD COLUMN ${column} TEXT`,
    dropColumn: (table, column) => `ALTER TABLE ${table} DROP COLUMN ${column}`,
    insert: (table, id, name) => `INSERT INTO ${table} (id, name) VALUES (${id}, '${name}')`,
    remove: (table, id) => `DELETE FROM ${table} WHERE id = ${id}`,
    refused: 'INSERT INTO no_such_table VALUES (1)',
    alone: 'VACUUM',
    commit: 'COMMIT',
    run: (db, command) => db.exec(command),
    fidelity: [
      'CREATE TABLE exact (id INTEGER PRIMARY KEY AUTOINCREMENT, whole INTEGER, broken REAL, words TEXT, bytes BLOB, anything)',
      "INSERT INTO exact VALUES (1, 9223372036854775807, 0.1, 'it''s', x'00ff', NULL), (2, -9223372036854775808, 1e308, '', x'', 1)",
      "INSERT INTO exact VALUES (7, 0, -0.0, 'ä\u{1F600}' || char(0) || 'after', zeroblob(10), '1'), (9, NULL, NULL, NULL, NULL, 1.0)",
      'DELETE FROM exact WHERE id = 9',
      'CREATE TABLE parent (code TEXT PRIMARY KEY COLLATE NOCASE) WITHOUT ROWID, STRICT',
      'CREATE TABLE child (id INTEGER PRIMARY KEY, parent TEXT REFERENCES parent (code) ON DELETE CASCADE, twice INTEGER AS (id * 2) STORED, CHECK (id > 0))',
      "INSERT INTO parent VALUES ('a'), ('b')",
      "INSERT INTO child (id, parent) VALUES (1, 'A'), (2, 'b')",
      'CREATE UNIQUE INDEX child_parent ON child (parent, id DESC) WHERE id > 1',
      'CREATE INDEX exact_lower ON exact (lower(words))',
      'CREATE VIEW pairs AS SELECT p.code, count(*) AS children FROM parent p JOIN child c ON c.parent = p.code GROUP BY p.code',
      "CREATE TRIGGER no_c BEFORE INSERT ON parent WHEN new.code = 'c' BEGIN SELECT raise(ABORT, 'no; c'); END",
      'CREATE TABLE "odd ""name"" ; --" ("a b" TEXT DEFAULT \'x;y\', "select" INTEGER)',
      'INSERT INTO "odd ""name"" ; --" VALUES (\'1\', 2)',
      'CREATE VIRTUAL TABLE found USING fts5 (words)',
      "INSERT INTO found VALUES ('the quick brown fox'), ('a lazy dog')",
    ],
    foreignHistories: {
      'of Flyway': [
        'CREATE TABLE schema_version (installed_rank INTEGER PRIMARY KEY, version TEXT, description TEXT, type TEXT, script TEXT, checksum INTEGER, success INTEGER)',
        "INSERT INTO schema_version VALUES (1, '1', 'first', 'SQL', 'V1__first.sql', 123, 1)",
      ],
      'of golang-migrate': [
        'CREATE TABLE schema_version (version INTEGER, dirty INTEGER)',
        'INSERT INTO schema_version VALUES (1, 0)',
      ],
      'of Knex': [
        'CREATE TABLE schema_version (id INTEGER PRIMARY KEY, name TEXT, batch INTEGER, migration_time TEXT)',
      ],
      'with one column': ['CREATE TABLE schema_version (version TEXT)'],
      'that is a view': ["CREATE VIEW schema_version AS SELECT '1' AS version"],
    },
    damages: damages(),
    badUrls: {
      'of another database': { code: 'CONFIG', prepare: () => 'postgres://user:geheim@localhost/app' },
      'with a host': { code: 'CONFIG', prepare: () => 'sqlite://db.example.com/app.db' },
      'with an unknown parameter': { code: 'CONFIG', prepare: () => 'sqlite:app.db?jornalMode=wal' },
      'with a parameter of SQLite that skips checks': { code: 'CONFIG', prepare: () => 'file:app.db?vfs=unix-none' },
      'with a wrong value': { code: 'CONFIG', prepare: () => 'sqlite:app.db?journalMode=fast' },
      'that names no file': { code: 'CONFIG', prepare: () => 'sqlite:' },
      'with a NUL': { code: 'CONFIG', prepare: () => 'a\0.db' },
      'that is not percent-encoded': { code: 'CONFIG', prepare: () => 'sqlite:a%ZZ.db' },
      'in a folder that is not there': { code: 'CONNECTION', prepare: (folder) => join(folder, 'gone', 'app.db') },
      'that is a folder': { code: 'CONNECTION', prepare: (folder) => folder },
      'below a file': { code: 'CONNECTION', prepare: (folder) => join(written(folder, 'file', 'x'), 'app.db') },
      'of a file that is no database': {
        code: 'CONNECTION',
        prepare: (folder) =>
          written(folder, 'text.db', 'this is not a database, and long enough to be read as a page\n'.repeat(20)),
      },
      'that is a link to nothing': {
        code: 'CONNECTION',
        prepare: (folder) => linked(join(folder, 'gone', 'app.db'), join(folder, 'link.db')),
      },
      'of a device': { code: 'CONNECTION', prepare: () => '/dev/null' },
    },
    badScripts: {
      'that ends inside a string': { text: "INSERT INTO t VALUES ('open);\n", code: 'SCRIPT_SYNTAX' },
      'that ends inside a comment': { text: 'CREATE TABLE t (id INTEGER); /* open\n', code: 'SCRIPT_SYNTAX' },
      'that ends inside a quoted name': { text: 'CREATE TABLE "t (id INTEGER);\n', code: 'SCRIPT_SYNTAX' },
      'with a trigger that does not end': {
        text: 'CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1;\n',
        code: 'SCRIPT_SYNTAX',
      },
      'with an unknown directive': { text: '-- detent:transactoin none\nSELECT 1;\n', code: 'SCRIPT_DIRECTIVE' },
      'with a directive of a wrong value': {
        text: '-- detent:transaction never\nSELECT 1;\n',
        code: 'SCRIPT_DIRECTIVE',
      },
      'with two ways up': { text: '-- detent:up\nSELECT 1;\n-- detent:up\nSELECT 2;\n', code: 'SCRIPT_DIRECTIVE' },
      'with a statement before its parts': { text: 'SELECT 1;\n-- detent:up\nSELECT 2;\n', code: 'SCRIPT_DIRECTIVE' },
      'with two transaction modes': {
        text: '-- detent:transaction none\n-- detent:transaction each\nSELECT 1;\n',
        code: 'SCRIPT_DIRECTIVE',
      },
      'with a timeout that is no time': { text: '-- detent:timeout lock=soon\nSELECT 1;\n', code: 'SCRIPT_DIRECTIVE' },
      'with an unknown kind of destruction': {
        text: '-- detent:allow drop-everything\nSELECT 1;\n',
        code: 'SCRIPT_DIRECTIVE',
      },
      'with an unknown word of goose': { text: '-- +goose Upp\nSELECT 1;\n', code: 'SCRIPT_DIRECTIVE' },
      'with an unknown option of dbmate': {
        text: '-- migrate:up transactoin:false\nSELECT 1;\n',
        code: 'SCRIPT_DIRECTIVE',
      },
      'that begins a transaction': { text: 'BEGIN;\nCREATE TABLE t (id INTEGER);\n', code: 'TRANSACTION_UNFIT' },
      'that ends the transaction': {
        text: 'CREATE TABLE t (id INTEGER);\nCOMMIT;\nCREATE TABLE u (id INTEGER);\n',
        code: 'TRANSACTION_UNFIT',
      },
      'that rolls back': { text: 'CREATE TABLE t (id INTEGER);\nROLLBACK;\n', code: 'TRANSACTION_UNFIT' },
    },
  },
  gaps: [
    {
      name: 'backup of a database in memory',
      why: 'It is gone with its process, so there is nothing to put a backup back into.',
      url: ':memory:',
      options: { rollback: 'backup' },
      refused: 'BACKUP_UNFIT',
    },
    {
      name: 'a schema for the history',
      why: 'A SQLite database has no schemas to choose from.',
      url: ':memory:',
      options: { schema: 'bookkeeping' },
      refused: 'CONFIG',
    },
  ],
};

/** The same on better-sqlite3. */
export const betterTarget: ConformanceTarget<SqliteDatabase> = {
  ...target,
  adapter: (url) => sqlite({ url, driver: 'better-sqlite3', synchronous: 'off' }),
};

function createDatabase(folder: string): TestDatabase {
  const path = join(folder, 'app.db');
  const look = (read: (db: DatabaseSync) => string | null): string | null => {
    const db = new DatabaseSync(existsSync(path) ? path : ':memory:', { readOnly: existsSync(path), timeout: 10_000 });
    try {
      return read(db);
    } finally {
      db.close();
    }
  };
  return {
    url: path,
    async query(...commands) {
      const db = new DatabaseSync(path, { timeout: 10_000, enableForeignKeyConstraints: true });
      try {
        db.exec('PRAGMA synchronous = OFF');
        for (const command of commands) db.exec(command);
      } finally {
        db.close();
      }
    },
    digest: async () =>
      look((db) =>
        digestOf(db, "name NOT LIKE 'schema!_version%' ESCAPE '!' AND tbl_name NOT LIKE 'schema!_version%' ESCAPE '!'"),
      ) ?? '',
    bookkeeping: async () => look((db) => digestOf(db, "tbl_name LIKE 'schema!_version%' ESCAPE '!'")),
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Text of every object and every row of every table that fits; `null` when nothing does. */
function digestOf(db: DatabaseSync, condition: string): string | null {
  const hash = createHash('sha256');
  const objects = db.prepare(`SELECT type, name, sql FROM sqlite_schema WHERE ${condition} ORDER BY type, name`).all();
  for (const { type, name, sql } of objects) {
    hash.update(JSON.stringify([type, name, typeof sql === 'string' ? sql.replaceAll(/\s+/g, ' ') : sql]));
    if (type !== 'table') continue;
    const quoted = `"${String(name).replaceAll('"', '""')}"`;
    const columns = db
      .prepare(`SELECT name FROM pragma_table_xinfo(?)`)
      .all(String(name))
      .map((column) => `quote("${String(column['name']).replaceAll('"', '""')}")`);
    const rows = db.prepare(`SELECT ${columns.join(" || ',' || ")} AS line FROM ${quoted} ORDER BY 1`).all();
    for (const { line } of rows) hash.update(`\n${String(line)}`);
  }
  return objects.length === 0 ? null : hash.digest('hex');
}

function damages(): readonly Damage[] {
  const set = (column: string, value: string): readonly string[] => [`UPDATE schema_version SET ${column} = ${value}`];
  return [
    { name: 'a state that does not exist', commands: set('state', "'finished'"), code: 'HISTORY_DAMAGED' },
    { name: 'a kind that does not exist', commands: set('kind', "'weekly'"), code: 'HISTORY_DAMAGED' },
    { name: 'an order that is no number', commands: set('applied_order', "'first'"), code: 'HISTORY_DAMAGED' },
    { name: 'a number in place of a name', commands: set('name', "x'00'"), code: 'HISTORY_DAMAGED' },
    { name: 'a newer layout', commands: ['UPDATE schema_version_lock SET layout = 99'], code: 'HISTORY_NEWER' },
    {
      name: 'a column that is gone',
      commands: ['ALTER TABLE schema_version DROP COLUMN checksum'],
      code: 'HISTORY_FOREIGN',
    },
  ];
}

function written(folder: string, name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

function linked(to: string, from: string): string {
  symlinkSync(to, from);
  return from;
}
