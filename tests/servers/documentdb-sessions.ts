import { BSON } from 'bson';
import type { Pool, PoolClient } from 'pg';
import { OK, serialize, valueOf } from './documentdb-bson.ts';
import type { Cursors } from './documentdb-cursors.ts';
import { failed, Refusal, refusalOf } from './documentdb-errors.ts';
import { builders } from './documentdb-builds.ts';
import type { Command } from './documentdb-wire.ts';

export interface Client {
  readonly number: number;
  appName: string | null;
}

interface Transaction {
  readonly connection: PoolClient;
  readonly appName: string | null;
  readonly session: string;
  readonly expiry: NodeJS.Timeout;
}

export interface Running {
  readonly appName: string | null;
  readonly session: string | null;
  readonly command: Command;
  /** The process of PostgreSQL. */
  readonly process: number;
}

/** What is known of all clients. */
export interface Gateway {
  readonly pool: Pool;
  readonly isStandalone: boolean;
  /** By session and number. */
  readonly transactions: Map<string, Transaction>;
  readonly cursors: Cursors;
  readonly running: Map<number, Running>;
  nextNumber: number;
}

/** MongoDB does not wait for what another transaction has locked. */
const LOCK_WAIT_MS = 20;

/** A transaction of a client that is gone stands so long, as on MongoDB. */
const LIFETIME_MS = 60_000;

export async function runInTransaction(
  { gateway, client, command, session }: { gateway: Gateway; client: Client; command: Command; session: string },
  execute: (connection: PoolClient) => Promise<Buffer>,
): Promise<Buffer> {
  if (gateway.isStandalone)
    throw new Refusal(20, 'IllegalOperation', 'Transaction numbers are only allowed on a replica set member or mongos');
  const { transactions } = gateway;
  const key = `${session}:${String(valueOf(command.elements.get('txnNumber')))}`;
  if (valueOf(command.elements.get('startTransaction')) === true) {
    const connection = await gateway.pool.connect();
    await connection.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = ${LOCK_WAIT_MS}`);
    const expiry = setTimeout(() => void killSession(gateway, session), LIFETIME_MS).unref();
    transactions.set(key, { connection, appName: client.appName, session, expiry });
  }
  const transaction = transactions.get(key);
  if (transaction === undefined) {
    if (command.name === 'abortTransaction') return OK;
    throw new Refusal(251, 'NoSuchTransaction', 'The transaction is gone.', ['TransientTransactionError']);
  }
  const { connection } = transaction;
  const end = async (word: 'COMMIT' | 'ROLLBACK'): Promise<void> => {
    transactions.delete(key);
    clearTimeout(transaction.expiry);
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
    return await tracked(gateway, { client, command, session, connection }, () => execute(connection));
  } catch (error) {
    if (transactions.has(key)) await end('ROLLBACK').catch(() => undefined);
    return failed(refusalOf(error, true));
  }
}

/** Keeps the operation in sight of `$currentOp` while it runs. */
export async function tracked(
  gateway: Gateway,
  of: { client: Client; command: Command; session: string | null; connection: PoolClient },
  work: () => Promise<Buffer>,
): Promise<Buffer> {
  const number = gateway.nextNumber++;
  const { client, command, session, connection } = of;
  const { processID } = connection as unknown as { readonly processID: number };
  gateway.running.set(number, { appName: client.appName, session, command, process: processID });
  try {
    return await work();
  } finally {
    gateway.running.delete(number);
  }
}

export function isStage(stage: unknown, name: string): boolean {
  return typeof stage === 'object' && stage !== null && name in stage;
}

export async function killSession(gateway: Gateway, session: string): Promise<void> {
  for (const operation of gateway.running.values())
    if (operation.session === session) await gateway.pool.query('SELECT pg_cancel_backend($1)', [operation.process]);
  for (const [key, transaction] of gateway.transactions) if (transaction.session === session) await abort(gateway, key);
}

async function abort({ transactions }: Gateway, key: string): Promise<void> {
  const transaction = transactions.get(key);
  if (transaction === undefined) return;
  transactions.delete(key);
  clearTimeout(transaction.expiry);
  await transaction.connection.query('ROLLBACK').catch(() => undefined);
  transaction.connection.release();
}

/** `match`: a stage of plain equality. */
export async function currentOp(gateway: Gateway, match: unknown): Promise<Buffer> {
  const binary = (session: string | null): unknown =>
    session === null ? undefined : { id: new BSON.Binary(Buffer.from(session, 'hex'), 4) };
  const active = [...gateway.running].map(([opid, { appName, session, command }]) => {
    return { type: 'op', active: true, opid, appName, lsid: binary(session), command: shown(command) };
  });
  const idle = [...gateway.transactions.values()].map(({ appName, session }) => {
    return { type: 'idleSession', active: false, appName, lsid: binary(session), transaction: {} };
  });
  const wanted = isStage(match, '$match') ? (match as { $match: Readonly<Record<string, unknown>> }).$match : {};
  const fits = (operation: Readonly<Record<string, unknown>>): boolean =>
    Object.entries(wanted).every(([path, value]) => at(operation, path) === value);
  const firstBatch = [...active, ...(await builders(gateway)), ...idle].filter(fits);
  return serialize({ cursor: { id: 0n, ns: 'admin.$cmd.aggregate', firstBatch }, ok: 1 });
}

function at(document: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inner, name) => (isStage(inner, name) ? (inner as Record<string, unknown>)[name] : undefined),
      document,
    );
}

/** As far as somebody here looks at it. */
function shown({ name, elements }: Command): Readonly<Record<string, unknown>> {
  const indexes = name === 'createIndexes' ? { indexes: valueOf(elements.get('indexes')) } : {};
  return { [name]: valueOf(elements.get(name)), ...indexes, $db: valueOf(elements.get('$db')) };
}

/** The id of a session in hex. */
export function sessionOf(lsid: unknown): string | null {
  const id = typeof lsid === 'object' && lsid !== null && 'id' in lsid ? lsid.id : null;
  return id instanceof BSON.Binary ? Buffer.from(id.buffer.subarray(0, id.position)).toString('hex') : null;
}
