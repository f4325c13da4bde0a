import { BSON } from 'bson';
import type { Pool, PoolClient } from 'pg';
import { documentOf, elementsOf, serialize, valueOf } from './documentdb-bson.ts';
import { failed, refusalOf, Refusal, writeCode } from './documentdb-errors.ts';
import type { Command } from './documentdb-wire.ts';

export interface Client {
  readonly number: number;
  appName: string | null;
}

interface Transaction {
  readonly connection: PoolClient;
  readonly appName: string | null;
  readonly session: string;
  running: number | null;
}

interface Running {
  readonly appName: string | null;
  readonly session: string | null;
  readonly name: string;
  /** The process of PostgreSQL. */
  readonly process: number;
}

/** What is known of all clients. */
export interface Gateway {
  readonly pool: Pool;
  readonly isStandalone: boolean;
  /** By session and number. */
  readonly transactions: Map<string, Transaction>;
  /** Where a cursor goes on, by its id. */
  readonly cursors: Map<string, Buffer>;
  readonly running: Map<number, Running>;
  nextNumber: number;
}

/** What the engine is not told. */
const OF_THE_WIRE: ReadonlySet<string> = new Set([
  'lsid',
  '$db',
  '$clusterTime',
  'txnNumber',
  'startTransaction',
  'autocommit',
  'readConcern',
  'writeConcern',
  '$readPreference',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
  'maxTimeMS',
  'comment',
]);

const OK: Buffer = serialize({ ok: 1 });
/** MongoDB does not wait for what another transaction has locked. */
const LOCK_WAIT_MS = 20;

export async function runCommand(gateway: Gateway, client: Client, command: Command): Promise<Buffer> {
  const field = (name: string): unknown => valueOf(command.elements.get(name));
  const own = await answerByItself(gateway, command, field);
  if (own !== null) return own;
  const session = sessionOf(field('lsid'));
  const inTransaction = field('autocommit') === false;
  if (inTransaction) return runInTransaction(gateway, client, command, session ?? '');
  if (command.name === 'commitTransaction' || command.name === 'abortTransaction') return OK;
  const connection = await gateway.pool.connect();
  const maxTimeMs = Number(field('maxTimeMS') ?? 0);
  try {
    return await tracked(gateway, { client, command, session, connection }, async () => {
      if (maxTimeMs === 0) return execute(gateway, connection, command);
      await connection.query(`BEGIN; SET LOCAL statement_timeout = ${Math.max(1, Math.round(maxTimeMs))}`);
      try {
        return await execute(gateway, connection, command);
      } finally {
        await connection.query('COMMIT');
      }
    });
  } catch (error) {
    return failed(error);
  } finally {
    connection.release();
  }
}

async function runInTransaction(gateway: Gateway, client: Client, command: Command, session: string): Promise<Buffer> {
  if (gateway.isStandalone)
    throw new Refusal(20, 'IllegalOperation', 'Transaction numbers are only allowed on a replica set member or mongos');
  const { transactions } = gateway;
  const key = `${session}:${String(valueOf(command.elements.get('txnNumber')))}`;
  if (valueOf(command.elements.get('startTransaction')) === true) {
    const connection = await gateway.pool.connect();
    await connection.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = ${LOCK_WAIT_MS}`);
    transactions.set(key, { connection, appName: client.appName, session, running: null });
  }
  const transaction = transactions.get(key);
  if (transaction === undefined) {
    if (command.name === 'abortTransaction') return OK;
    throw new Refusal(251, 'NoSuchTransaction', 'The transaction is gone.', ['TransientTransactionError']);
  }
  const { connection } = transaction;
  const end = async (word: 'COMMIT' | 'ROLLBACK'): Promise<void> => {
    transactions.delete(key);
    try {
      await connection.query(word);
    } finally {
      connection.release();
    }
  };
  try {
    if (command.name === 'commitTransaction' || command.name === 'abortTransaction') {
      await end(command.name === 'commitTransaction' ? 'COMMIT' : 'ROLLBACK');
      return OK;
    }
    return await tracked(gateway, { client, command, session, connection }, () =>
      execute(gateway, connection, command),
    );
  } catch (error) {
    if (transactions.has(key)) await end('ROLLBACK').catch(() => undefined);
    return failed(refusalOf(error, true));
  }
}

/** Keeps the operation in sight of `$currentOp` while it runs. */
async function tracked(
  gateway: Gateway,
  of: { client: Client; command: Command; session: string | null; connection: PoolClient },
  work: () => Promise<Buffer>,
): Promise<Buffer> {
  const number = gateway.nextNumber++;
  const { client, command, session, connection } = of;
  const { processID } = connection as unknown as { readonly processID: number };
  gateway.running.set(number, { appName: client.appName, session, name: command.name, process: processID });
  try {
    return await work();
  } finally {
    gateway.running.delete(number);
  }
}

async function answerByItself(
  gateway: Gateway,
  command: Command,
  field: (name: string) => unknown,
): Promise<Buffer | null> {
  switch (command.name) {
    case 'ping':
    case 'endSessions':
    case 'killCursors':
    case 'refreshSessions':
      return OK;
    case 'buildInfo':
    case 'buildinfo':
      return serialize({ version: '8.0.0', versionArray: [8, 0, 0, 0], ok: 1 });
    case 'killSessions': {
      for (const item of field('killSessions') as readonly unknown[]) await killSession(gateway, sessionOf(item) ?? '');
      return OK;
    }
    case 'killOp': {
      const operation = gateway.running.get(Number(field('op')));
      if (operation !== undefined) await gateway.pool.query('SELECT pg_cancel_backend($1)', [operation.process]);
      return OK;
    }
    case 'aggregate': {
      const pipeline = field('pipeline');
      return Array.isArray(pipeline) && isStage(pipeline[0], '$currentOp') ? currentOp(gateway, pipeline[1]) : null;
    }
    default:
      return null;
  }
}

function isStage(stage: unknown, name: string): boolean {
  return typeof stage === 'object' && stage !== null && name in stage;
}

async function killSession(gateway: Gateway, session: string): Promise<void> {
  for (const operation of gateway.running.values())
    if (operation.session === session) await gateway.pool.query('SELECT pg_cancel_backend($1)', [operation.process]);
  for (const [key, transaction] of gateway.transactions) {
    if (transaction.session !== session) continue;
    gateway.transactions.delete(key);
    await transaction.connection.query('ROLLBACK').catch(() => undefined);
    transaction.connection.release();
  }
}

/** `match`: a stage of plain equality. */
function currentOp(gateway: Gateway, match: unknown): Buffer {
  const binary = (session: string | null): unknown =>
    session === null ? undefined : { id: new BSON.Binary(Buffer.from(session, 'hex'), 4) };
  const active = [...gateway.running].map(([opid, { appName, session, name }]) => {
    return { type: 'op', active: true, opid, appName, lsid: binary(session), command: { [name]: 1 } };
  });
  const idle = [...gateway.transactions.values()].map(({ appName, session }) => {
    return { type: 'idleSession', active: false, appName, lsid: binary(session), transaction: {} };
  });
  const wanted = isStage(match, '$match') ? (match as { $match: Readonly<Record<string, unknown>> }).$match : {};
  const fits = (operation: Readonly<Record<string, unknown>>): boolean =>
    Object.entries(wanted).every(([name, value]) => operation[name] === value);
  const firstBatch = [...active, ...idle].filter(fits);
  return serialize({ cursor: { id: 0n, ns: 'admin.$cmd.aggregate', firstBatch }, ok: 1 });
}

/** The id of a session in hex. */
function sessionOf(lsid: unknown): string | null {
  const id = typeof lsid === 'object' && lsid !== null && 'id' in lsid ? lsid.id : null;
  return id instanceof BSON.Binary ? Buffer.from(id.buffer.subarray(0, id.position)).toString('hex') : null;
}

const CURSORS: Readonly<Record<string, string>> = {
  find: 'find_cursor_first_page',
  aggregate: 'aggregate_cursor_first_page',
  listCollections: 'list_collections_cursor_first_page',
  listIndexes: 'list_indexes_cursor_first_page',
};

/** One function of the engine for each command; `$2` is the whole command. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  insert: 'SELECT p_result::bytea AS r FROM documentdb_api.insert($1, $2::bytea)',
  update: 'SELECT p_result::bytea AS r FROM documentdb_api.update($1, $2::bytea)',
  delete: 'SELECT p_result::bytea AS r FROM documentdb_api.delete($1, $2::bytea)',
  findAndModify: 'SELECT p_result::bytea AS r FROM documentdb_api.find_and_modify($1, $2::bytea)',
  count: 'SELECT document::bytea AS r FROM documentdb_api.count_query($1, $2::bytea)',
  distinct: 'SELECT document::bytea AS r FROM documentdb_api.distinct_query($1, $2::bytea)',
  create: 'SELECT documentdb_api.create_collection_view($1, $2::bytea)::bytea AS r',
  createIndexes: 'SELECT documentdb_api_internal.create_indexes_non_concurrently($1, $2::bytea, true)::bytea AS r',
  validate: 'SELECT document::bytea AS r FROM documentdb_api.validate($1, $2::bytea)',
};

async function execute(gateway: Gateway, connection: PoolClient, command: Command): Promise<Buffer> {
  const { name, elements } = command;
  const database = String(valueOf(elements.get('$db')));
  const target = String(valueOf(elements.get(name)));
  const kept = [...elements.values()].filter((element) => !OF_THE_WIRE.has(element.name));
  const spec = documentOf(kept.map(({ bytes }) => bytes));
  const one = async (sql: string, ...values: readonly unknown[]): Promise<Readonly<Record<string, unknown>>> =>
    ((await connection.query(sql, [...values])).rows[0] ?? {}) as Readonly<Record<string, unknown>>;
  const cursor = CURSORS[name];
  if (cursor !== undefined) {
    const row = await one(
      `SELECT cursorpage::bytea AS r, continuation::bytea AS c FROM documentdb_api.${cursor}($1, $2::bytea, $3)`,
      database,
      spec,
      gateway.nextNumber++,
    );
    return continued(gateway, row);
  }
  const sql = FUNCTIONS[name];
  if (sql !== undefined)
    return withMongoCodes(bytesOf(await one(sql, database, spec)), valueOf(elements.get('autocommit')) === false);
  switch (name) {
    case 'getMore': {
      const id = String(valueOf(elements.get('getMore')));
      const place = gateway.cursors.get(id);
      if (place === undefined) throw new Refusal(43, 'CursorNotFound', `cursor id ${id} not found`);
      gateway.cursors.delete(id);
      const more = 'documentdb_api.cursor_get_more($1, $2::bytea, $3::bytea)';
      const row = await one(
        `SELECT cursorpage::bytea AS r, continuation::bytea AS c FROM ${more}`,
        database,
        spec,
        place,
      );
      return continued(gateway, row);
    }
    case 'collMod':
      return bytesOf(
        await one('SELECT documentdb_api.coll_mod($1, $2, $3::bytea)::bytea AS r', database, target, spec),
      );
    case 'dropIndexes': {
      const row = await one('CALL documentdb_api.drop_indexes($1, $2::bytea)', database, spec);
      return Buffer.from(String(row['retval']).replace(/^BSONHEX/, ''), 'hex');
    }
    case 'drop': {
      const row = await one('SELECT documentdb_api.drop_collection($1, $2) AS r', database, target);
      if (row['r'] !== true) throw new Refusal(26, 'NamespaceNotFound', 'ns not found');
      return serialize({ ok: 1, ns: `${database}.${target}` });
    }
    case 'dropDatabase':
      await one('SELECT documentdb_api.drop_database($1)', database);
      return serialize({ ok: 1, dropped: database });
    case 'renameCollection':
      await one('SELECT documentdb_api.rename_collection($1::bytea::documentdb_core.bson)', spec);
      return OK;
    case 'listDatabases':
      return bytesOf(
        await one('SELECT documentdb_api.list_databases($1::bytea::documentdb_core.bson)::bytea AS r', spec),
      );
    case 'dbStats':
      return bytesOf(await one('SELECT documentdb_api.db_stats($1)::bytea AS r', database));
    case 'collStats':
      return bytesOf(await one('SELECT documentdb_api.coll_stats($1, $2)::bytea AS r', database, target));
    default:
      throw new Refusal(59, 'CommandNotFound', `no such command: '${name}'`);
  }
}

function bytesOf(row: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.isBuffer(row['r']) ? row['r'] : OK;
}

/** Remembers where a page's cursor goes on. */
function continued(gateway: Gateway, row: Readonly<Record<string, unknown>>): Buffer {
  const page = bytesOf(row);
  const cursor = elementsOf(page).find(({ name }) => name === 'cursor');
  const id = cursor === undefined ? null : valueOf(elementsOf(cursor.value).find(({ name }) => name === 'id'));
  const place = row['c'];
  if (Buffer.isBuffer(place) && String(id) !== '0') gateway.cursors.set(String(id), place);
  return page;
}

function withMongoCodes(answer: Buffer, inTransaction: boolean): Buffer {
  if (!elementsOf(answer).some(({ name }) => name === 'writeErrors')) return answer;
  const document = BSON.deserialize(answer) as { writeErrors: { code: number; errmsg: string }[] };
  const writeErrors = document.writeErrors.map((error) => ({
    ...error,
    code: writeCode(error.code, error.errmsg, inTransaction),
  }));
  return serialize({ ...document, writeErrors });
}
