import type { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { misuse } from '@detent/core';

/** The part of an open `node:sqlite` or `better-sqlite3` database that is called here. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): unknown;
}

/** The part of a prepared statement that both drivers have in common. */
export interface SqliteStatement {
  run(...values: readonly unknown[]): { readonly changes: number | bigint };
  get(...values: readonly unknown[]): unknown;
  all(...values: readonly unknown[]): readonly unknown[];
  iterate(...values: readonly unknown[]): Iterable<unknown>;
}

export type DriverName = 'node:sqlite' | 'better-sqlite3';
export type Row = Readonly<Record<string, unknown>>;

/** One open connection, the same over both drivers. Everything is synchronous except the copy. */
export interface Connection {
  readonly db: SqliteDatabase;
  readonly library: Library;
  /** Absolute path; `null` for a database in memory. */
  readonly path: string | null;
  readonly inTransaction: boolean;
  exec(sql: string): void;
  /** Compiles a statement without running it. */
  check(sql: string): void;
  /** How many rows a statement changed. Prepared once per text. */
  run(sql: string, ...values: readonly unknown[]): number;
  get(sql: string, ...values: readonly unknown[]): Row | undefined;
  all(sql: string, ...values: readonly unknown[]): readonly Row[];
  iterate(sql: string, ...values: readonly unknown[]): Iterable<Row>;
  /** Rows as lists of their values, of a statement that is not kept. */
  lists(sql: string): readonly (readonly unknown[])[];
  /** Rows of a statement that is not kept, integers beyond 2^53 as bigint and never cut. */
  exact(sql: string, values: readonly unknown[]): readonly Row[];
  /** The only column of the only row. */
  value(sql: string, ...values: readonly unknown[]): unknown;
  /** Copies every page over whatever stands at `path`, in one transaction there. */
  copyTo(path: string): Promise<void>;
  close(): void;
}

/**
 * One copy of SQLite in this process. Two different copies must never open the same file: closing one's file handle
 * drops the other's POSIX locks. So every connection to a database comes from the library of the first one.
 */
export interface Library {
  readonly name: DriverName;
  /** Of the driver; Node's own for `node:sqlite`. */
  readonly version: string;
  connect(path: string, options: ConnectOptions): Connection;
}

export interface ConnectOptions {
  readonly readOnly: boolean;
  /** How long SQLite itself waits, blocking this thread. */
  readonly busyTimeoutMs: number;
  /** The file does not change while it is open, so no lock and no journal are needed. `node:sqlite` only. */
  readonly frozen?: boolean;
}

type Constructor = new (path: string | URL, options: Readonly<Record<string, unknown>>) => SqliteDatabase;
type NodeModule = { readonly DatabaseSync: typeof DatabaseSync };

export async function loadLibrary(name: DriverName): Promise<Library> {
  return name === 'node:sqlite' ? nodeLibrary(nodeModule()) : betterLibrary(await loadBetter());
}

/** The library that made a user's own database. Throws `CONFIG` for what is neither driver's. */
export async function libraryOf(database: SqliteDatabase): Promise<Library> {
  const name = driverOf(database);
  if (name === 'node:sqlite') return nodeLibrary(nodeModule());
  return betterLibrary(database.constructor as Constructor);
}

/** Throws `CONFIG` for a database of neither driver, or one that was closed. */
export function driverOf(database: SqliteDatabase): DriverName {
  const name = 'isTransaction' in database ? 'node:sqlite' : 'inTransaction' in database ? 'better-sqlite3' : null;
  if (name === null) {
    throw misuse(
      '`database` is neither a node:sqlite nor a better-sqlite3 database.',
      'Pass an open database of one of them, or `url`.',
    );
  }
  const open = name === 'node:sqlite' ? fact(database, 'isOpen') : fact(database, 'open');
  if (open === false) throw misuse('`database` was closed.', 'Pass it before it is closed, or pass `url`.');
  return name;
}

/** Wraps a user's own open database. */
export function wrap(database: SqliteDatabase, library: Library, path: string | null): Connection {
  const inTransaction = library.name === 'node:sqlite' ? 'isTransaction' : 'inTransaction';
  const prepared = new Map<string, SqliteStatement>();
  const prepare = (sql: string): SqliteStatement => {
    let statement = prepared.get(sql);
    if (statement === undefined) prepared.set(sql, (statement = plain(database.prepare(sql))));
    return statement;
  };
  return {
    db: database,
    library,
    path,
    get inTransaction() {
      return fact(database, inTransaction) === true;
    },
    exec: (sql) => void database.exec(sql),
    check: (sql) => void database.prepare(sql),
    run: (sql, ...values) => Number(prepare(sql).run(...values).changes),
    get: (sql, ...values) => prepare(sql).get(...values) as Row | undefined,
    all: (sql, ...values) => prepare(sql).all(...values) as readonly Row[],
    iterate: (sql, ...values) => prepare(sql).iterate(...values) as Iterable<Row>,
    lists: (sql) => asLists(database.prepare(sql)),
    exact: (sql, values) => exactRows(database.prepare(sql), values),
    value: (sql, ...values) => Object.values((prepare(sql).get(...values) ?? {}) as Row)[0],
    copyTo: (target) => copy(database, library.name, target),
    close: () => void database.close(),
  };
}

/** By its name, without the loader of modules: every start comes by here. */
function nodeModule(): NodeModule {
  const module = process.getBuiltinModule('node:sqlite') as NodeModule | undefined;
  if (module === undefined)
    throw misuse('This Node has no node:sqlite.', "Set driver: 'better-sqlite3', and install it.");
  return module;
}

function nodeLibrary(module: NodeModule): Library {
  const library: Library = {
    name: 'node:sqlite',
    version: process.versions.node,
    connect(path, { readOnly, busyTimeoutMs, frozen = false }) {
      const options = { readOnly, timeout: busyTimeoutMs, enableForeignKeyConstraints: true, defensive: true };
      const place = frozen ? new URL(`${pathToFileURL(path).href}?immutable=1`) : path;
      return wrap(new module.DatabaseSync(place, options), library, fileOf(path));
    },
  };
  return library;
}

function betterLibrary(Database: Constructor): Library {
  const library: Library = {
    name: 'better-sqlite3',
    version: betterVersion,
    connect(path, { readOnly, busyTimeoutMs }) {
      const connection = wrap(
        new Database(path, { readonly: readOnly, timeout: busyTimeoutMs }),
        library,
        fileOf(path),
      );
      connection.exec('PRAGMA foreign_keys = ON');
      return connection;
    },
  };
  return library;
}

let betterVersion = 'unknown version';

async function loadBetter(): Promise<Constructor> {
  try {
    const { default: Database } = await import('better-sqlite3');
    const { default: manifest } = await import('better-sqlite3/package.json', { with: { type: 'json' } });
    betterVersion = manifest.version;
    return Database as unknown as Constructor;
  } catch (cause) {
    if (fact(cause, 'code') !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw misuse(
      'better-sqlite3 is not installed.',
      'Run `npm install better-sqlite3`, or leave `driver` out: Node brings its own SQLite.',
    );
  }
}

const EVERY_PAGE = 0x7fff_ffff;

/** In one step, so that nobody's commit starts it over. */
async function copy(database: SqliteDatabase, name: DriverName, path: string): Promise<void> {
  if (name === 'node:sqlite') {
    const { backup } = await import('node:sqlite');
    await backup(database as never, path, { rate: EVERY_PAGE });
    return;
  }
  const better = database as unknown as { backup(path: string, options: { progress: () => number }): Promise<unknown> };
  await better.backup(path, { progress: () => EVERY_PAGE });
}

/** What one driver or the other lets a statement do; defaults may have been changed on a user's own database. */
type Switches = SqliteStatement & {
  setReadBigInts?(on: boolean): void;
  setReturnArrays?(on: boolean): void;
  safeIntegers?(on: boolean): void;
  raw?(on: boolean): void;
  readonly reader?: boolean;
};

/** Rows as objects, integers as numbers. */
function plain(statement: Switches): SqliteStatement {
  statement.setReturnArrays?.(false);
  statement.setReadBigInts?.(false);
  if (statement.reader === true) statement.safeIntegers?.(false);
  return statement;
}

function asLists(statement: Switches): readonly (readonly unknown[])[] {
  plain(statement);
  if (statement.raw === undefined) statement.setReturnArrays?.(true);
  else statement.raw(true);
  return statement.all() as readonly (readonly unknown[])[];
}

function exactRows(statement: Switches, values: readonly unknown[]): readonly Row[] {
  if (statement.reader === false) {
    statement.run(...values);
    return [];
  }
  statement.setReturnArrays?.(false);
  statement.setReadBigInts?.(true);
  statement.safeIntegers?.(true);
  return (statement.all(...values) as readonly Row[]).map(narrowIntegers);
}

function narrowIntegers(row: Row): Row {
  const narrowed: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(row)) {
    const fits = typeof value === 'bigint' && value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
    narrowed[column] = fits ? Number(value) : value;
  }
  return narrowed;
}

function fileOf(path: string): string | null {
  return path === ':memory:' ? null : path;
}

/** A property that a driver has and the shared type does not. */
function fact(thing: unknown, name: string): unknown {
  return typeof thing === 'object' && thing !== null ? (thing as Record<string, unknown>)[name] : undefined;
}
