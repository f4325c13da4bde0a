import { BSON } from 'bson';
import type { PoolClient } from 'pg';
import { documentOf, elementsOf, OK, serialize, valueOf } from './documentdb-bson.ts';
import { withBuilds } from './documentdb-builds.ts';
import type { Cursor } from './documentdb-cursors.ts';
import { failed, Refusal, writeCode } from './documentdb-errors.ts';
import {
  currentOp,
  isStage,
  killSession,
  runInTransaction,
  sessionOf,
  tracked,
  type Client,
  type Gateway,
} from './documentdb-sessions.ts';
import type { Command } from './documentdb-wire.ts';

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
  'includeBuildUUIDs',
]);

export async function runCommand(gateway: Gateway, client: Client, command: Command): Promise<Buffer> {
  const field = (name: string): unknown => valueOf(command.elements.get(name));
  const own = await answerByItself(gateway, command, field);
  if (own !== null) return own;
  const session = sessionOf(field('lsid'));
  const inTransaction = field('autocommit') === false;
  const cursor = command.name === 'getMore' ? gateway.cursors.take(String(field('getMore'))) : undefined;
  if (inTransaction)
    return runInTransaction({ gateway, client, command, session: session ?? '' }, (connection) =>
      execute(gateway, connection, command, cursor),
    );
  if (command.name === 'commitTransaction' || command.name === 'abortTransaction') return OK;
  const connection = cursor?.connection ?? (await gateway.pool.connect());
  const maxTimeMs = Number(field('maxTimeMS') ?? 0);
  try {
    return await tracked(gateway, { client, command, session, connection }, async () => {
      if (maxTimeMs === 0) return execute(gateway, connection, command, cursor);
      await connection.query(`BEGIN; SET LOCAL statement_timeout = ${Math.max(1, Math.round(maxTimeMs))}`);
      try {
        return await execute(gateway, connection, command, cursor);
      } finally {
        await connection.query('COMMIT');
      }
    });
  } catch (error) {
    return failed(error);
  } finally {
    if (!gateway.cursors.hold(connection)) connection.release();
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
    case 'refreshSessions':
      return OK;
    case 'killCursors':
      for (const id of field('cursors') as readonly unknown[]) gateway.cursors.kill(String(id));
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

/** `cursor`: the one that more is asked of. */
async function execute(
  gateway: Gateway,
  connection: PoolClient,
  command: Command,
  cursor: Cursor | undefined,
): Promise<Buffer> {
  const { name, elements } = command;
  const database = String(valueOf(elements.get('$db')));
  const target = String(valueOf(elements.get(name)));
  const kept = [...elements.values()].filter((element) => !OF_THE_WIRE.has(element.name));
  const spec = documentOf(kept.map(({ bytes }) => bytes));
  const one = async (sql: string, ...values: readonly unknown[]): Promise<Readonly<Record<string, unknown>>> =>
    ((await connection.query(sql, [...values])).rows[0] ?? {}) as Readonly<Record<string, unknown>>;
  const inTransaction = valueOf(elements.get('autocommit')) === false;
  const firstPage = CURSORS[name];
  if (firstPage !== undefined) {
    const row = await one(
      `SELECT cursorpage::bytea AS r, continuation::bytea AS c, persistconnection AS p FROM documentdb_api.${firstPage}($1, $2::bytea, $3)`,
      database,
      spec,
      gateway.nextNumber++,
    );
    const page = continued(gateway, row, row['p'] === true && !inTransaction ? connection : null);
    if (name !== 'listIndexes') return page;
    const tellsApart = valueOf(elements.get('includeBuildUUIDs')) === true;
    return withBuilds(gateway, { database, collection: target, tellsApart }, page);
  }
  const sql = FUNCTIONS[name];
  if (sql !== undefined) return withMongoCodes(bytesOf(await one(sql, database, spec)), inTransaction);
  switch (name) {
    case 'getMore': {
      if (cursor === undefined) throw new Refusal(43, 'CursorNotFound', 'cursor id not found');
      const more = 'documentdb_api.cursor_get_more($1, $2::bytea, $3::bytea)';
      const row = await one(
        `SELECT cursorpage::bytea AS r, continuation::bytea AS c FROM ${more}`,
        database,
        spec,
        cursor.place,
      );
      return continued(gateway, row, cursor.connection);
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
function continued(gateway: Gateway, row: Readonly<Record<string, unknown>>, connection: Cursor['connection']): Buffer {
  const page = bytesOf(row);
  const cursor = elementsOf(page).find(({ name }) => name === 'cursor');
  const id = cursor === undefined ? null : valueOf(elementsOf(cursor.value).find(({ name }) => name === 'id'));
  const place = row['c'];
  if (Buffer.isBuffer(place) && String(id) !== '0') gateway.cursors.keep(String(id), { place, connection });
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
