import { createHash } from 'node:crypto';
import type { ConformanceTarget, Damage, TestDatabase } from '@detent/conformance';
import {
  createPostgresDatabase,
  postgresServer,
  type PostgresDatabase,
  type PostgresMajor,
} from '@detent/tests/servers/postgres';
import { postgres, type PgClient } from './index.ts';

/** What the conformance kit knows of PostgreSQL of one version. */
export function targetOn(major: PostgresMajor): ConformanceTarget<PgClient> {
  return {
    module: import.meta.url,
    adapter: (url) => postgres({ url }),
    createDatabase: async () => {
      const server = await postgresServer(major);
      if (server === null) throw new Error(`There is no PostgreSQL ${major} here.`);
      return testDatabase(await createPostgresDatabase(server));
    },
    language: {
      extension: '.sql',
      createTable: (table) => `CREATE TABLE ${table} (id bigint PRIMARY KEY, name text NOT NULL)`,
      dropTable: (table) => `DROP TABLE ${table}`,
      addColumn: (table, column) => `ALTER TABLE ${table} ADD COLUMN ${column} text`,
      dropColumn: (table, column) => `ALTER TABLE ${table} DROP COLUMN ${column}`,
      insert: (table, id, name) => `INSERT INTO ${table} (id, name) VALUES (${id}, '${name}')`,
      remove: (table, id) => `DELETE FROM ${table} WHERE id = ${id}`,
      refused: 'INSERT INTO no_such_table VALUES (1)',
      alone: 'VACUUM',
      commit: 'COMMIT',
      run: async (db, command) => void (await db.query(command)),
      fidelity: [],
      foreignHistories: {
        'of Flyway': [
          'CREATE TABLE schema_version (installed_rank integer PRIMARY KEY, version varchar(50), description varchar(200), type varchar(20), script varchar(1000), checksum integer, success boolean)',
          "INSERT INTO schema_version VALUES (1, '1', 'first', 'SQL', 'V1__first.sql', 123, true)",
        ],
        'of golang-migrate': [
          'CREATE TABLE schema_version (version bigint PRIMARY KEY, dirty boolean)',
          'INSERT INTO schema_version VALUES (1, false)',
        ],
        'of Knex': [
          'CREATE TABLE schema_version (id serial PRIMARY KEY, name text, batch integer, migration_time timestamptz)',
        ],
        'with one column': ['CREATE TABLE schema_version (version text)'],
        'that is a view': ["CREATE VIEW schema_version AS SELECT '1'::text AS version"],
      },
      damages: DAMAGES,
      badUrls: {
        'of another database': { code: 'CONFIG', prepare: () => 'mysql://user:geheim@localhost/app' },
        'with two hosts': { code: 'CONFIG', prepare: () => 'postgres://user:geheim@one,two/app' },
        'F99 with another host behind it': {
          code: 'CONFIG',
          prepare: () => 'postgres://user:geheim@localhost/app?host=169.254.169.254',
        },
        'F99 with a file to read': {
          code: 'CONFIG',
          prepare: () => 'postgres://user:geheim@localhost/app?sslcert=/etc/passwd',
        },
        'F99 with options of the server': {
          code: 'CONFIG',
          prepare: () => 'postgres://user:geheim@localhost/app?options=-c%20role%3Dadmin',
        },
        'F99 with a socket for a host': { code: 'CONFIG', prepare: () => 'postgres://user:geheim@%2Fvar%2Frun/app' },
        'with a mistyped mode': {
          code: 'CONFIG',
          prepare: () => 'postgres://user:geheim@localhost/app?sslmode=requir',
        },
        'with a port that is none': { code: 'CONFIG', prepare: () => 'postgres://user:geheim@localhost:99999/app' },
        'that is not percent-encoded': { code: 'CONFIG', prepare: () => 'postgres://user:ge%heim@localhost/app' },
        'where nobody listens': { code: 'CONNECTION', prepare: () => 'postgres://user:geheim@127.0.0.1:1/app' },
        'of a host that there is not': {
          code: 'CONNECTION',
          prepare: () => 'postgres://user:geheim@no-such-host.invalid/app',
        },
      },
      badScripts: {
        'that ends inside a string': { text: "INSERT INTO t VALUES ('open);\n", code: 'SCRIPT_SYNTAX' },
        'that ends inside a comment': { text: 'CREATE TABLE t (id integer); /* open\n', code: 'SCRIPT_SYNTAX' },
        'that ends inside a quoted name': { text: 'CREATE TABLE "t (id integer);\n', code: 'SCRIPT_SYNTAX' },
        'that ends inside dollar quotes': { text: 'DO $x$ BEGIN NULL; END $y$;\n', code: 'SCRIPT_SYNTAX' },
        'with a command of psql': { text: 'CREATE TABLE t (id integer);\n\\connect other\n', code: 'SCRIPT_SYNTAX' },
        'with data for COPY': { text: 'COPY t FROM stdin;\n1\n\\.\n', code: 'SCRIPT_SYNTAX' },
        'with an unknown directive': { text: '-- detent:transactoin none\nSELECT 1;\n', code: 'SCRIPT_DIRECTIVE' },
        'with a directive of a wrong value': {
          text: '-- detent:transaction never\nSELECT 1;\n',
          code: 'SCRIPT_DIRECTIVE',
        },
        'with two ways up': { text: '-- detent:up\nSELECT 1;\n-- detent:up\nSELECT 2;\n', code: 'SCRIPT_DIRECTIVE' },
        'that ends the transaction': {
          text: 'CREATE TABLE t (id integer);\nCOMMIT;\nCREATE TABLE u (id integer);\n',
          code: 'TRANSACTION_UNFIT',
        },
        'that rolls back': { text: 'CREATE TABLE t (id integer);\nROLLBACK;\n', code: 'TRANSACTION_UNFIT' },
      },
    },
    gaps: [],
  };
}

const set = (column: string, value: string): readonly string[] => [`UPDATE schema_version SET ${column} = ${value}`];

const DAMAGES: readonly Damage[] = [
  { name: 'a state that does not exist', commands: set('state', "'finished'"), code: 'HISTORY_DAMAGED' },
  { name: 'a kind that does not exist', commands: set('kind', "'weekly'"), code: 'HISTORY_DAMAGED' },
  {
    name: 'an order that is no number',
    commands: ['ALTER TABLE schema_version ALTER applied_order TYPE text', ...set('applied_order', "'first'")],
    code: 'HISTORY_DAMAGED',
  },
  { name: 'a newer layout', commands: ['UPDATE schema_version_lock SET layout = 99'], code: 'HISTORY_NEWER' },
  {
    name: 'a column that is gone',
    commands: ['ALTER TABLE schema_version DROP COLUMN checksum'],
    code: 'HISTORY_FOREIGN',
  },
];

/** For the processes that the kit starts, which get the address of their database from it. */
export const target: ConformanceTarget<PgClient> = targetOn('18');

function testDatabase(database: PostgresDatabase): TestDatabase {
  return {
    url: database.url,
    query: async (...commands) => void (await database.query(...commands)),
    digest: async () => (await digestOf(database, "c.relname NOT LIKE 'schema!_version%' ESCAPE '!'")) ?? '',
    bookkeeping: () => digestOf(database, "c.relname LIKE 'schema!_version%' ESCAPE '!'"),
    drop: () => database.drop(),
  };
}

/** Columns, indexes, constraints and every row of the tables and views that fit; `null` when nothing does. */
async function digestOf(database: PostgresDatabase, condition: string): Promise<string | null> {
  const hash = createHash('sha256');
  const relations = await database.query(
    `SELECT c.relname, c.relkind, pg_get_viewdef(c.oid) AS view,
      (SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)), ',' ORDER BY a.attnum)
       FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
      (SELECT string_agg(pg_get_indexdef(i.indexrelid) || i.indisvalid, ',' ORDER BY pg_get_indexdef(i.indexrelid)) FROM pg_index i WHERE i.indrelid = c.oid) AS indexes,
      (SELECT string_agg(o.conname || pg_get_constraintdef(o.oid), ',' ORDER BY o.conname) FROM pg_constraint o WHERE o.conrelid = c.oid) AS constraints
     FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND ${condition}
     ORDER BY c.relname`,
  );
  for (const relation of relations) {
    hash.update(JSON.stringify(relation));
    if (relation['relkind'] === 'v') continue;
    const name = `public."${String(relation['relname']).replaceAll('"', '""')}"`;
    for (const { line } of await database.query(`SELECT row(t.*)::text AS line FROM ${name} t ORDER BY 1`))
      hash.update(`\n${String(line)}`);
  }
  return relations.length === 0 ? null : hash.digest('hex');
}
